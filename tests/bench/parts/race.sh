# shellcheck shell=bash
# The race. One measurement each of the floor (a: separate statements, b: one function), of our T1
# alone (c) and of REST checkouts (d). Results are lines of JSON in $BENCH_RESULTS.

BENCH_RUN=0   # numbers every measurement: the keys of the floor's sales come from it
BENCH_ROUND=0

# race_note KIND CLIENTS JSON: adds a result.
race_note() {
  jq -c --arg kind "$1" --argjson clients "$2" --argjson round "$BENCH_ROUND" \
    --argjson load "$(load_average)" '{kind: $kind, clients: $clients, round: $round, load: $load} + .' \
    <<<"$3" >>"$BENCH_RESULTS"
  say "$(tail -n 1 "$BENCH_RESULTS" | jq -r '"  \(.kind) \(.clients) clients: \(.rate | round)/s" +
    " p50 \(.p50) ms, p99 \(.p99) ms" +
    ", CPU \([.cpu | to_entries[] |
      select(.key | startswith("pg:") or . == "load" | not) | .value] | add // 0 | round) us" +
    (if .drain then ", applied \(.drain) s after the last" else "" end) +
    (if .counts == false then " - DOES NOT COUNT: \(.why)" else "" end)')"
}

# race_checkpoint: each measurement pays for its own full-page images.
race_checkpoint() { suite_sql CHECKPOINT; }

# race_pgbench KIND CLIENTS SALES SCRIPT [OPTIONS...]: SALES is how many a transaction holds.
race_pgbench() {
  local kind=$1 clients=$2 sales=$3 script=$4 log cpu wal out
  shift 4
  race_checkpoint
  BENCH_RUN=$((BENCH_RUN + 1))
  log=$(mktemp -d "$SUITE_FOLDER/pgbench.XXXXXX")
  chmod 0777 "$log"
  cp "$script" "$log/script"
  chmod 0644 "$log/script"
  cpu=$(measure_cpu)
  wal=$(measure_database)
  out=$(bench_pg pgbench -n -M prepared -f "$log/script" -c "$clients" -j $((clients < 2 ? 1 : 2)) \
    -T "$BENCH_SECONDS" -D n=0 -D run="$BENCH_RUN" -l --log-prefix="$log/l" "$@" 2>&1) ||
    fail "pgbench: $(head -n 5 <<<"$out")"
  race_note "$kind" "$clients" \
    "$(race_pgbench_result "$log" "$out" "$sales" "$cpu" "$(measure_cpu)" "$wal" "$(measure_database)")"
  rm -rf "$log"
}

# Latencies are in the third column of pgbench's log, in microseconds.
race_pgbench_result() {
  local log=$1 out=$2 sales=$3 count
  count=$(cat "$log"/l.* | wc -l)
  cat "$log"/l.* | cut -d ' ' -f 3 | LC_ALL=C sort -n |
    awk '{ v[NR] = $1 } function at(share) { i = int(share * NR); return v[i < 1 ? 1 : i] / 1000 }
      END { printf "{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f}", at(0.5), at(0.95), at(0.99) }' |
    jq -c --argjson rate "$(sed -n 's/^tps = \([0-9.]*\) .*/\1/p' <<<"$out")" --argjson sales "$sales" \
      --argjson cpu "$(measure_per "$4" "$5" $((count * sales)))" \
      --argjson wal "$(measure_per "$6" "$7" $((count * sales)))" \
      '. + {rate: ($rate * $sales), cpu: $cpu} + $wal'
}

# race_floor KIND CLIENTS SCRIPT PRODUCTS [SCHEMA]: statements or function; floor or lean.
race_floor() {
  local script=$SUITE_FOLDER/floor.pgbench
  sed "s/floor\./${5:-floor}./g" "$BENCH_FOLDER/sql/$3.pgbench" >"$script"
  race_pgbench "$1" "$2" 1 "$script" -D products="$4"
}

# race_t1 KIND CLIENTS SALES: T1 alone, on empty tables.
race_t1() {
  local clients=$2 n=$3 values value options=() script=$SUITE_FOLDER/t1.pgbench
  mapfile -t values < <(suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -v n="$n" <"$BENCH_FOLDER/sql/t1_values.sql")
  [ ${#values[@]} -gt 0 ] || fail "no sale to take T1's arguments from"
  for value in "${values[@]}"; do options+=(-D "$value"); done
  bench_pg psql -X -qAt -v ON_ERROR_STOP=1 -v known="$(printf '%s\n' "${values[@]%%=*}" | xargs)" \
    <"$BENCH_FOLDER/sql/t1_script.sql" >"$script"
  bench_pg psql -X -qAt -v ON_ERROR_STOP=1 -v clients="$clients" -v n="$n" -v tenant="$TENANT" \
    <"$BENCH_FOLDER/sql/t1_reset.sql"
  BENCH_PGOPTIONS='-c role=transaction_rw -c search_path=transaction' \
    race_pgbench "$1" "$clients" "$n" "$script" -D no=0 -D size="$n" "${options[@]}"
}

# bench_load REQUEST CLIENTS [OPTIONS...]: requests through the gateway; answers as JSON.
bench_load() {
  local request=$1 clients=$2
  shift 2
  "$BENCH_LOAD" --port $((8080 + SUITE_SHIFT)) --clients "$clients" --seconds "$BENCH_SECONDS" --seed "$RANDOM" \
    --token-file "$BENCH_LISTS/token" --request "$BENCH_LISTS/$request.request" \
    --own "register=$BENCH_LISTS/register" --draw "variant=$BENCH_LISTS/variant" \
    --draw "product=$BENCH_LISTS/product" "$@"
}

# bench_rpc SERVICE REQUEST CLIENTS: the same to a service's own port, as the gateway would call it.
bench_rpc() {
  local service=$1 request=$2 clients=$3 port
  port=$(awk -v name="$service" '$1 == name { print $3 }' "$SUITE_ROOT/tools/pos/services.conf")
  suite_as_owner "$BENCH_RPC" --service "$service" --address "127.0.0.1:$((port + SUITE_SHIFT))" \
    --ca "$SUITE_STATE/ca/ca.pem" --certificate "$SUITE_STATE/tls/gateway/cert.pem" \
    --key "$SUITE_STATE/tls/gateway/key.pem" --clients "$clients" --seconds "$BENCH_SECONDS" --seed "$RANDOM" \
    --token-file "$BENCH_LISTS/token" --request "$BENCH_LISTS/$request.request" \
    --own "register=$BENCH_LISTS/register" --draw "variant=$BENCH_LISTS/variant" \
    --draw "product=$BENCH_LISTS/product"
}

# race_rest KIND CLIENTS VARIANTS: checkouts through the gateway, everything running.
race_rest() { race_sales "$1" "$2" bench_load sale "$2" --draw "variant=$BENCH_LISTS/$3"; }

# race_sales KIND CLIENTS LOAD...: what the command LOAD sells, until it is applied everywhere. With
# BENCH_STATISTICS also what PostgreSQL counts late.
race_sales() {
  local kind=$1 clients=$2 cpu wal late first load applied result
  shift 2
  world_token
  race_checkpoint
  first=$(uuid)
  [ -z "${BENCH_STATISTICS:-}" ] || late=$(measure_statistics)
  wal=$(measure_database)
  cpu=$(measure_cpu)
  load=$("$@")
  applied=$(race_applied "$first" "$(jq .ok <<<"$load")")
  result=$(race_sales_result "$load" "$applied" "$cpu" "$(measure_cpu)" "$wal" "$(measure_database)")
  if [ -n "${BENCH_STATISTICS:-}" ]; then
    measure_settle
    late=$(measure_per "$late" "$(measure_statistics)" "$(jq .ok <<<"$load")")
    result=$(jq -c --argjson late "$late" '. + $late' <<<"$result")
  fi
  race_note "$kind" "$clients" "$result"
}

# race_applied FIRST SALES [LINES]: waits until all sales with ids from FIRST on have their stock (of
# three lines each unless LINES in all are said) and report rows: SECONDS SALES FACTS MOVEMENTS.
race_applied() {
  suite_pg psql -X -qAt -F ' ' -v ON_ERROR_STOP=1 -v tenant="$TENANT" -v first="$1" -v sales="$2" \
    -v lines="${3:-$((3 * $2))}" <"$BENCH_FOLDER/sql/applied.sql"
}

# A measurement counts only if all sales are there, applied within a second, and nothing failed.
race_sales_result() {
  local load=$1 seconds sales facts movements
  read -r seconds sales facts movements <<<"$2"
  jq -c --argjson drain "$seconds" --argjson sales "$sales" --argjson facts "$facts" \
    --argjson movements "$movements" \
    --argjson cpu "$(measure_per "$3" "$4" "$(jq .ok <<<"$load")")" \
    --argjson wal "$(measure_per "$5" "$6" "$(jq .ok <<<"$load")")" '
    (.lines // 3 * .ok) as $lines
    | {rate, p50, p95, p99, max, ok, drain: $drain,
      cpu: ($cpu + {load: (.cpuUs / .ok * 10 | round / 10)})} + $wal +
    if .ok != .sent then {counts: false, why: "answers: \(.byStatus), lost \(.lost), timed out \(.timedOut)"}
    elif $sales != .ok or $facts != .ok or $movements != $lines then
      {counts: false, why: ("\(.ok) sales acknowledged, \($sales) stored, " +
      "\($facts) reported, \($movements) of \($lines) movements")}
    elif $drain > 1 then {counts: false, why: "events were applied too late"}
    else {counts: true} end' <<<"$load"
}

# race_reads KIND CLIENTS LOAD...: the same for requests that change nothing.
race_reads() {
  local kind=$1 clients=$2 cpu load
  shift 2
  world_token
  cpu=$(measure_cpu)
  load=$("$@")
  race_note "$kind" "$clients" "$(jq -c --argjson cpu \
    "$(measure_per "$cpu" "$(measure_cpu)" "$(jq .ok <<<"$load")")" '
    {rate, p50, p95, p99, max, ok, cpu: ($cpu + {load: (.cpuUs / .ok * 10 | round / 10)})} +
    if .ok != .sent then {counts: false, why: "answers: \(.byStatus), lost \(.lost), timed out \(.timedOut)"}
    else {counts: true} end' <<<"$load")"
}
