# shellcheck shell=bash
# Where the running suite keeps its data, who owns it, and its ports.
#
# As an ordinary user the state folder is .pos. As root it is /var/lib/cloudpos/<id of the checkout>,
# linked from .pos, and belongs to system user `cloudpos`, since PostgreSQL refuses root. Whoever owns
# the folder is the user that everything in it runs as: root never writes there as root.

readonly POS_SYSTEM_USER=cloudpos
POS_STATE=
POS_USER=

checkout_id() { printf '%s' "$POS_ROOT" | sha256sum | cut -c1-12; }

# ensure_system_user: the account of the processes where root runs them.
ensure_system_user() {
  id -u "$POS_SYSTEM_USER" >/dev/null 2>&1 && return
  useradd --system --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin "$POS_SYSTEM_USER"
}

# owner_for_root: who owns a state folder that root makes: the owner of the checkout's first one, so
# that all of them share the Node tools there, else the system user.
owner_for_root() {
  local owner=root
  [ ! -e .pos ] || owner=$(stat -Lc %U .pos)
  if [ "$owner" = root ]; then
    ensure_system_user
    owner=$POS_SYSTEM_USER
  fi
  printf '%s\n' "$owner"
}

# state_path: where the state folder is or will be; POS_STATE_DIR puts a second instance elsewhere.
state_path() {
  if [ -n "${POS_STATE_DIR:-}" ]; then
    realpath -m "$POS_STATE_DIR"
  elif [ -e .pos ]; then
    realpath .pos
  elif [ "$(id -u)" -eq 0 ]; then
    printf '/var/lib/cloudpos/%s\n' "$(checkout_id)"
  else
    printf '%s/.pos\n' "$POS_ROOT"
  fi
}

# find_state: sets POS_STATE and POS_USER; false when nothing was ever set up here.
find_state() {
  POS_STATE=$(state_path)
  [ -d "$POS_STATE" ] || return 1
  POS_USER=$(stat -c %U "$POS_STATE")
  local me
  me=$(id -un)
  [ "$POS_USER" != root ] || die "$POS_STATE belongs to root: PostgreSQL cannot run there. Remove it."
  [ "$me" = "$POS_USER" ] || [ "$me" = root ] ||
    die "the state of this checkout, $POS_STATE, belongs to $POS_USER: run this as root or use a clone of your own"
}

need_state() { find_state || die "nothing runs here yet: ./pos up first"; }

# make_state: creates the state folder (and user) where missing.
make_state() {
  if ! find_state; then
    # Such names cannot be written into the settings of supervisor, PostgreSQL and Redis.
    [[ $POS_STATE != *[%\'\"\\[:cntrl:]]* ]] ||
      die "the path $POS_STATE has a character that is not possible here: %, quote, backslash"
    if [ "$(id -u)" -eq 0 ]; then
      local owner
      owner=$(owner_for_root)
      mkdir -p "$(dirname "$POS_STATE")"
      install -d -o "$owner" -g "$(id -g "$owner")" -m 0700 "$POS_STATE"
    else
      install -d -m 0700 "$POS_STATE"
    fi
    find_state
  fi
  if [ -z "${POS_STATE_DIR:-}" ] && [ ! -e .pos ]; then
    ln -sfn "$POS_STATE" .pos
  fi
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_owner sh -c 'cd "$1" && mkdir -p bin ca log node postgres redis run secrets sock tls tools web' - "$POS_STATE" ||
    die "user $POS_USER cannot reach $POS_STATE"
}

# as_owner COMMAND...: runs it as the owner of the state folder, private to that user. The working
# directory is the state folder: the checkout may be unreadable for the owner.
as_owner() {
  (
    cd "$POS_STATE" || exit
    umask 077
    if [ "$(id -un)" = "$POS_USER" ]; then
      exec "$@"
    fi
    exec setpriv --reuid="$POS_USER" --regid="$(id -g "$POS_USER")" --init-groups \
      env HOME="$POS_STATE" USER="$POS_USER" LOGNAME="$POS_USER" "$@"
  )
}

# as_owner_clean COMMAND...: the same with nothing of the caller's environment.
as_owner_clean() {
  as_owner env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$POS_STATE" LANG=C.UTF-8 "$@"
}

# put FILE: standard input becomes FILE of the state folder, at once or not at all.
put() {
  # shellcheck disable=SC2016
  as_owner sh -c 'cat >"$1.new" && mv -f "$1.new" "$1"' - "$1"
}

# lock_state: one changing command at a time per state folder.
lock_state() {
  exec 9<"$POS_STATE"
  flock -n 9 || {
    say "waiting for another ./pos of this checkout ..."
    flock 9
  }
}

# Unix sockets have short names (107 bytes): a deep checkout gets a folder of its own under /tmp.
socket_folder() {
  if [ ${#POS_STATE} -le 80 ]; then
    printf '%s/sock\n' "$POS_STATE"
    return
  fi
  local dir
  dir=/tmp/cloudpos-$(printf '%s' "$POS_STATE" | sha256sum | cut -c1-12)
  as_owner mkdir -p "$dir"
  [ "$(stat -c %U "$dir")" = "$POS_USER" ] || die "$dir belongs to somebody else"
  as_owner chmod 0700 "$dir"
  printf '%s\n' "$dir"
}

# --- ports ---

readonly POS_POSTGRES_PORT=5440 POS_REDIS_PORT=6390
POS_SHIFT=0

# load_ports: the shift is remembered, so that later commands find the same instance.
load_ports() {
  local saved=
  [ ! -f "$POS_STATE/port-shift" ] || saved=$(<"$POS_STATE/port-shift")
  POS_SHIFT=${POS_PORT_SHIFT:-${saved:-0}}
  [[ $POS_SHIFT =~ ^[0-9]{1,5}$ ]] || die "POS_PORT_SHIFT must be a number: $POS_SHIFT"
  POS_SHIFT=$((10#$POS_SHIFT))
  [ $((POS_SHIFT + 9080)) -le 65535 ] || die "POS_PORT_SHIFT is too large: $POS_SHIFT"
}

save_ports() { printf '%s\n' "$POS_SHIFT" | put port-shift; }

port() { printf '%d\n' $(($1 + POS_SHIFT)); }

# --- the services table ---

# services [KIND]: names from tools/pos/services.conf.
services() {
  awk -v kind="${1:-}" '!/^#/ && NF { if (kind == "" || $2 == kind) print $1 }' tools/pos/services.conf
}

# service_field NAME COLUMN
service_field() {
  awk -v name="$1" -v column="$2" '$1 == name { print $column }' tools/pos/services.conf
}
service_kind() { service_field "$1" 2; }
service_port() { port "$(service_field "$1" 3)"; }
metrics_port() { port "$(service_field "$1" 4)"; }
gateway_url() { printf 'http://127.0.0.1:%s\n' "$(service_port gateway)"; }
