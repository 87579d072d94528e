# shellcheck shell=bash
# Copies what runs into the state folder: programs, the helper scripts of the processes, web files.
# A running process keeps its old file until it is restarted, so a build never disturbs it.

# program_hash NAME: identifies the installed program; part of the supervisor entry, so that a new
# program means a restart of that process and of no other.
program_hash() { as_owner cat "bin/$1.sha256" 2>/dev/null || true; }

# install_program NAME: copies when time or size differ. A test brings programs of its own in
# POS_TEST_PROGRAMS.
install_program() {
  local name=$1 built="$POS_BUILD/bin/$1" stamp
  [ ! -x "${POS_TEST_PROGRAMS:+$POS_TEST_PROGRAMS/$name}" ] || built=$POS_TEST_PROGRAMS/$name
  [ -x "$built" ] || die "the build made no program $name ($built)"
  stamp=$(stat -c '%Y %s' "$built")
  [ "$(as_owner stat -c '%Y %s' "bin/$name" 2>/dev/null)" != "$stamp" ] || return 0
  # shellcheck disable=SC2016
  as_owner sh -c '
    set -e
    cat >"bin/$1.new"
    chmod 0700 "bin/$1.new"
    touch -d "@$2" "bin/$1.new"
    sha256sum <"bin/$1.new" | cut -c1-16 >"bin/$1.sha256.new"
    mv -f "bin/$1.new" "bin/$1"
    mv -f "bin/$1.sha256.new" "bin/$1.sha256"
    rm -f "bin/$1.settings"' - "$name" "${stamp% *}" <"$built"
}

install_programs() {
  local name
  for name in $(services) db; do install_program "cloudpos-$name"; done
}

# replace_folder SOURCE NAME: folder NAME of the state becomes a copy of SOURCE, if it differs.
replace_folder() {
  local source=$1 name=$2 stamp
  stamp=$(cd "$source" && find . -type f -exec stat -c '%n %Y %s' {} + | LC_ALL=C sort | sha256sum)
  [ "$(as_owner cat "$name.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  # shellcheck disable=SC2016
  tar -C "$source" -cf - . | as_owner sh -c '
    set -e
    rm -rf "$1.new" "$1.old"
    mkdir "$1.new"
    tar -C "$1.new" --no-same-owner -xf -
    [ ! -e "$1" ] || mv "$1" "$1.old"
    mv "$1.new" "$1"
    rm -rf "$1.old"' - "$name"
  printf '%s\n' "$stamp" | put "$name.stamp"
}

install_files() {
  replace_folder tools/pos/state tools
  [ ! -d web/dist ] || replace_folder web/dist web
}
