# shellcheck shell=bash
# Debian packages: installs what tools/pos/packages.txt names and the machine lacks.

# missing_packages: one name per line.
missing_packages() {
  local package command wanted=() installed
  while read -r package command; do
    [[ -n $package && $package != \#* ]] || continue
    [ -z "$command" ] || ! command -v "$command" >/dev/null || continue
    wanted+=("$package")
  done <tools/pos/packages.txt
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do
    grep -qxF "ii $package" <<<"$installed" || printf '%s\n' "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "this needs Debian 12 (apt-get); missing: ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    die "packages are missing and there is no sudo; as root run: apt-get install ${missing[*]}"
  say "      installing ${#missing[@]} packages and what they need"
  without_clusters apt_install "${missing[@]}"
}

apt_install() {
  local log
  log=$(mktemp)
  # sudo drops the environment, hence env behind it.
  if ! { as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    apt-get -q update -o DPkg::Lock::Timeout=120 &&
    apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install "$@"' \
    - "$@" </dev/null 2>&1 | tee "$log" | apt_progress; }; then
    tail -n 25 "$log" >&2
    rm -f "$log"
    die "installing packages failed: ${missing[*]}"
  fi
  rm -f "$log"
}

# Turns apt's hundreds of lines into a few.
apt_progress() {
  local line last=-10 got=0 set_up=0
  while IFS= read -r line; do
    case $line in
      Get:*) progress last "downloaded $((++got))" ;;
      'Setting up '*) progress last "set up $((++set_up))" ;;
    esac
  done
  printf '%s' "$POS_CLEAR"
}

# without_clusters COMMAND...: runs it so that apt starts no server: no PostgreSQL cluster is made
# and no service of these packages is started. What we put in place for that we take away again,
# except the setting that keeps later upgrades from making a cluster.
without_clusters() {
  local policy=/usr/sbin/policy-rc.d createcluster=/etc/postgresql-common/createcluster.conf
  if [ ! -e "$createcluster" ]; then
    as_root mkdir -p "$(dirname "$createcluster")"
    printf 'create_main_cluster = false\n' | as_root tee "$createcluster" >/dev/null
  fi
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  (
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 0755 "$policy"
    "$@"
  )
}
