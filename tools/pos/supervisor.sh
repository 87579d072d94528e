# shellcheck shell=bash
# Debian's supervisor, run as the owner of the state folder with a configuration of our own.
#
# Restart: with startsecs=0 a process counts as running at once, so an exit is never a failed start
# and never leads to FATAL; supervisor starts it again at once, for ever, with no growing delay
# (run-process slows down a program that dies at its start; `keeper` makes supervisor look often).
# Groups are stopped in reverse order of priority, each waiting for the one before: gateway first,
# PostgreSQL last.

readonly POS_PG_BIN=/usr/lib/postgresql/15/bin
readonly POS_SUPPORT="keeper postgres redis"

supervisor_socket() { printf '%s/supervisor.sock\n' "$(socket_folder)"; }

# quoted TEXT: as a value of a supervisor file, where % starts an expansion.
quoted() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//%/%%}"
}

# program_entry NAME PRIORITY OPTIONS ENVIRONMENT COMMAND...: OPTIONS and ENVIRONMENT are lines.
program_entry() {
  local name=$1 priority=$2 options=$3 environment=$4 word command="" line
  shift 4
  for word in "$POS_STATE/tools/run-process" "$@"; do command+="$(quoted "$word") "; done
  printf '\n[program:%s]\ncommand=%s\npriority=%s\n' "$name" "$command" "$priority"
  printf '%s\n' "directory=$POS_STATE" 'startsecs=0' 'startretries=1000000000' \
    'autorestart=true' "$(log_options "$name")" "$options"
  printf 'environment=POS_RUN_STAMP=%s' "$(quoted "$POS_STATE/run/$name.started")"
  [ "$name" = keeper ] || printf ',POS_RUN_LOG=%s' "$(quoted "$POS_STATE/log/$name.log")"
  while IFS= read -r line; do
    [ -z "$line" ] || printf ',%s=%s' "${line%%=*}" "$(quoted "${line#*=}")"
  done <<<"$environment"
  printf '\n'
}

# Processes write their logs themselves (run-process): through supervisord each line would cost more
# than the request that it tells of. What is said before that goes to supervisord.
log_options() {
  local log=$POS_STATE/log/$1.log
  if [ "$1" = keeper ]; then
    printf '%s\n' 'stdout_logfile=NONE' "stderr_logfile=$log"
  else
    printf '%s\n' 'redirect_stderr=true' 'stdout_logfile=NONE'
  fi
}

supervisor_head() {
  local socket
  socket=$(supervisor_socket)
  cat <<EOF
; Written by ./pos up.
[unix_http_server]
file=$socket
chmod=0700

[supervisord]
logfile=$POS_STATE/log/supervisord.log
logfile_maxbytes=10MB
logfile_backups=3
pidfile=$POS_STATE/run/supervisord.pid
directory=$POS_STATE
umask=077
nocleanup=true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://$socket
EOF
}

# Keeper, database and cache start at once; services wait for `up`, after the migrations. The
# checksum of the settings makes the entry change with them.
support_entries() {
  local names
  mapfile -t names < <(certificate_names)
  program_entry keeper 1 $'autostart=true\nstopwaitsecs=5\nstopasgroup=true\nkillasgroup=true' "" \
    "$POS_STATE/tools/keeper" "${names[@]}"
  program_entry postgres 10 $'autostart=true\nstopsignal=INT\nstopwaitsecs=60' \
    "POS_SETTINGS=$(as_owner sha256sum postgres/cloudpos.conf | cut -c1-16)$(postgres_faults)" \
    "$POS_PG_BIN/postgres" -D "$POS_STATE/postgres"
  program_entry redis 20 $'autostart=true\nstopsignal=TERM\nstopwaitsecs=15' \
    "POS_SETTINGS=$(as_owner sha256sum redis/redis.conf | cut -c1-16)" \
    /usr/bin/redis-server "$POS_STATE/redis/redis.conf"
}

readonly POS_STOP_OPTIONS=$'autostart=false\nstopsignal=TERM\nstopwaitsecs=15\nstopasgroup=true\nkillasgroup=true'

service_entries() {
  local name priority hash settings
  for name in $(services); do
    [ "$(service_kind "$name")" = http ] && priority=90 || priority=50
    hash=$(program_hash "cloudpos-$name")
    settings=$(process_settings "$name")
    # These make the entry change with program and secrets, which are read at the start only.
    hash+=$(secrets_hash "$settings")
    program_entry "$name" "$priority" "$POS_STOP_OPTIONS" "POS_HASH=$hash$(faults)"$'\n'"$settings" \
      "$POS_STATE/bin/cloudpos-$name"
  done
}

# What a test that makes faults (tests/chaos) gives to the processes; otherwise nothing.
faults() { [ -z "${POS_TEST_FAULTS:-}" ] || printf '\nPOS_TEST_FAULTS=%s' "$POS_TEST_FAULTS"; }
postgres_faults() {
  [ -z "${POS_TEST_PG_PRELOAD:-}" ] ||
    printf '\n%s' "LD_PRELOAD=$POS_TEST_PG_PRELOAD" "POS_TEST_DISK_FULL=${POS_TEST_DISK_FULL:-}"
}

# secrets_hash SETTINGS: of the contents of the secret files they name.
secrets_hash() {
  local files
  mapfile -t files < <(sed -n "s|^CLOUDPOS_[A-Z_]*_FILE=\($POS_STATE/secrets/.*\)|\1|p" <<<"$1")
  [ ${#files[@]} -eq 0 ] || as_owner cat "${files[@]}" | sha256sum | cut -c1-16
}

# Everything that gets a certificate: services, gateway, and `pos`, the operator's own.
certificate_names() {
  services
  say pos
}

write_supervisor_conf() {
  local entries
  entries=$(
    supervisor_head
    support_entries
    service_entries
  )
  put supervisord.conf <<<"$entries"
}

supervisor_pid() {
  local pid
  pid=$(as_owner cat run/supervisord.pid 2>/dev/null) || return 1
  grep -qzF supervisord "/proc/$pid/cmdline" 2>/dev/null || return 1
  grep -qzF "$POS_STATE" "/proc/$pid/cmdline" 2>/dev/null || return 1
  printf '%s\n' "$pid"
}

supervisor_runs() { supervisor_pid >/dev/null && ctl pid >/dev/null 2>&1; }

ctl() { as_owner_clean supervisorctl -c supervisord.conf "$@"; }

start_supervisor() {
  as_owner rm -f "$(supervisor_socket)"
  as_owner_clean supervisord -c "$POS_STATE/supervisord.conf" 9>&- ||
    die "supervisord did not start; see $POS_STATE/log/supervisord.log"
  wait_for 10 supervisor_runs || die "supervisord does not answer; see $POS_STATE/log/supervisord.log"
}

# Whether the running supervisor has the file as it is now.
is_applied() { [ "$(as_owner cat run/applied 2>/dev/null)" = "$(conf_hash)" ]; }
mark_applied() { conf_hash | put run/applied; }
conf_hash() { as_owner sha256sum supervisord.conf; }

all_run() { ctl status >/dev/null 2>&1; }

# leftovers: pids of this instance's processes that no supervisor holds (it was killed). They carry
# the name of its socket in their environment; PostgreSQL and Redis overwrite that with their titles,
# but work in folders of their own.
leftovers() {
  local pid mark
  mark="SUPERVISOR_SERVER_URL=unix://$(supervisor_socket)"
  for pid in $(pgrep -u "$POS_USER" || true); do
    case $(readlink "/proc/$pid/cwd" 2>/dev/null) in
      "$POS_STATE/postgres" | "$POS_STATE/redis") printf '%s\n' "$pid" ;;
      *) ! grep -qzxF "$mark" "/proc/$pid/environ" 2>/dev/null || printf '%s\n' "$pid" ;;
    esac
  done
}

# stop_leftovers: after supervisord itself was killed its children live on; PostgreSQL last.
stop_leftovers() {
  local pids
  mapfile -t pids < <(leftovers)
  [ ${#pids[@]} -gt 0 ] || return 0
  warn "stopping ${#pids[@]} processes that lost their supervisor"
  as_owner kill -INT "${pids[@]}" 2>/dev/null || true
  wait_for 30 no_leftovers || {
    mapfile -t pids < <(leftovers)
    as_owner kill -KILL "${pids[@]}" 2>/dev/null || true
    wait_for 5 no_leftovers || die "processes ${pids[*]} do not end"
  }
}
no_leftovers() { [ -z "$(leftovers)" ]; }

# check_ports: before the first start, each port must be free.
check_ports() {
  local name number
  for name in $(services); do
    for number in "$(service_port "$name")" "$(metrics_port "$name")"; do
      check_port "$number" "$name"
    done
  done
  check_port "$(port "$POS_POSTGRES_PORT")" postgres
  check_port "$(port "$POS_REDIS_PORT")" redis
}

check_port() {
  local line holder
  line=$(as_root_if_able ss -Hltnp "sport = :$1" | head -n 1)
  [ -n "$line" ] || return 0
  holder=$(sed -n 's/.*users:((\(.*\)))$/\1/p' <<<"$line")
  die "port $1, wanted for $2, is taken by ${holder:-a process of another user}: stop that, or move all ports
of this suite with POS_PORT_SHIFT=10000 ./pos up"
}

# Names of other users' processes are visible to root alone; a password prompt is not worth it.
as_root_if_able() {
  if [ "$(id -u)" -ne 0 ] && sudo -n true 2>/dev/null; then sudo -n "$@" 2>/dev/null; else "$@"; fi
}
