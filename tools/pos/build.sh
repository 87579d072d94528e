# shellcheck shell=bash
# The build: CMake preset `release` (`tsan` in sanitize), Ninja, ccache. CMake is called only when there
# is no build tree or the presets changed; everything else Ninja finds out itself.

POS_BUILD=${POS_BUILD_DIR:-$POS_ROOT/build}
POS_PRESET=release

ensure_configured() {
  local presets stamp="$POS_BUILD/.presets"
  presets=$(sha256sum <CMakePresets.json)
  if [ -f "$POS_BUILD/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$presets" ]; then
    return
  fi
  say "      cmake --preset $POS_PRESET"
  cmake --preset "$POS_PRESET" -B "$POS_BUILD" >"$POS_ROOT/.cmake.log" 2>&1 || {
    tail -n 40 "$POS_ROOT/.cmake.log" >&2
    rm -f "$POS_ROOT/.cmake.log"
    die "cmake failed"
  }
  mv "$POS_ROOT/.cmake.log" "$POS_BUILD/cmake.log"
  printf '%s\n' "$presets" >"$stamp"
}

# build [TARGET...]: all programs of the suite without their tests, or the targets named. One build
# at a time in a folder: `test` and `up` may be called at once.
build() {
  mkdir -p "$POS_BUILD"
  (
    flock 8
    build_alone "$@"
  ) 8>"$POS_BUILD/.lock"
}

build_alone() {
  ensure_configured
  if [ $# -gt 0 ]; then
    run_ninja "$@"
    return
  fi
  local programs round list="$POS_BUILD/.programs"
  # Ninja may bring its own build description up to date first: then once more, with new programs.
  for round in 1 2; do
    [ "$round" = 1 ] || [ "$POS_BUILD/build.ninja" -nt "$list" ] || return 0
    [ "$list" -nt "$POS_BUILD/build.ninja" ] || program_targets >"$list"
    mapfile -t programs <"$list"
    [ ${#programs[@]} -gt 0 ] || die "the build has no programs"
    run_ninja "${programs[@]}"
  done
}

run_ninja() { NINJA_STATUS='[%f/%t] ' ninja -C "$POS_BUILD" "$@" 2>&1 | ninja_progress; }

# Programs are what the build puts into bin/, except tests.
program_targets() {
  ninja -C "$POS_BUILD" -t targets all |
    sed -n 's/^\(bin\/[^:]*\): CXX_EXECUTABLE_LINKER.*/\1/p' | grep -v '_test$' || true
}

# Progress as one line that changes (terminal) or as a line each ten seconds (log); all else
# (warnings, errors) as it comes.
ninja_progress() {
  local line last=-10
  while IFS= read -r line; do
    case $line in
      'ninja: '*directory* | 'ninja: no work to do.' | '-- '* | 'Re-checking '*) ;;
      '[0/'*) ;;
      '['[0-9]*/[0-9]*'] '*) progress last "building ${line%%]*}]" ;;
      *) printf '%s      %s\n' "$POS_CLEAR" "$line" ;;
    esac
  done
  printf '%s' "$POS_CLEAR"
}
