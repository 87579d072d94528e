# shellcheck shell=bash
# `test`: everything on a throw-away PostgreSQL and Redis in a temporary folder.

POS_TEST_HOME=
POS_TEST_USER=
POS_PASSED=0
POS_FAILED=0
POS_SKIPPED=0
POS_FAILURES=()

cmd_test() {
  [ $# -le 1 ] || die "usage: ./pos test [NAME]"
  local filter=${1:-}
  begin_steps 7
  step "Debian packages"
  ensure_packages
  step "Node tools"
  ensure_node
  step "Build with tests"
  build all
  step "Throw-away PostgreSQL and Redis"
  trap stop_test_servers EXIT
  trap 'exit 130' INT TERM HUP
  start_test_servers
  export_test_settings
  step "Checks and C++ tests"
  run_checks "$filter"
  run_ctest "$filter"
  step "Fuzz targets"
  test_fuzz "$filter"
  step "Integration tests"
  run_integration "$filter"
  finish_test
}

# --- servers ---

# as_tester COMMAND...: PostgreSQL refuses root, so root runs the servers as the system user.
as_tester() {
  if [ "$(id -un)" = "$POS_TEST_USER" ]; then
    env -C "$POS_TEST_HOME" "$@"
  else
    setpriv --reuid="$POS_TEST_USER" --regid="$(id -g "$POS_TEST_USER")" --init-groups \
      env -C "$POS_TEST_HOME" HOME="$POS_TEST_HOME" "$@"
  fi
}

free_port() {
  local candidate
  while true; do
    candidate=$((20000 + RANDOM % 10000))
    [ -n "$(ss -Hltn "sport = :$candidate")" ] || break
  done
  printf '%d\n' "$candidate"
}

start_test_servers() {
  POS_TEST_USER=$(id -un)
  if [ "$(id -u)" -eq 0 ]; then
    ensure_system_user
    POS_TEST_USER=$POS_SYSTEM_USER
  fi
  POS_TEST_HOME=$(mktemp -d /tmp/pos-test.XXXXXX)
  chown "$POS_TEST_USER" "$POS_TEST_HOME"
  local pg_port redis_port
  pg_port=$(free_port)
  redis_port=$(free_port)
  start_test_postgres "$pg_port"
  as_tester /usr/bin/redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no \
    --dir "$POS_TEST_HOME" --daemonize yes --pidfile "$POS_TEST_HOME/redis.pid" \
    --logfile "$POS_TEST_HOME/redis.log" >/dev/null
  export POS_TEST_REDIS_URL="redis://127.0.0.1:$redis_port"
  wait_for 10 redis-cli -p "$redis_port" ping || die "the test Redis did not start"
}

# The folder is private, so the socket needs no password; over TCP passwords are asked for.
start_test_postgres() {
  local data="$POS_TEST_HOME/postgres" log="$POS_TEST_HOME/postgres.log"
  as_tester "$POS_PG_BIN/initdb" -D "$data" -U postgres --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$POS_TEST_HOME/initdb.log" 2>&1 || {
    cat "$POS_TEST_HOME/initdb.log" >&2
    die "initdb failed"
  }
  cat >"$POS_TEST_HOME/test.conf" <<EOF
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '$POS_TEST_HOME'
max_connections = 300
max_prepared_transactions = 0
fsync = off
full_page_writes = off
shared_buffers = 128MB
autovacuum_naptime = 10s
timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
EOF
  as_tester sh -c 'cat >>postgres/postgresql.conf' <"$POS_TEST_HOME/test.conf"
  as_tester "$POS_PG_BIN/pg_ctl" -D "$data" -l "$log" -s -w -t 60 start || {
    tail -n 20 "$log" >&2
    die "the test PostgreSQL did not start"
  }
  export POS_TEST_PG_DSN="host=$POS_TEST_HOME port=$1 user=postgres dbname=postgres"
}

stop_test_servers() {
  local pid
  [ -n "$POS_TEST_HOME" ] || return 0
  as_tester "$POS_PG_BIN/pg_ctl" -D "$POS_TEST_HOME/postgres" -m immediate -s stop 2>/dev/null || true
  if pid=$(cat "$POS_TEST_HOME/redis.pid" 2>/dev/null); then kill "$pid" 2>/dev/null || true; fi
  rm -rf "$POS_TEST_HOME"
}

export_test_settings() {
  export POS_TEST_DATA=${POS_TEST_DATA:-$POS_ROOT/../shared/data}
  export POS_TEST_BIN=$POS_BUILD/bin
  export POS_TEST_PG_BIN=$POS_PG_BIN
  POS_TEST_NODE=$(node_program)
  POS_TEST_NODE_MODULES=$(node_folder)/node_modules
  export POS_TEST_NODE POS_TEST_NODE_MODULES
}

# --- tests ---

# matches NAME FILTER
matches() { [ -z "$2" ] || [[ $1 =~ $2 ]]; }

# count NAME STATUS: one test that is not a ctest.
count() {
  case $2 in
    0)
      POS_PASSED=$((POS_PASSED + 1))
      say "      passed   $1"
      ;;
    77)
      POS_SKIPPED=$((POS_SKIPPED + 1))
      say "      skipped  $1"
      ;;
    *)
      POS_FAILED=$((POS_FAILED + 1))
      POS_FAILURES+=("$1")
      say "      FAILED   $1"
      ;;
  esac
}

# run_one NAME COMMAND...: output is shown when it fails, or at once when it takes long.
run_one() {
  local name=$1 status=0
  shift
  "$@" </dev/null 2>&1 | indent || status=${PIPESTATUS[0]}
  count "$name" "$status"
}

# run_checks FILTER: the shell code; the house rules for the rest are a ctest (tools/tidy).
run_checks() {
  if matches shellcheck "$1"; then run_one shellcheck check_shell; fi
}

# Every script of the repository; parts that a script sources are checked with it.
check_shell() {
  local files
  mapfile -t files < <(git ls-files -z | xargs -0 grep -lIE -m1 '^#!/(usr/bin/env bash|bin/(ba)?sh)')
  shellcheck -x -P SCRIPTDIR "${files[@]}"
}

run_ctest() {
  local report="$POS_TEST_HOME/ctest.xml" select=() status=0 head
  [ -z "$1" ] || select=(-R "$1")
  ctest --test-dir "$POS_BUILD" -j "$(nproc)" --output-on-failure --no-tests=ignore \
    --output-junit "$report" "${select[@]}" 2>&1 | ctest_progress || status=${PIPESTATUS[0]}
  [ -f "$report" ] || {
    [ "$status" -eq 0 ] || count ctest 1
    return 0
  }
  head=$(tr '\n\t' '  ' <"$report" | grep -o '<testsuite [^>]*>' || true)
  local total failed skipped
  total=$(attribute tests "$head")
  failed=$(attribute failures "$head")
  skipped=$(($(attribute skipped "$head") + $(attribute disabled "$head")))
  POS_PASSED=$((POS_PASSED + total - failed - skipped))
  POS_FAILED=$((POS_FAILED + failed))
  POS_SKIPPED=$((POS_SKIPPED + skipped))
  if [ "$failed" -gt 0 ]; then
    mapfile -t -O ${#POS_FAILURES[@]} POS_FAILURES < <(
      sed -n 's/.*<testcase name="\([^"]*\)".* status="fail".*/\1/p' "$report" | unescape_xml
    )
  elif [ "$status" -ne 0 ]; then
    count ctest 1
  fi
}

unescape_xml() { sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&apos;/'"'"'/g; s/&amp;/\&/g'; }

# Progress for tests that pass; all else (failures, their output) as it comes.
ctest_progress() {
  local line last=-10
  while IFS= read -r line; do
    case $line in
      *' Start '*[0-9]': '* | '' | 'Internal ctest changing'* | 'Test project '*) ;;
      *' Test '*'#'*' Passed '*) progress last "test ${line%% Test *}" ;;
      *) printf '%s      %s\n' "$POS_CLEAR" "$line" ;;
    esac
  done
  printf '%s' "$POS_CLEAR"
}

# attribute NAME ELEMENT
attribute() {
  local value
  value=$(sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$2")
  printf '%d\n' "${value:-0}"
}

run_integration() {
  local run name started
  for run in tests/integration/*/run; do
    name=$(basename "$(dirname "$run")")
    [ -x "$run" ] || continue
    matches "integration/$name" "$1" || continue
    started=$SECONDS
    say "      running  integration/$name"
    run_one "integration/$name" timeout --foreground -k 10 "${POS_TEST_TIMEOUT:-1200}" "$run"
    say "      took     $((SECONDS - started)) s"
  done
}

finish_test() {
  local failure status=0
  for failure in "${POS_FAILURES[@]}"; do say "failed: $failure"; done
  [ "$POS_FAILED" -eq 0 ] || status=1
  [ $((POS_PASSED + POS_FAILED)) -gt 0 ] || status=1
  if [ "${CI:-}" = true ] && [ "$POS_SKIPPED" -gt 0 ]; then
    say "in CI no test may be skipped"
    status=1
  fi
  stop_test_servers
  trap - EXIT
  say "$POS_PASSED passed, $POS_FAILED failed, $POS_SKIPPED skipped"
  exit "$status"
}
