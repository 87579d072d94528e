# shellcheck shell=bash
# The environment of each process. A program lists the settings it knows (--print-config) and gets
# those of the ones below that it knows, and nothing else: an unknown CLOUDPOS_* name is fatal to it.
#
# settings.env in the state folder (NAME=value per line) overrides or adds settings.

# all_settings NAME: every setting ./pos can give, for the process or tool called NAME.
all_settings() {
  local name=$1 peer
  printf '%s\n' \
    "CLOUDPOS_ENV=production" \
    "CLOUDPOS_LOG_LEVEL=info" \
    "CLOUDPOS_STATE_DIR=$POS_STATE/run/$name" \
    "CLOUDPOS_REDIS_URL_FILE=$POS_STATE/secrets/redis.url" \
    "CLOUDPOS_TLS_CA_FILE=$POS_STATE/ca/ca.pem" \
    "CLOUDPOS_TLS_CERT_FILE=$POS_STATE/tls/$name/cert.pem" \
    "CLOUDPOS_TLS_KEY_FILE=$POS_STATE/tls/$name/key.pem" \
    "CLOUDPOS_BOOTSTRAP_SECRET_FILE=$POS_STATE/secrets/bootstrap-secret" \
    "CLOUDPOS_SIGNING_KEY_FILE=$POS_STATE/secrets/signing-key.pem" \
    "CLOUDPOS_JOURNAL_KEY_FILE=$POS_STATE/secrets/journal-key.pem" \
    "CLOUDPOS_PASSWORD_PEPPER_FILE=$POS_STATE/secrets/password-pepper" \
    "CLOUDPOS_WEB_ROOT=$POS_STATE/web" \
    "CLOUDPOS_DOCS_ROOT=$(swagger_folder)"
  for peer in $(services rpc); do
    printf 'CLOUDPOS_%s_ADDR=127.0.0.1:%s\n' "${peer^^}" "$(service_port "$peer")"
  done
  case $(service_kind "$name") in
    rpc)
      printf '%s\n' \
        "CLOUDPOS_SERVICE_LISTEN=127.0.0.1:$(service_port "$name")" \
        "CLOUDPOS_METRICS_LISTEN=127.0.0.1:$(metrics_port "$name")" \
        "CLOUDPOS_PG_DSN_FILE=$POS_STATE/secrets/pg/${name}_rw.dsn" \
        "CLOUDPOS_PG_WORKER_DSN_FILE=$POS_STATE/secrets/pg/${name}_worker.dsn"
      ;;
    http)
      printf '%s\n' \
        "CLOUDPOS_HTTP_LISTEN=127.0.0.1:$(service_port "$name")" \
        "CLOUDPOS_METRICS_LISTEN=127.0.0.1:$(metrics_port "$name")"
      ;;
    *) printf 'CLOUDPOS_GATEWAY_URL=%s\n' "$(gateway_url)" ;;
  esac
}

# known_settings NAME: the settings the installed program reads, "NAME default" per line ("required"
# when there is none); asked once per program.
known_settings() {
  local cache=bin/cloudpos-$1.settings table
  as_owner cat "$cache" 2>/dev/null && return
  table=$(as_owner_clean "bin/cloudpos-$1" --print-config) ||
    die "cloudpos-$1 does not print its settings (--print-config)"
  # Rows of the documented table: | `NAME` | `default`, *required* or *empty* | meaning |
  table=$(sed -nE 's/^\| `(CLOUDPOS_[A-Z0-9_]+)` \| [`*]([^`*]*)[`*] \|.*/\1 \2/p' <<<"$table")
  [ -n "$table" ] || die "cloudpos-$1 names no settings"
  put "$cache" <<<"$table"
  printf '%s\n' "$table"
}

# own_settings: the lines of settings.env.
own_settings() {
  as_owner sh -c '[ ! -f settings.env ] || grep -v -e "^#" -e "^[[:space:]]*$" settings.env' || true
}

check_setting_names() {
  local pair
  for pair in "$@"; do
    [[ $pair =~ ^CLOUDPOS_[A-Z0-9_]+=[^[:cntrl:]]*$ ]] || die "not a setting: $pair (CLOUDPOS_NAME=value)"
  done
}

# save_settings NAME=value...: into settings.env; an empty value takes the setting out.
save_settings() {
  [ $# -gt 0 ] || return 0
  { own_settings; printf '%s\n' "$@"; } |
    awk '{ name = substr($0, 1, index($0, "=") - 1); value[name] = $0 }
      END { for (name in value) if (value[name] != name "=") print value[name] }' |
    LC_ALL=C sort | put settings.env
}

# process_settings NAME: NAME=value lines for the service NAME, sorted.
process_settings() {
  local known
  known=$(known_settings "$1")
  { all_settings "$1"; own_settings; } |
    awk -v known="$known" -v service="$1" '
      BEGIN {
        n = split(known, rows, "\n")
        for (i = 1; i <= n; i++) { split(rows[i], cell, " "); fallback[cell[1]] = cell[2] }
      }
      { name = substr($0, 1, index($0, "=") - 1); if (name in fallback) value[name] = $0 }
      END {
        for (name in fallback) {
          if (name in value) print value[name]
          else if (fallback[name] == "required") {
            print "pos: cloudpos-" service " needs the setting " name >"/dev/stderr"
            missing = 1
          }
        }
        exit missing
      }' | LC_ALL=C sort
}

# check_own_settings: a name in settings.env that no program knows is a mistake.
check_own_settings() {
  local names name service known
  names=$(own_settings | cut -d= -f1)
  [ -n "$names" ] || return 0
  known=$(for service in $(services); do known_settings "$service"; done | cut -d ' ' -f 1)
  while read -r name; do
    grep -qxF "$name" <<<"$known" || die "no program knows the setting $name (./pos up $name= takes it out)"
  done <<<"$names"
}

# run_in_environment SERVICE COMMAND...: as the service would run.
run_in_environment() {
  local settings
  mapfile -t settings < <(process_settings "$1")
  [ -z "${POS_TEST_FAULTS:-}" ] || settings+=("POS_TEST_FAULTS=$POS_TEST_FAULTS")
  shift
  as_owner_clean "${settings[@]}" "$@"
}
