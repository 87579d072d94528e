# shellcheck shell=bash
# shellcheck disable=SC2034  # set for who sources this
# The suite under test: a shop with a register per client, limits raised by configuration (the
# limiter runs), and beside it in the same cluster a database `bench` with the floor and a copy of
# the transaction schema that no consumer reads.

readonly BENCH_REGISTERS=${BENCH_REGISTERS:-128} BENCH_PRODUCTS=${BENCH_PRODUCTS:-999}
readonly BENCH_SETTINGS=(
  CLOUDPOS_RATE_READ_PER_SECOND=1000000 CLOUDPOS_RATE_READ_BURST=1000000
  CLOUDPOS_RATE_WRITE_PER_SECOND=1000000 CLOUDPOS_RATE_WRITE_BURST=1000000
  CLOUDPOS_RATE_REPORT_PER_SECOND=1000000 CLOUDPOS_RATE_REPORT_BURST=1000000
  CLOUDPOS_RATE_AUTH_PER_MINUTE=100000 CLOUDPOS_RATE_AUTH_FAILURES_PER_MINUTE=1000000
  CLOUDPOS_HTTP_CONNECTIONS_PER_IP=10000
)
readonly BENCH_PROGRAMS=${POS_TEST_BIN:-$SUITE_ROOT/build/bin}/../faulty
readonly BENCH_LOAD=$BENCH_PROGRAMS/bench-load BENCH_RPC=$BENCH_PROGRAMS/bench-rpc
BENCH_LISTS= # folder: token, register, variant, product, hot (variants), barcode, *.request

world_open() {
  suite_start "${BENCH_SETTINGS[@]}" >&2
  api_start
  BENCH_LISTS=$SUITE_FOLDER/lists
  mkdir "$BENCH_LISTS"
  shop_open
  world_registers
  world_products
  world_requests
  world_token
}

# Tokens last ten minutes: a new one before each measurement.
world_token() {
  sign_in
  printf '%s\n' "$API_TOKEN" >"$BENCH_LISTS/token"
}

world_registers() {
  local i id
  for ((i = 1; i <= BENCH_REGISTERS; ++i)); do
    id=$(uuid)
    api POST "/v1/stores/$STORE/registers" \
      "$(jq -n --arg id "$id" --arg code "T$i" '{registerId: $id, code: $code, name: $code}')"
    expect 201
    printf '%s\n' "$id" >>"$BENCH_LISTS/register"
  done
}

world_products() {
  local first count
  for ((first = 1; first <= BENCH_PRODUCTS; first += 200)); do
    count=$((BENCH_PRODUCTS - first + 1 < 200 ? BENCH_PRODUCTS - first + 1 : 200))
    world_product_batch "$first" "$count" >"$API_FOLDER/products"
    jq -r '.products[].productId' "$API_FOLDER/products" >>"$BENCH_LISTS/product"
    jq -r '.products[].variants[].variantId' "$API_FOLDER/products" >>"$BENCH_LISTS/variant"
    api POST /v1/products:batchCreate "@$API_FOLDER/products"
    expect 201
    jq --arg id "$(uuid)" --arg store "$STORE" '{adjustmentId: $id, storeId: $store,
      reasonCode: "DELIVERY", lines: [.products[].variants[] | {variantId, quantityMilli: 1000000000}]}' \
      "$API_FOLDER/products" >"$API_FOLDER/stock"
    api POST /v1/stock/adjustments "@$API_FOLDER/stock"
    expect 201
  done
  head -n 21 "$BENCH_LISTS/variant" >"$BENCH_LISTS/hot"
}

# world_product_batch FIRST COUNT: products as JSON; ids are random enough by the tenant's.
world_product_batch() {
  jq -n --argjson first "$1" --argjson count "$2" --arg salt "${STORE:24:8}" '
    def hex($digits): . as $n | reduce range($digits) as $_ ([$n, ""];
      [(.[0] / 16 | floor), "0123456789abcdef"[(.[0] % 16):(.[0] % 16) + 1] + .[1]]) | .[1];
    {products: [range($first; $first + $count) | {
      productId: "01900000-0000-7000-8\(hex(3))-\($salt)0000",
      name: "Product \(.)", taxCategory: "standard",
      variants: [{variantId: "01900000-0000-7000-9\(hex(3))-\($salt)0000", sku: "SKU-\(.)",
        barcodes: [{code: "B\(1000000 + .)"}],
        prices: [{amount: {currencyCode: "GBP", minorUnits: (100 + .)}, pricePer: 1}]}]}]}'
}

# A cash sale of three lines, 100.00 given; reads. rpc-...: the same as gRPC calls.
world_requests() {
  local lists=$BENCH_LISTS sale
  sale=$(jq -nc --arg store "$STORE" '{saleId: "<id>", storeId: $store, registerId: "<register>",
    lines: [range(3) | {variantId: "<variant>", quantityMilli: 1000}],
    tenders: [{type: "CASH", amountMinor: 10000}]}')
  printf 'POST /v1/sales\n%s\n' "$sale" >"$lists/sale.request"
  printf 'CALL /cloudpos.transaction.v1.SaleService/CreateSale\n%s\n' "$sale" >"$lists/rpc-sale.request"
  echo 'GET /v1/products/<product>' >"$lists/product.request"
  printf 'CALL /cloudpos.inventory.v1.CatalogueService/GetProduct\n%s\n' '{"productId": "<product>"}' \
    >"$lists/rpc-product.request"
  echo 'GET /v1/variants:lookup?code=<barcode>' >"$lists/barcode.request"
  echo "GET /v1/stores/$STORE/sales?pageSize=20" >"$lists/list.request"
  {
    echo 'POST /v1/auth/signin'
    jq -nc --arg e "$SHOP_EMAIL" --arg p "$SHOP_PASSWORD" '{email: $e, password: $p, refreshDelivery: "BODY"}'
  } >"$lists/login.request"
  echo "GET /v1/reports/daily?from=2026-01-01&to=2026-12-31&storeId=$STORE" >"$lists/report.request"
}

# --- the database `bench` ---

# bench_pg PROGRAM [ARGUMENTS...]: as suite_pg, in database `bench`.
bench_pg() {
  suite_as_owner env -i PATH="$PATH" PGHOST="$SUITE_STATE/sock" PGPORT=$((5440 + SUITE_SHIFT)) \
    PGUSER=postgres PGDATABASE=bench PGPASSFILE="$SUITE_STATE/secrets/postgres.pgpass" \
    PGOPTIONS="${BENCH_PGOPTIONS:-}" "$@"
}

world_database() {
  suite_pg createdb bench
  bench_pg psql -X -qAt -v ON_ERROR_STOP=1 <"$BENCH_FOLDER/sql/floor.sql"
  suite_pg pg_dump --schema-only -n transaction cloudpos |
    bench_pg psql -X -qAt -v ON_ERROR_STOP=1 >/dev/null
  bench_pg psql -X -qAt -v ON_ERROR_STOP=1 -c "
    INSERT INTO transaction.feed_generation (generation, system_identifier, timeline)
    SELECT 1, system_identifier::text, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
    FROM pg_control_system()"
}
