# shellcheck shell=bash
# A suite that faults can be made in: programs with faults compiled in, each way between two
# processes through the fault proxy. Sourced by `run`, after tests/integration/suite.sh.

CHAOS_PROGRAMS=${POS_TEST_PROGRAMS:-$(dirname "$SUITE_BIN")/faulty}
CHAOS_FAULTS=  # folder of the switches of libs/faults
CHAOS_PROXY=   # control socket
CHAOS_PROXY_PID=

# Each way that can fail, what it leads to, and the proxy's port: the target's and 50, those to
# PostgreSQL 40 and more.
chaos_edges() {
  local s=$SUITE_SHIFT
  printf '%s\n' "gateway=$((8130 + s)):127.0.0.1:$((8080 + s))" \
    "auth=$((7151 + s)):127.0.0.1:$((7101 + s))" \
    "inventory=$((7152 + s)):127.0.0.1:$((7102 + s))" \
    "transaction=$((7153 + s)):127.0.0.1:$((7103 + s))" \
    "reporting=$((7157 + s)):127.0.0.1:$((7107 + s))" \
    "redis=$((6440 + s)):127.0.0.1:$((6390 + s))" \
    "pg-auth=$((5480 + s)):127.0.0.1:$((5440 + s))" \
    "pg-inventory=$((5481 + s)):127.0.0.1:$((5440 + s))" \
    "pg-transaction=$((5482 + s)):127.0.0.1:$((5440 + s))" \
    "pg-reporting=$((5483 + s)):127.0.0.1:$((5440 + s))"
}

# As many calls as the workload likes: the limits have tests of their own.
chaos_settings() {
  local name s=$SUITE_SHIFT
  for name in READ WRITE REPORT; do
    printf '%s\n' "CLOUDPOS_RATE_${name}_PER_SECOND=1000" "CLOUDPOS_RATE_${name}_BURST=1000"
  done
  # Two lanes, as on a larger machine: their transactions end in any order.
  printf '%s\n' CLOUDPOS_RATE_AUTH_PER_MINUTE=1000 CLOUDPOS_LOG_LEVEL=warn CLOUDPOS_SALE_LANES=2 \
    "CLOUDPOS_AUTH_ADDR=127.0.0.1:$((7151 + s))" "CLOUDPOS_INVENTORY_ADDR=127.0.0.1:$((7152 + s))" \
    "CLOUDPOS_TRANSACTION_ADDR=127.0.0.1:$((7153 + s))" \
    "CLOUDPOS_REPORTING_ADDR=127.0.0.1:$((7157 + s))"
}

# chaos_start: the proxy, then the suite; quiet unless it fails.
chaos_start() {
  local edges settings
  suite_prepare
  trap chaos_stop EXIT
  CHAOS_FAULTS=$SUITE_FOLDER/faults
  CHAOS_PROXY=$SUITE_FOLDER/proxy.sock
  mapfile -t edges < <(chaos_edges)
  mapfile -t settings < <(chaos_settings)
  "$CHAOS_PROGRAMS/fault-proxy" --control "$CHAOS_PROXY" "${edges[@]}" >"$SUITE_FOLDER/proxy.log" 2>&1 &
  CHAOS_PROXY_PID=$!
  # What PostgreSQL's user can read.
  install -m 0755 "$CHAOS_PROGRAMS/disk-full.so" "$SUITE_FOLDER/disk-full.so"
  POS_TEST_PROGRAMS=$CHAOS_PROGRAMS POS_TEST_FAULTS=$CHAOS_FAULTS \
    POS_TEST_PG_PRELOAD=$SUITE_FOLDER/disk-full.so POS_TEST_DISK_FULL=$CHAOS_FAULTS/disk/full \
    suite_pos up "${settings[@]}" >"$SUITE_FOLDER/up.log" 2>&1 || {
    cat "$SUITE_FOLDER/up.log" >&2
    exit 1
  }
  # The programs rename what is in there.
  local owner
  owner=$(stat -c %U "$SUITE_STATE")
  install -d -m 0711 "$CHAOS_FAULTS"
  install -d -m 0700 -o "$owner" "$CHAOS_FAULTS"/{point,fired,bug,clock,disk}
  chaos_reroute
}

# chaos_reroute: PostgreSQL and Redis through the proxy, too. `up` writes these files; the services
# read them when they start.
chaos_reroute() {
  local service port=$((5480 + SUITE_SHIFT)) kind file
  for service in auth inventory transaction reporting; do
    for kind in rw worker; do
      file=$SUITE_STATE/secrets/pg/${service}_$kind.dsn
      sed -i -E "s|^host='[^']*' port=[0-9]+|host=127.0.0.1 port=$port sslmode=disable gssencmode=disable|" "$file"
    done
    port=$((port + 1))
  done
  sed -i "s|:$((6390 + SUITE_SHIFT))|:$((6440 + SUITE_SHIFT))|" "$SUITE_STATE/secrets/redis.url"
  suite_ctl restart auth inventory transaction reporting gateway >/dev/null
}

chaos_stop() {
  [ -z "${POS_TEST_KEEP:-}" ] || return 0
  suite_stop
  [ -n "$CHAOS_PROXY_PID" ] || return 0
  kill "$CHAOS_PROXY_PID" 2>/dev/null || true
  wait "$CHAOS_PROXY_PID" 2>/dev/null || true
  CHAOS_PROXY_PID=
}
