# shellcheck shell=bash
# The commands, except `test`.

cmd_help() {
  cat <<'EOF'
usage: ./pos COMMAND

  up [NAME=value...]  install, build, migrate, start, and wait until ready; harmless when running;
                      settings CLOUDPOS_...=value are kept (an empty value takes one out again)
  down                stop everything; data stays
  status              processes and whether they are ready
  logs [-f] [NAME]    last log lines of one process or of all; -f follows
  migrate             create roles and schemas, run migrations (up does it too)
  seed                demo store and products for a signed-in user
  replay FILE [--json]  send a file of real invoices through the gateway
  rebuild reporting   make the reports anew from the events
  chaos --minutes N   crash tests on a suite of their own (--short: once through);
                      --seed S, --only FAULT, --bugs, --json
  bench [--quick]     the race with pgbench and the rows beside it, on a suite of its own (--json)
  fuzz [TARGET...] [--minutes N]  search for bytes that break what reads bytes (all: a minute each)
  sanitize thread     build and run the tests of what threads share under ThreadSanitizer
  test [NAME]         build and run the tests whose name contains NAME, or all
  help                this text

Ports, folders and settings: tools/pos/README.md
EOF
}

cmd_up() {
  check_setting_names "$@"
  begin_steps 7
  step "Debian packages"
  ensure_packages
  step "Node tools"
  ensure_node
  make_state
  lock_state
  load_ports
  supervisor_pid >/dev/null || {
    stop_leftovers
    check_ports # before the long build
  }
  step "Build"
  build
  step "Secrets and certificates in $POS_STATE"
  save_settings "$@"
  prepare_state
  step "PostgreSQL and Redis"
  start_support
  step "Migrations"
  ensure_migrated
  step "Services"
  start_services
  wait_until_ready
  remove_old_node_tools
  print_access
}

# prepare_state: everything that is a file.
prepare_state() {
  local names
  save_ports
  install_programs
  install_files
  mapfile -t names < <(services)
  as_owner mkdir -p "${names[@]/#/run/}"
  mapfile -t names < <(services rpc)
  as_owner tools/secrets "$(socket_folder)" "$(port "$POS_POSTGRES_PORT")" \
    "$(port "$POS_REDIS_PORT")" "${names[@]}"
  mapfile -t names < <(certificate_names)
  as_owner tools/certificates "${names[@]}" | sed 's/^/      certificate: /'
  as_owner tools/make-postgres "$POS_PG_BIN" "$(port "$POS_POSTGRES_PORT")" "$(socket_folder)"
  as_owner tools/make-redis "$(port "$POS_REDIS_PORT")"
  check_own_settings
  write_supervisor_conf
}

start_support() {
  if ! supervisor_pid >/dev/null; then
    start_supervisor
    mark_applied
  elif ! is_applied; then
    # shellcheck disable=SC2086  # a list of names
    ctl update $POS_SUPPORT | changes_only
  fi
  wait_for_postgres
}

# start_services: `update` stops and starts what changed, `start` what is new or was stopped.
start_services() {
  local names
  if is_applied && all_run; then return; fi
  ctl update | changes_only
  mapfile -t names < <(services)
  ctl start "${names[@]}" | changes_only
  mark_applied
}
changes_only() { { grep -v -e 'already started' -e 'No config updates' || true; } | indent; }

gateway_ready() { curl -fs -m 2 -o /dev/null "$(gateway_url)/readyz"; }

wait_until_ready() {
  wait_for "${POS_READY_TIMEOUT:-90}" gateway_ready && return
  warn "not ready after ${POS_READY_TIMEOUT:-90} s; the gateway says:"
  curl -sS -m 2 "$(gateway_url)/readyz" >&2 || true
  printf '\n' >&2
  cmd_status >&2 || true
  local name
  for name in $(services rpc); do
    service_ready "$name" >/dev/null 2>&1 || tail_log "$name"
  done
  tail_log gateway
  die "the suite did not become ready: see the lines above and ./pos logs NAME"
}

tail_log() {
  printf -- '--- %s (last lines)\n' "$1" >&2
  as_owner tail -n 8 "log/$1.log" >&2 || true
}

print_access() {
  say ""
  say "CloudPOS is ready ($SECONDS s):  $(gateway_url)"
  if as_owner test -e run/auth/bootstrapped; then
    say "An administrator exists: sign in with your account."
  else
    say "The one-time secret for the first administrator (24 hours) lies in"
    say "  $POS_STATE/secrets/bootstrap-secret"
  fi
}

cmd_down() {
  find_state || {
    say "nothing runs"
    return
  }
  lock_state
  if supervisor_runs; then
    local pid
    pid=$(supervisor_pid)
    stop_services
    ctl shutdown >/dev/null
    wait_for 120 supervisor_gone "$pid" || die "supervisord ($pid) does not end"
  fi
  stop_leftovers
  say "stopped; the data stays in $POS_STATE"
}

# stop_services: the gateway first, then the services at once rather than one after the other, as
# supervisor would do it.
stop_services() {
  local name
  ctl stop gateway >/dev/null || true
  for name in $(services rpc); do ctl stop "$name" >/dev/null & done
  wait
}

supervisor_gone() { [ ! -e "/proc/$1" ]; }

cmd_status() {
  need_state
  load_ports
  supervisor_runs || {
    say "stopped"
    return 1
  }
  local name state rest bad=0
  printf '%-14s %-9s %-28s %s\n' PROCESS STATE "PID AND UPTIME" READY
  while read -r name state rest; do
    local ready
    ready=$(ready_state "$name" "$state")
    [ "$ready" = yes ] || [ "$ready" = - ] || bad=1
    printf '%-14s %-9s %-28s %s\n' "$name" "$state" "$rest" "$ready"
  done < <(ctl status || true)
  return "$bad"
}

# ready_state NAME STATE: asks the process itself.
ready_state() {
  [ "$2" = RUNNING ] || {
    say no
    return
  }
  case $1 in
    postgres) probe postgres_answers ;;
    redis) probe redis_answers ;;
    keeper) say - ;;
    *)
      if [ "$(service_kind "$1")" = http ]; then probe gateway_ready; else probe service_ready "$1"; fi
      ;;
  esac
}

probe() { if "$@" >/dev/null 2>&1; then say yes; else say no; fi; }

redis_answers() {
  # shellcheck disable=SC2016
  as_owner sh -c 'REDISCLI_AUTH=$(cat secrets/redis.password) redis-cli -p "$1" ping' - \
    "$(port "$POS_REDIS_PORT")" | grep -qx PONG
}

service_ready() { run_in_environment "$1" "$POS_STATE/bin/cloudpos-$1" --probe readiness; }

cmd_logs() {
  local follow=() name=
  for word in "$@"; do
    case $word in
      -f) follow=(-f) ;;
      *) name=$word ;;
    esac
  done
  need_state
  local logs=("log/$name.log")
  if [ -z "$name" ]; then
    mapfile -t logs < <(as_owner sh -c 'ls log/*.log')
  elif ! as_owner test -f "log/$name.log"; then
    die "no log of $name; there are: $(as_owner sh -c 'cd log && ls ./*.log' | sed 's/^..//; s/\.log$//' | xargs)"
  fi
  as_owner tail -n "${POS_LOG_LINES:-50}" "${follow[@]}" "${logs[@]}"
}

cmd_migrate() {
  need_state
  lock_state
  load_ports
  supervisor_runs || die "PostgreSQL does not run: ./pos up"
  migrate
}

cmd_rebuild() {
  [ "$*" = reporting ] || die "usage: ./pos rebuild reporting"
  need_running
  run_in_environment reporting "$POS_STATE/bin/cloudpos-reporting" --rebuild
}

need_running() {
  need_state
  load_ports
  # What runs may be busy, or coming back.
  { supervisor_runs && wait_for 15 gateway_ready; } || die "the suite does not run here: ./pos up"
}

# cmd_replay FILE [--json]: with the operator's certificate, as the caller (who can read FILE).
cmd_replay() {
  [ $# -ge 1 ] || die "usage: ./pos replay FILE [--json]"
  need_running
  [ -x "$POS_BUILD/bin/cloudpos-replay" ] || build bin/cloudpos-replay
  local settings
  mapfile -t settings < <(replay_settings)
  exec env -C "$POS_CALLER_FOLDER" "${settings[@]}" "$POS_BUILD/bin/cloudpos-replay" "$@"
}

replay_settings() {
  all_settings pos | grep -E '^CLOUDPOS_(TLS_[A-Z]*_FILE|GATEWAY_URL|AUTH_ADDR)='
}

# cmd_chaos: on a suite of its own, so that nothing that runs here is harmed.
cmd_chaos() {
  local word
  for word in "$@"; do
    [[ $word =~ ^(--(short|minutes|seed|from|only|bugs|bug|json|keep-logs)|[A-Za-z0-9._-]+)$ ]] ||
      die "usage: ./pos chaos (--minutes N | --short) [--seed S [--from N]] [--only FAULT] [--bugs [--bug NAME]]
  [--json] [--keep-logs]"
  done
  {
    begin_steps 3
    step "Debian packages"
    ensure_packages
    step "Node tools"
    ensure_node
    step "Build"
    build
    build faulty
  } >&2
  POS_TEST_BIN=$POS_BUILD/bin exec tests/chaos/run "$@"
}

# cmd_bench: on a suite of its own as well. `bench overload` is the overload test.
cmd_bench() {
  {
    begin_steps 3
    step "Debian packages"
    ensure_packages
    step "Node tools"
    ensure_node
    step "Build"
    build
    build faulty/bench-load faulty/bench-rpc faulty/register-sim
  } >&2
  local program=run
  if [ "${1:-}" = overload ]; then
    program=overload
    shift
  fi
  POS_TEST_BIN=$POS_BUILD/bin exec "tests/bench/$program" "$@"
}

cmd_seed() {
  need_running
  POS_GATEWAY_URL=$(gateway_url) exec tools/pos/seed.sh "$@"
}
