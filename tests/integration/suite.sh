# shellcheck shell=bash
# shellcheck disable=SC2034  # set for who sources this
# For integration tests: a whole suite of its own, the real processes, on free ports and in a
# temporary folder, made by ./pos up and removed at the end.
#
#   source "$(dirname "$0")/../suite.sh"
#   suite_start                       # settings as arguments: suite_start CLOUDPOS_LOG_LEVEL=debug
#   curl "$SUITE_URL/healthz"
#
# SUITE_URL is the gateway, SUITE_STATE the state folder, SUITE_SHIFT what was added to each port;
# suite_pos runs ./pos for it, suite_sql a statement, suite_ctl supervisorctl.
# With POS_TEST_KEEP set it stays, running, for a look at it.

SUITE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SUITE_BIN=${POS_TEST_BIN:-$SUITE_ROOT/build/bin}
SUITE_FOLDER=
SUITE_STATE=
SUITE_SHIFT=
SUITE_URL=

suite_pos() { POS_STATE_DIR=$SUITE_STATE POS_PORT_SHIFT=$SUITE_SHIFT "$SUITE_ROOT/pos" "$@"; }

# suite_as_owner COMMAND...: as the user whom the state belongs to.
suite_as_owner() {
  local owner
  owner=$(stat -c %U "$SUITE_STATE")
  if [ "$(id -un)" = "$owner" ]; then
    "$@"
  else # in a folder that the owner can enter
    setpriv --reuid="$owner" --regid="$(id -g "$owner")" --init-groups env -C "$SUITE_STATE" "$@"
  fi
}

# suite_pg PROGRAM [ARGUMENTS...]: a PostgreSQL client program as the suite's superuser.
suite_pg() {
  suite_as_owner env -i PATH="$PATH" PGHOST="$SUITE_STATE/sock" PGPORT=$((5440 + SUITE_SHIFT)) \
    PGUSER=postgres PGDATABASE=cloudpos PGPASSFILE="$SUITE_STATE/secrets/postgres.pgpass" "$@"
}

suite_sql() { suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -c "$1"; }

suite_ctl() { suite_as_owner supervisorctl -c "$SUITE_STATE/supervisord.conf" "$@"; }

# Below the range that the system hands out to clients.
suite_free_shift() {
  local shift_ port
  while true; do
    shift_=$((1000 + 100 * (RANDOM % 220) + RANDOM % 50))
    for port in 5440 6390 7101 7102 7103 7107 8080 8101 8102 8103 8107 9080; do
      [ -z "$(ss -Hltn "sport = :$((port + shift_))")" ] || continue 2
    done
    printf '%d\n' "$shift_"
    return
  done
}

suite_start() {
  suite_prepare
  suite_pos up "$@"
}

# suite_prepare: folder and ports, nothing started yet.
suite_prepare() {
  SUITE_FOLDER=$(mktemp -d /tmp/pos-suite.XXXXXX)
  chmod 0711 "$SUITE_FOLDER" # the processes may be another user's
  SUITE_STATE=$SUITE_FOLDER/state
  SUITE_SHIFT=$(suite_free_shift)
  SUITE_URL=http://127.0.0.1:$((8080 + SUITE_SHIFT))
  trap suite_stop EXIT
  trap 'exit 130' INT TERM HUP
}

suite_stop() {
  [ -z "${POS_TEST_KEEP:-}" ] || return 0
  [ -n "$SUITE_FOLDER" ] || return 0
  suite_pos down >/dev/null || true
  rm -rf "$SUITE_FOLDER"
  SUITE_FOLDER=
}

# check TEXT COMMAND...: ends the test with TEXT unless the command succeeds.
check() {
  local text=$1
  shift
  "$@" || {
    printf 'failed: %s\n' "$text" >&2
    exit 1
  }
}
