# shellcheck shell=bash
# shellcheck disable=SC2034  # set for who sources this
# For integration tests: a shop as its owner sets it up, through the gateway. Source api.sh first.
#
# shop_open leaves: API_TOKEN (the owner's), REFRESH, TENANT, STORE, REGISTER, TAX, and the variants
# MUG (12.50, 20 % included), PEN (0.99, barcode) and POSTAGE (3.00, not stocked).

readonly SHOP_EMAIL=owner@example.com SHOP_PASSWORD='a quiet harbour 42'

# As many calls as a test likes.
readonly SHOP_SETTINGS=(
  CLOUDPOS_RATE_READ_PER_SECOND=1000 CLOUDPOS_RATE_READ_BURST=1000
  CLOUDPOS_RATE_WRITE_PER_SECOND=1000 CLOUDPOS_RATE_WRITE_BURST=1000
  CLOUDPOS_RATE_REPORT_PER_SECOND=1000 CLOUDPOS_RATE_REPORT_BURST=1000
  CLOUDPOS_RATE_AUTH_PER_MINUTE=1000
)

# sign_in: as the owner; sets API_TOKEN and REFRESH.
sign_in() {
  API_TOKEN='' api POST /v1/auth/signin \
    "$(jq -n --arg e "$SHOP_EMAIL" --arg p "$SHOP_PASSWORD" '{email: $e, password: $p, refreshDelivery: "BODY"}')"
  expect 200
  API_TOKEN=$(field .accessToken)
  REFRESH=$(field .refreshToken)
}

shop_bootstrap() {
  local body
  body=$(jq -n --arg s "$1" --arg e "$SHOP_EMAIL" --arg p "$SHOP_PASSWORD" '{secret: $s,
    tenantName: "Corner Shop", tenantSlug: "corner-shop", email: $e, password: $p,
    displayName: "Olive Owner", refreshDelivery: "BODY"}')
  API_TOKEN='' api POST /v1/auth/bootstrap "$body"
}

# A test's day must not end while it runs: what was sold "today" would be yesterday's.
shop_wait_out_midnight() {
  local hour minute second left
  IFS=: read -r hour minute second < <(TZ=Europe/London date +%H:%M:%S)
  left=$((86400 - 10#$hour * 3600 - 10#$minute * 60 - 10#$second))
  [ "$left" -gt 240 ] || { echo "waiting $left s for midnight to pass" && sleep "$left"; }
}

shop_open() {
  shop_wait_out_midnight
  shop_bootstrap "$(cat "$SUITE_STATE/secrets/bootstrap-secret")"
  expect 200
  sign_in
  TENANT=$(token_part "$API_TOKEN" 2 | jq -r .ten)
  STORE=$(uuid)
  REGISTER=$(uuid)
  api POST /v1/stores "$(jq -n --arg id "$STORE" '{storeId: $id, code: "S1", name: "Harbour Street",
    timeZone: "Europe/London", currencyCode: "GBP", receiptHeader: "Corner Shop\nHarbour Street 1",
    receiptFooter: "Thank you"}')"
  expect 201
  api POST "/v1/stores/$STORE/registers" "$(jq -n --arg id "$REGISTER" '{registerId: $id, code: "R1", name: "Till"}')"
  expect 201
  shop_taxes
  MUG=$(uuid)
  PEN=$(uuid)
  POSTAGE=$(uuid)
  shop_product "$MUG" MUG-1 Mug 1250
  shop_product "$PEN" PEN-1 Pen 99 '{"barcodes": [{"code": "4006381333931"}]}'
  shop_product "$POSTAGE" POST-1 Postage 300 '{"stocked": false}'
}

shop_taxes() {
  TAX=$(uuid)
  api PUT "/v1/taxes/$TAX" '{"name": "VAT 20 %", "jurisdiction": "GB", "ratePpm": 200000, "inclusion": "INCLUSIVE"}'
  expect 200
  api PUT /v1/taxCategories/standard \
    "$(jq -n --arg t "$TAX" '{name: "Standard rate", assignments: [{taxIds: [$t]}]}')"
  expect 200
}

# shop_product VARIANT SKU NAME PRICE [MORE]: a product of one variant; MORE is merged into it.
shop_product() {
  api POST /v1/products "$(jq -n --arg product "$(uuid)" --arg variant "$1" --arg sku "$2" --arg name "$3" \
    --argjson price "$4" --argjson more "${5:-null}" '{productId: $product, name: $name,
    taxCategory: "standard", variants: [{variantId: $variant, sku: $sku,
    prices: [{amount: {currencyCode: "GBP", minorUnits: $price}, pricePer: 1}]} + $more]}')"
  expect 201
}

# sale_of VARIANT QUANTITY CASH [MORE]: the body of a cash sale with an id of its own.
sale_of() {
  jq -n --arg id "$(uuid)" --arg store "$STORE" --arg register "$REGISTER" --arg variant "$1" \
    --argjson quantity "$2" --argjson cash "$3" --argjson more "${4:-null}" '{saleId: $id,
    storeId: $store, registerId: $register,
    lines: [{variantId: $variant, quantityMilli: ($quantity * 1000)}],
    tenders: [{type: "CASH", amountMinor: $cash}]} + $more'
}

# stock_is VARIANT QUANTITY: on the sales floor.
stock_is() {
  api GET "/v1/stock/levels?storeId=$STORE&variantId=$1"
  [ "$API_STATUS" = 200 ] && [ "$(field \
    '[.levels[] | select(.locationKind == "SALES_FLOOR") | .onHandMilli] | add // 0')" = $(($2 * 1000)) ]
}

# report_is DATE FILTER EXPECTED: of the day's row of the daily report (null when there is none).
report_is() {
  api GET "/v1/reports/daily?from=$1&to=$1&storeId=$STORE"
  [ "$API_STATUS" = 200 ] && [ "$(field ".days[0] | $2" -c)" = "$3" ]
}
