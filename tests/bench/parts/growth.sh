# shellcheck shell=bash
# What a sale costs when millions are stored: row_growth. CPU per sale with few sales stored and with
# BENCH_GROWTH, the floor beside both times, so that a machine that became slower is seen.

readonly BENCH_GROWTH_DAY=${BENCH_GROWTH_DAY:-10000} # sales that are copied, "a day's"

row_growth() {
  local BENCH_ROUND=0 begun bytes few many
  growth_sell_a_day
  few=$(growth_stored)
  growth_measure before
  begun=$EPOCHSECONDS
  bytes=$(growth_copy)
  many=$(growth_stored)
  growth_measure after
  row_note growth_load "$(jq -n --argjson few "$few" --argjson many "$many" --argjson bytes "$bytes" \
    --argjson seconds $((EPOCHSECONDS - begun)) '{stored_before: $few, stored_after: $many,
    bytes_per_sale: $bytes, load_seconds: $seconds}')"
}

growth_stored() { suite_sql "SELECT count(*) FROM transaction.sales WHERE tenant_id = '$TENANT'"; }

growth_sell_a_day() {
  while [ "$(growth_stored)" -lt "$BENCH_GROWTH_DAY" ]; do
    BENCH_ROUND=0 race_rest warm-up 16 variant
  done
}

# growth_measure before|after
growth_measure() {
  for ((BENCH_ROUND = 1; BENCH_ROUND <= BENCH_ROUNDS; ++BENCH_ROUND)); do
    race_floor "b_$1" 32 function "$BENCH_PRODUCTS"
    race_rest "d_$1" 32 variant
  done
}

growth_bytes() {
  suite_sql "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'
    AND relnamespace::regnamespace::text IN ('transaction', 'inventory', 'reporting')
    AND relname NOT LIKE 'outbox%'"
}

# growth_copy: says how many bytes a stored sale takes. Ends where the disk would not hold it.
growth_copy() {
  local days=$(((BENCH_GROWTH + BENCH_GROWTH_DAY - 1) / BENCH_GROWTH_DAY)) first before per_sale
  first=$((days < 5 ? days : 5))
  suite_pg psql -X -qAt -v ON_ERROR_STOP=1 -v tenant="$TENANT" -v sales="$BENCH_GROWTH_DAY" \
    -v days="$days" <"$BENCH_FOLDER/sql/growth.sql"
  before=$(growth_bytes)
  growth_copy_days "$days" $((days - first + 1))
  per_sale=$((($(growth_bytes) - before) / (first * BENCH_GROWTH_DAY)))
  growth_check_disk $((per_sale * BENCH_GROWTH))
  growth_copy_days $((days - first)) 1
  say "  vacuum"
  suite_sql 'VACUUM ANALYZE'
  suite_sql CHECKPOINT
  printf '%s\n' "$per_sale"
}

# growth_copy_days LAST FIRST: the oldest first, two at once. Foreign keys are not asked.
growth_copy_days() {
  local half halves=()
  for half in 0 1; do
    growth_half "$half" "$1" "$2" | suite_pg env PGOPTIONS='-c session_replication_role=replica' \
      psql -X -q -v ON_ERROR_STOP=1 >&2 &
    halves+=($!)
  done
  for half in "${halves[@]}"; do wait "$half" || fail "sales could not be copied"; done
}

# growth_half HALF LAST FIRST: statements for every other of these days; half 0 says how many are left.
growth_half() {
  local day every=$((($2 - $3) / 20 + 1))
  for ((day = $2; day >= $3; --day)); do
    [ "$1" -ne 0 ] || [ $((day % every)) -ne 0 ] || printf "\\\\echo '  days to copy: %d'\n" $((day - $3 + 1))
    [ $((day % 2)) -ne "$1" ] || printf 'CALL growth.copy_day(%d);\n' "$day"
  done
}

growth_check_disk() {
  local free
  free=$(($(df --output=avail -B1 "$SUITE_FOLDER" | tail -n 1)))
  say "  $BENCH_GROWTH sales take $(($1 / 1000000)) MB, $((free / 1000000)) MB are free"
  [ $(($1 + $1 / 10 + 4000000000)) -lt "$free" ] ||
    fail "$BENCH_GROWTH stored sales need $(($1 / 1000000)) MB and 4 GB beside"
}
