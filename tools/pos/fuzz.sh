# shellcheck shell=bash
# `fuzz`, and its short form in `test` (tests/fuzz/README.md).

fuzz_targets() {
  local file
  for file in tests/fuzz/*_target.cc; do
    file=${file##*/}
    printf '%s\n' "${file%_target.cc}"
  done
}

cmd_fuzz() {
  local minutes=1 targets=() all
  mapfile -t all < <(fuzz_targets)
  while [ $# -gt 0 ]; do
    case $1 in
      --minutes)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--minutes needs a number"
        minutes=$2
        shift
        ;;
      *)
        [[ " ${all[*]} " == *" $1 "* ]] || die "no fuzz target $1; there are: ${all[*]}"
        targets+=("$1")
        ;;
    esac
    shift
  done
  [ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")
  begin_steps 3
  step "Debian packages"
  ensure_packages
  step "Build"
  build "${targets[@]/#/fuzz_}"
  step "$minutes minutes each: ${targets[*]}"
  POS_TEST_HOME=$(mktemp -d /tmp/pos-fuzz.XXXXXX)
  trap 'rm -rf "$POS_TEST_HOME"' EXIT
  run_fuzz $((60 * minutes)) "${targets[@]}"
  [ "$POS_FAILED" -eq 0 ]
}

# test_fuzz FILTER: every target for a minute, as tests fuzz/<target>.
test_fuzz() {
  local name targets=()
  for name in $(fuzz_targets); do
    if matches "fuzz/$name" "$1"; then targets+=("$name"); fi
  done
  [ ${#targets[@]} -eq 0 ] || run_fuzz "${POS_TEST_FUZZ_SECONDS:-60}" "${targets[@]}"
}

# run_fuzz SECONDS TARGET...: as many at once as there are cores; shows what each says and counts it.
run_fuzz() {
  local seconds=$1 name
  shift
  # shellcheck disable=SC2016  # the inner shell's variables
  printf '%s\n' "$@" | POS_BUILD_DIR=$POS_BUILD xargs -P "$(nproc)" -I '{}' bash -c '
    tests/fuzz/run "$1" "$2" >"$3/fuzz-$1.log" 2>&1 </dev/null
    printf "%d\n" $? >"$3/fuzz-$1.status"' - '{}' "$seconds" "$POS_TEST_HOME"
  for name in "$@"; do
    indent <"$POS_TEST_HOME/fuzz-$name.log"
    count "fuzz/$name" "$(cat "$POS_TEST_HOME/fuzz-$name.status")"
  done
}
