# shellcheck shell=bash
# CPU by process from the kernel's accounting; commits, WAL and flushes from PostgreSQL's.

readonly MEASURE_SERVICES="gateway auth inventory transaction reporting"
declare -A MEASURE_PIDS=()

measure_find_processes() {
  local name
  for name in $MEASURE_SERVICES postgres redis; do
    MEASURE_PIDS[$name]=$(suite_ctl pid "$name")
  done
  MEASURE_PIDS[supervisord]=$(suite_as_owner cat "$SUITE_STATE/run/supervisord.pid")
}

# measure_cpu: microseconds since its start, NAME VALUE per line. PostgreSQL's is that of the
# postmaster, of its children and of those that ended; by application beside it.
measure_cpu() {
  local name pids
  for name in $MEASURE_SERVICES redis supervisord; do
    printf '%s %s\n' "$name" "$(measure_ticks 2 "${MEASURE_PIDS[$name]}")"
  done
  mapfile -t pids < <(pgrep -P "${MEASURE_PIDS[postgres]}")
  printf 'postgres %s\n' "$(($(measure_ticks 4 "${MEASURE_PIDS[postgres]}") + $(measure_ticks 2 "${pids[@]}")))"
  measure_backends
}

# measure_ticks FIELDS PID...: user and system time; with 4 fields that of ended children as well.
measure_ticks() {
  local fields=$1 pid
  shift
  for pid in "$@"; do cat "/proc/$pid/stat" 2>/dev/null || true; done |
    awk -v fields="$fields" '{
      sub(/.*\) /, "") # the name may hold spaces
      for (i = 0; i < fields; i++) sum += $(12 + i)
    } END { printf "%.0f\n", sum * 10000 }'
}

measure_backends() {
  local pid name
  while read -r pid name; do
    printf '%s %s\n' "$name" "$(measure_ticks 2 "$pid")"
  done < <(suite_sql "SELECT pid, 'pg:' || replace(coalesce(nullif(application_name, ''), backend_type), ' ', '_')
    FROM pg_stat_activity WHERE pid <> pg_backend_pid()" | tr '|' ' ') |
    awk '{ sum[$1] += $2 } END { for (name in sum) print name, sum[name] }'
}

# measure_per BEFORE AFTER COUNT: the difference of two measure_cpu per COUNT, as JSON.
measure_per() {
  awk -v count="$3" 'NR == FNR { before[$1] = $2; next }
    { if ($2 > before[$1]) printf "%s %.2f\n", $1, ($2 - before[$1]) / count }' \
    <(printf '%s\n' "$1") <(printf '%s\n' "$2") |
    jq -Rn '[inputs / " " | {(.[0]): (.[1] | tonumber)}] | add // {}'
}

# measure_database: exact counters, NAME VALUE: bytes of WAL and transactions that wrote.
measure_database() {
  suite_sql "SELECT 'wal_bytes', pg_current_wal_insert_lsn() - '0/0'
    UNION ALL SELECT 'writes', pg_snapshot_xmax(pg_current_snapshot())::text::numeric" | tr '|' ' '
}

# measure_statistics: counters that backends hand in when they have been idle for up to ten seconds:
# measure_settle comes first.
measure_statistics() {
  suite_sql "SELECT 'flushes', wal_sync FROM pg_stat_wal
    UNION ALL SELECT 'commits', xact_commit FROM pg_stat_database WHERE datname = 'cloudpos'" | tr '|' ' '
}
measure_settle() { sleep "$BENCH_SETTLE"; }

# measure_rss: resident megabytes by process, as JSON; PostgreSQL's as the sum of what is its own
# (its shared memory counted once).
measure_rss() {
  local name pid
  {
    for name in $MEASURE_SERVICES redis; do
      awk -v name="$name" '/^Rss:/ { printf "%s %.1f\n", name, $2 / 1024 }' "/proc/${MEASURE_PIDS[$name]}/smaps_rollup"
    done
    for pid in "${MEASURE_PIDS[postgres]}" $(pgrep -P "${MEASURE_PIDS[postgres]}"); do
      cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
    done | awk '/^Pss:/ { sum += $2 } END { printf "postgres %.1f\n", sum / 1024 }'
  } | jq -Rn '[inputs / " " | {(.[0]): (.[1] | tonumber)}] | add'
}

load_average() { cut -d ' ' -f 1 /proc/loadavg; }
