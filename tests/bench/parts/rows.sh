# shellcheck shell=bash
# The rows beside the race: row_NAME measures one and leaves its figures with row_note.

# row_note NAME JSON
row_note() {
  jq -nc --arg row "$1" --argjson value "$2" '{row: $row, value: $value}' >>"$BENCH_RESULTS"
  say "  $1: $2"
}

row_rss_idle() { row_note rss_idle_mb "$(measure_rss)"; }
row_rss_loaded() { row_note rss_loaded_mb "$(measure_rss)"; }

# row_commits: at one client, of a sale's own path (the consumers, whose commits are as many as
# their batches, stand still meanwhile) and with everything running; what happens while nobody sells
# is taken off. Commits are transactions that wrote (each took an id, and waited for the disk);
# transactions are all that ended well, each look at a table included.
row_commits() {
  local path total
  suite_ctl stop inventory reporting >/dev/null
  path=$(commits_of_one_client)
  suite_ctl start inventory reporting >/dev/null
  suite_pos up >/dev/null 2>&1
  measure_find_processes
  total=$(commits_of_one_client)
  row_note commits_per_sale_1 "$(jq .commits <<<"$path")"
  row_note commits_1 "$(jq -nc --argjson path "$path" --argjson total "$total" \
    '{of_the_sale: $path, with_consumers: $total}')"
}

# commits_of_one_client: per sale, less what is idle, as JSON.
commits_of_one_client() {
  local idle idle_s before before_s load after after_s
  world_token
  measure_settle
  idle=$(measure_commits) idle_s=$EPOCHREALTIME
  measure_settle
  before=$(measure_commits) before_s=$EPOCHREALTIME
  load=$("$BENCH_LOAD" --port $((8080 + SUITE_SHIFT)) --clients 1 --seconds "$BENCH_SECONDS" \
    --token-file "$BENCH_LISTS/token" --request "$BENCH_LISTS/sale.request" --seed "$RANDOM" \
    --own "register=$BENCH_LISTS/register" --draw "variant=$BENCH_LISTS/variant")
  measure_settle
  after=$(measure_commits) after_s=$EPOCHREALTIME
  jq -nc --argjson sales "$(jq .ok <<<"$load")" --argjson idle "$idle" --argjson before "$before" \
    --argjson after "$after" --argjson idle_s "$idle_s" --argjson before_s "$before_s" \
    --argjson after_s "$after_s" '
    def per_sale(name): (($before[name] - $idle[name]) / ($before_s - $idle_s)) as $per_second
      | ($after[name] - $before[name] - $per_second * ($after_s - $before_s)) / $sales
      | . * 100 | round / 100;
    {commits: per_sale("writes"), transactions: per_sale("commits"), sales: $sales,
     idle_commits_per_second: (($before.writes - $idle.writes) / ($before_s - $idle_s) | round)}'
}

# measure_commits: both counters, as JSON.
measure_commits() {
  { measure_database && measure_statistics; } |
    jq -Rn '[inputs / " " | {(.[0]): (.[1] | tonumber)}] | add'
}

# row_bytes: what T1 stores and logs: the tables of the copy after it recorded, 16 at a time.
row_bytes() {
  local sales wal
  race_t1 bytes 2 16
  wal=$(tail -n 1 "$BENCH_RESULTS" | jq .wal_bytes)
  sales=$(bench_pg psql -X -qAt -c 'SELECT count(*) FROM transaction.sales')
  row_note t1_bytes_per_sale "$(bench_pg psql -X -qAt -v ON_ERROR_STOP=1 -c "
    SELECT json_object_agg(relname, round(bytes / $sales)) FROM (
      SELECT regexp_replace(relname, '_(default|\\d+)\$', '') AS relname,
        sum(pg_total_relation_size(c.oid))::numeric AS bytes
      FROM pg_class AS c WHERE relnamespace = 'transaction'::regnamespace AND relkind = 'r'
      GROUP BY 1 HAVING sum(pg_total_relation_size(c.oid)) > 100000) AS t" |
    jq -c --argjson wal "$wal" '{stored: add, tables: ., wal: $wal}')"
}

# row_hot: everybody sells the same 21 products.
row_hot() {
  local BENCH_ROUND
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_floor a_hot 32 statements 21
    race_floor b_hot 32 function 21
    race_rest d_hot 32 hot
  done
}

# row_lean: the floor without foreign keys.
row_lean() {
  local BENCH_ROUND
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_floor a_lean 32 statements "$BENCH_PRODUCTS" lean
    race_floor b_lean 32 function "$BENCH_PRODUCTS" lean
  done
}

# rest_read NAME CLIENTS: reads of NAME.request.
rest_read() {
  world_token
  "$BENCH_LOAD" --port $((8080 + SUITE_SHIFT)) --clients "$2" --seconds "$BENCH_SECONDS" \
    --token-file "$BENCH_LISTS/token" --request "$BENCH_LISTS/$1.request" --seed "$RANDOM" \
    --draw "product=$BENCH_LISTS/product"
}

# row_reads: a product through the gateway against its row by key.
row_reads() {
  local rest sql
  rest=$(rest_read product 32)
  sql=$(bench_pg pgbench -n -M prepared -f "$BENCH_FOLDER/sql/read.pgbench" -c 32 -j 2 -T "$BENCH_SECONDS" 2>&1 |
    sed -n 's/^tps = \([0-9.]*\) .*/\1/p')
  row_note product_reads "$(jq -c --argjson sql "$sql" '{rest: (.rate | round), p99_ms: .p99,
    sql: ($sql | round), ratio: (.rate / $sql * 100 | round / 100)}' <<<"$rest")"
}

# row_latency: open loop, at 10, 100 and 500 sales/s and at half of what 32 clients reached; how old
# what the reports and the stock know is meanwhile.
row_latency() {
  local rate half load lag
  half=$(jq -s 'map(select(.kind == "d" and .clients == 32) | .rate) | sort |
    .[(length - 1) / 2 | floor] / 2 | round' "$BENCH_RESULTS")
  for rate in 10 100 500 "$half"; do
    world_token
    lag=$SUITE_FOLDER/lag
    row_watch_lag >"$lag" &
    load=$("$BENCH_LOAD" --port $((8080 + SUITE_SHIFT)) --clients 128 --seconds "$BENCH_SECONDS" --rate "$rate" \
      --token-file "$BENCH_LISTS/token" --request "$BENCH_LISTS/sale.request" --seed "$RANDOM" \
      --own "register=$BENCH_LISTS/register" --draw "variant=$BENCH_LISTS/variant")
    wait $!
    row_note "open_loop_$([ "$rate" = "$half" ] && echo half || echo "$rate")" "$(jq -c --argjson offered "$rate" \
      --argjson lag "$(cat "$lag")" '{offered: $offered, rate: (.rate | round), p50, p95, p99, max} + $lag' <<<"$load")"
  done
}

# row_watch_lag: each 20 ms, how long ago the newest sale of the reports and of the stock ledger was
# begun by its client (ids hold the time): an upper bound of the way from sale to report row.
row_watch_lag() {
  sleep 1
  suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -v tenant="$TENANT" -v seconds="$((BENCH_SECONDS - 2))" \
    <"$BENCH_FOLDER/sql/lag.sql"
}

# row_start: from ./pos up on a built tree, with everything stopped, to ready.
row_start() {
  local begun
  suite_pos down >/dev/null
  begun=$(date +%s%N)
  suite_pos up >/dev/null 2>&1
  row_note start_seconds "$((($(date +%s%N) - begun) / 10000000))e-2"
  measure_find_processes
}
