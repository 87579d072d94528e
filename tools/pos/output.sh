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

# What takes the line of `progress` away again.
POS_CLEAR=
[ ! -t 1 ] || POS_CLEAR=$'\r\033[K'

# progress LAST TEXT: on a terminal shows TEXT in place of the line before; else prints it when ten
# seconds have passed since the time in variable LAST.
progress() {
  local -n last_shown=$1
  if [ -n "$POS_CLEAR" ]; then
    printf '%s      %4ds  %s' "$POS_CLEAR" "$SECONDS" "$2"
  elif [ $((SECONDS - last_shown)) -ge 10 ]; then
    # shellcheck disable=SC2034  # the caller's variable
    last_shown=$SECONDS
    printf '      %4ds  %s\n' "$SECONDS" "$2"
  fi
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
