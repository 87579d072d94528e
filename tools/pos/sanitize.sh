# shellcheck shell=bash
# `sanitize`: what threads share, under ThreadSanitizer (tests/thread-sanitizer/README.md).

cmd_sanitize() {
  local programs
  [ "$*" = thread ] || die "usage: ./pos sanitize thread"
  POS_PRESET=tsan
  POS_BUILD=${POS_BUILD_DIR:-$POS_ROOT/build-tsan}
  mapfile -t programs < <(threaded_tests | cut -d ' ' -f 1)
  begin_steps 4
  step "Debian packages"
  ensure_packages
  step "Build with ThreadSanitizer"
  build "${programs[@]}"
  step "Throw-away PostgreSQL and Redis"
  trap stop_test_servers EXIT
  trap 'exit 130' INT TERM HUP
  start_test_servers
  export_test_settings
  step "Tests of what threads share"
  run_threaded_tests
  finish_test
}

# "PROGRAM CASES" a line.
threaded_tests() { grep -v '^#' tests/thread-sanitizer/programs; }

run_threaded_tests() {
  local program cases started
  export TSAN_OPTIONS="suppressions=$POS_ROOT/tests/thread-sanitizer/suppressions second_deadlock_stack=1"
  while read -r program cases; do
    started=$SECONDS
    run_one "thread/$program" timeout --foreground -k 10 "${POS_TEST_TIMEOUT:-1200}" \
      "$POS_BUILD/bin/$program" "$cases"
    say "      took     $((SECONDS - started)) s"
  done < <(threaded_tests)
}
