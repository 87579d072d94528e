# shellcheck shell=bash
# Messages: steps with elapsed time, errors that end the command.

say() { printf '%s\n' "$*"; }
warn() { printf 'pos: %s\n' "$*" >&2; }
die() {
  warn "$@"
  exit 1
}

POS_STEP=0
POS_STEPS=0
# begin_steps N: N calls of `step` follow.
begin_steps() {
  POS_STEP=0
  POS_STEPS=$1
  SECONDS=0
}

step() {
  POS_STEP=$((POS_STEP + 1))
  printf '[%d/%d] %3ds  %s\n' "$POS_STEP" "$POS_STEPS" "$SECONDS" "$*"
}

# Indents a program's output below its step.
indent() { sed -u 's/^/      /'; }

# wait_for SECONDS COMMAND...: repeats COMMAND until it succeeds; fails when the time is over.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}
