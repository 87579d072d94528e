# shellcheck shell=bash
# The rows beside the race: row_NAME measures one. What it measures several times goes where the
# race's measurements go, and the report makes the row of it (report.jq); single figures are left with
# row_note.

# row_note NAME JSON
row_note() {
  jq -nc --arg row "$1" --argjson value "$2" '{row: $row, value: $value}' >>"$BENCH_RESULTS"
  say "  $1: $2"
}

row_rss_idle() { row_note rss_idle_mb "$(measure_rss)"; }
row_rss_loaded() { row_note rss_loaded_mb "$(measure_rss)"; }

# row_commits: at one client, of a sale's own path (all who read its events stand still meanwhile,
# auth's collector of audit entries among them: their commits are as many as their batches) and with
# everything running; what happens while nobody sells is taken off. Commits are transactions that
# wrote (each took an id, and waited for the disk); transactions are all that ended well, each look
# at a table included.
row_commits() {
  local path total
  world_token
  suite_ctl stop auth inventory reporting >/dev/null
  path=$(commits_of_one_client)
  suite_pos up >/dev/null 2>&1
  measure_find_processes
  world_token
  total=$(commits_of_one_client)
  row_note commits_per_sale_1 "$(jq .commits <<<"$path")"
  row_note commits_1 "$(jq -nc --argjson path "$path" --argjson total "$total" \
    '{of_the_sale: $path, with_consumers: $total}')"
}

# commits_of_one_client: per sale, less what is idle, as JSON.
commits_of_one_client() {
  local idle idle_s before before_s load after after_s
  measure_settle
  idle=$(measure_commits) idle_s=$EPOCHREALTIME
  measure_settle
  before=$(measure_commits) before_s=$EPOCHREALTIME
  load=$(bench_load sale 1)
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
    jq -c --argjson wal "$wal" '. // {} | {stored: (add // 0), tables: ., wal: $wal}')"
}

# row_hot: everybody sells the same 21 products.
row_hot() {
  local BENCH_ROUND
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_floor a_hot 32 statements 21
    race_floor b_hot 32 function 21
    race_rest d_hot 32 hot
    race_rest d_spread 32 variant
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

# row_reads: a product through the gateway against a row by key.
row_reads() {
  local BENCH_ROUND
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_reads read_rest 32 bench_load product 32
    row_sql_read
  done
}

# Without a log of each transaction, which would cost more than they do.
row_sql_read() {
  local out
  out=$(bench_pg pgbench -n -M prepared -f "$BENCH_FOLDER/sql/read.pgbench" -c 32 -j 2 -T "$BENCH_SECONDS" 2>&1) ||
    fail "pgbench: $(head -n 5 <<<"$out")"
  race_note read_sql 32 "$(sed -n 's/^tps = \([0-9.]*\) .*/{"rate": \1, "cpu": {}}/p' <<<"$out")"
}

# row_grpc: checkouts and product reads through the gateway, and the same calls to the service itself.
row_grpc() {
  local BENCH_ROUND
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_rest sale_by_rest 8 variant
    race_sales sale_by_grpc 8 bench_rpc transaction rpc-sale 8
    race_reads read_by_rest 8 bench_load product 8
    race_reads read_by_grpc 8 bench_rpc inventory rpc-product 8
  done
}

# row_latency: open loop, at fixed rates once and at half of what the most clients reached.
row_latency() {
  local rate half BENCH_ROUND=1
  half=$(jq -s 'map(select(.kind == "d" and .counts) | {clients, rate}) | group_by(.clients) | .[-1] // [] |
    map(.rate) | sort | .[(length - 1) / 2 | floor] // 20 | . / 2 | round' "$BENCH_RESULTS")
  for rate in $BENCH_RATES; do row_open_loop "open_$rate" "$rate"; done
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do row_open_loop open_half "$half"; done
}

# row_open_loop KIND RATE: latencies, and how old what reports and stock know of is meanwhile.
row_open_loop() {
  local kind=$1 rate=$2 lag=$SUITE_FOLDER/lag
  race_sales "$kind" 128 row_open_load "$rate" "$lag"
  jq -c --argjson rate "$rate" --slurpfile lag "$lag" '. + {offered: $rate} + $lag[0]' \
    < <(tail -n 1 "$BENCH_RESULTS") >"$SUITE_FOLDER/line"
  sed -i '$d' "$BENCH_RESULTS"
  cat "$SUITE_FOLDER/line" >>"$BENCH_RESULTS"
  say "    lag of reports and stock: $(cat "$lag")"
}

row_open_load() {
  row_watch_lag >"$2" &
  bench_load sale 128 --rate "$1"
  wait $!
}

# row_watch_lag: each 20 ms, how long ago the newest sale of the reports and of the stock ledger was
# begun by its client (ids hold the time): an upper bound of the way from sale to report row.
row_watch_lag() {
  sleep 0.5
  suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -v tenant="$TENANT" \
    -v seconds="$((BENCH_SECONDS > 2 ? BENCH_SECONDS - 2 : 1))" <"$BENCH_FOLDER/sql/lag.sql"
}

# row_upload: BENCH_UPLOAD sales that a register made while it was offline, by UploadJournal in batches
# of 200 signed entries, one after the other; the register puts each answer on its disk.
row_upload() {
  local BENCH_ROUND
  TILL_COUNT=900 # codes apart from those of the registers that race
  world_token
  tills_start
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do row_upload_once "till$BENCH_ROUND"; done
}

row_upload_once() {
  local till=$1 first cpu wal begun took lines busy load
  world_token
  first=$(uuid)
  till_open "$till"
  till_does "$till" sell "$BENCH_UPLOAD" --offline
  race_checkpoint
  wal=$(measure_database)
  busy=$(row_gateway_seconds)
  cpu=$(measure_cpu)
  begun=$EPOCHREALTIME
  till_does "$till" upload
  took=$(jq -n "$EPOCHREALTIME - $begun")
  till_says "$till" .outcomes "{\"RECORDED\":$BENCH_UPLOAD}"
  lines=$(suite_sql "SELECT count(*) FROM transaction.sale_lines WHERE tenant_id = '$TENANT'
    AND sale_id >= '$first' AND variant_id <> '$POSTAGE'") # postage has no stock
  load=$(jq -n --argjson n "$BENCH_UPLOAD" --argjson s "$took" --argjson lines "$lines" \
    '{ok: $n, sent: $n, rate: ($n / $s), lines: $lines, cpuUs: 0}')
  load=$(race_sales_result "$load" "$(race_applied "$first" "$BENCH_UPLOAD" "$lines")" "$cpu" "$(measure_cpu)" \
    "$wal" "$(measure_database)")
  race_note upload 1 "$(jq -c --argjson s "$took" --argjson busy "$(jq -n "$(row_gateway_seconds) - $busy")" \
    '. + {seconds: $s, server_seconds: $busy}' <<<"$load")"
}

# Seconds that the gateway took to answer uploads so far.
row_gateway_seconds() {
  curl -fsS "http://127.0.0.1:$((9080 + SUITE_SHIFT))/metrics" |
    awk '/^cloudpos_gateway_http_seconds_sum.*:upload/ { sum += $NF } END { printf "%.6f\n", sum }'
}

# row_barcodes: lookups that come at their own rate, before and after BENCH_VARIANTS further variants.
row_barcodes() {
  local BENCH_ROUND
  sed 's/^/B/' < <(seq 1000001 $((1000000 + BENCH_PRODUCTS))) >"$BENCH_LISTS/barcode"
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do row_lookups barcode_few; done
  suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -v tenant="$TENANT" -v n="$BENCH_VARIANTS" \
    <"$BENCH_FOLDER/sql/variants.sql" >"$BENCH_LISTS/barcode"
  suite_sql 'VACUUM ANALYZE'
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do row_lookups barcode_many; done
}

row_lookups() {
  race_reads "$1" 32 bench_load barcode 32 --rate "$BENCH_LOOKUPS" --draw "barcode=$BENCH_LISTS/barcode"
}

# row_start: from ./pos up on a built tree, with everything stopped, to ready.
row_start() {
  local i begun
  for ((i = 0; i < BENCH_ROUNDS; ++i)); do
    suite_pos down >/dev/null
    begun=$EPOCHREALTIME
    suite_pos up >/dev/null 2>&1
    jq -nc --argjson s "$(jq -n "$EPOCHREALTIME - $begun")" '{start: $s}' >>"$BENCH_RESULTS"
  done
  say "  start: $(jq -c '.start // empty | . * 100 | round / 100' "$BENCH_RESULTS" | xargs) s"
  measure_find_processes
}
