# shellcheck shell=bash
# From $BENCH_RESULTS to the figures, as JSON or as tables.

# report_json: the seven figures by name, and everything they come from.
report_json() {
  jq -s --argjson rows "$(report_rows)" --argjson machine "$(report_machine)" \
    "$(cat "$BENCH_FOLDER/parts/report.jq")"'
    ([.[].start // empty] | median | rounded(1)) as $start
    | map(select(.kind != null and .kind != "warm-up")) as $race
    | ($race | summary) as $summary
    | def rate($kind; $clients): $summary | map(select(.kind == $kind and .clients == $clients)) | .[0].rate;
    ($race | cpu_by_process("d"; 32)) as $cpu
    | {
      rest_over_pgbench_statements_32: ratio(rate("d"; 32); rate("a"; 32)),
      rest_over_pgbench_function_32: ratio(rate("d"; 32); rate("b"; 32)),
      cpu_us_per_sale: ($cpu | if . == {} then null else sum_cpu | rounded(0) end),
      commits_per_sale_1: ($rows.commits_per_sale_1 // null),
      wal_flushes_per_sale_32: ($race | middle("d"; 32; .flushes) | rounded(2)),
      gateway_cpu_us: $cpu.gateway,
      rss_mb: ($rows.rss_idle_mb | if . == null then null else
        del(.postgres, .redis) | add | rounded(0) end),
      ratios: ([$summary[] | .clients] | unique | map(. as $n | select(rate("d"; $n) != null) | {
        clients: $n,
        over_statements: ratio(rate("d"; $n); rate("a"; $n)),
        over_function: ratio(rate("d"; $n); rate("b"; $n)),
        over_t1: ratio(rate("d"; $n); rate("c"; $n)),
        over_t1_by_16: ratio(rate("d"; $n); rate("c16"; (if $n < 32 then 1 else $n / 16 end)))})),
      cpu_us_by_process_32: $cpu,
      measurements: $summary,
      rows: (($rows | del(.commits_per_sale_1)) +
        ($race | derived + open_loop) +
        (if $start == null then {} else {start_seconds: $start} end)),
      failures: ($race | map(select(.counts == false and .why != "events were applied too late") |
        {kind, clients, why})),
      machine: $machine}' "$BENCH_RESULTS"
}

# report_rows: the single figures that rows left, one object.
report_rows() { jq -s 'map(select(.row != null) | {(.row): .value}) | add // {}' "$BENCH_RESULTS"; }

report_machine() {
  jq -n --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --argjson cores "$(nproc)" \
    --arg postgres "$(suite_sql 'SHOW server_version')" --arg settings "$(suite_sql "
      SELECT string_agg(name || '=' || current_setting(name), ' ') FROM unnest(ARRAY['fsync',
      'synchronous_commit', 'full_page_writes', 'wal_compression', 'shared_buffers']) AS name")" \
    --argjson seconds "$BENCH_SECONDS" --argjson rounds "$BENCH_ROUNDS" \
    '{cpu: $cpu, cores: $cores, postgres: $postgres, settings: $settings, seconds: $seconds, rounds: $rounds}'
}

report() {
  local json
  json=$(report_json)
  if [ "$BENCH_FORMAT" = json ]; then
    printf '%s\n' "$json"
  else
    jq -r "$(cat "$BENCH_FOLDER/parts/table.jq")" <<<"$json"
  fi
}
