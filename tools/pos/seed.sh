#!/usr/bin/env bash
# ./pos seed: a demo store with register, VAT and products with stock, made through the REST API as
# the person who signs in. All ids are fixed, so running it again changes nothing.
#
#   POS_EMAIL, POS_PASSWORD   who signs in; asked for when not set
#   POS_GATEWAY_URL           set by ./pos
set -euo pipefail
url=$POS_GATEWAY_URL
answer=$(mktemp)
token=
trap 'rm -f "$answer"' EXIT

die() {
  printf 'seed: %s\n' "$*" >&2
  exit 1
}

# call METHOD PATH [BODY]: prints the status; the answer is in the file. Secrets go over pipes, since
# arguments are visible to every user of the machine.
call() {
  local body=${3:-}
  curl -sS -g -m 30 -X "$1" -o "$answer" -w '%{http_code}' \
    -K <([ -z "$token" ] || printf 'header = "Authorization: Bearer %s"\n' "$token") \
    ${body:+-H "Content-Type: application/json" --data-binary @-} "$url$2" <<<"$body" ||
    die "no answer from $url"
}

# make WHAT METHOD PATH BODY: one step; anything but success ends the script.
make() {
  local status
  status=$(call "$2" "$3" "$4")
  case $status in
    2??) printf '  %s\n' "$1" ;;
    *) die "$1: $status $(problem)" ;;
  esac
}

problem() {
  jq -r '.code // empty, .detail // empty, (.errors // [] | .[] | "\(.field): \(.detail // "")")' "$answer" |
    tr '\n' ' '
}

# id NAME: a UUID (version 8) that depends on the name alone.
id() {
  local hash
  hash=$(printf 'cloudpos demo %s' "$1" | sha256sum)
  printf '%s-%s-8%s-a%s-%s\n' "${hash:0:8}" "${hash:8:4}" "${hash:12:3}" "${hash:15:3}" "${hash:18:12}"
}

sign_in() {
  local email=${POS_EMAIL:-} password=${POS_PASSWORD:-} status
  [ -n "$email" ] || read -rp 'E-mail: ' email
  [ -n "$password" ] || { read -rsp 'Password: ' password && echo; }
  status=$(call POST /v1/auth/signin "$(jq -n --arg e "$email" '{email: $e, password: input, refreshDelivery: "BODY"}' \
    < <(jq -Rs . < <(printf '%s' "$password")))")
  [ "$status" = 200 ] || die "sign-in: $status $(jq -r '.code // empty' "$answer")"
  token=$(jq -r .accessToken "$answer")
}

# Settings carry versions: what exists is left alone.
make_tax() {
  local status
  status=$(call GET /v1/taxes)
  [ "$status" = 200 ] || die "taxes: $status"
  jq -e --arg id "$tax" '.taxes // [] | any(.taxId == $id)' "$answer" >/dev/null ||
    make "tax VAT 20 %" PUT "/v1/taxes/$tax" \
      '{"name": "VAT 20 %", "jurisdiction": "GB", "ratePpm": 200000, "inclusion": "INCLUSIVE"}'
  status=$(call GET /v1/taxCategories)
  [ "$status" = 200 ] || die "tax categories: $status"
  jq -e '.categories // [] | any(.code == "demo-standard")' "$answer" >/dev/null ||
    make "tax category demo-standard" PUT /v1/taxCategories/demo-standard \
      "$(jq -n --arg tax "$tax" '{name: "Standard rate (demo)", assignments: [{taxIds: [$tax]}]}')"
}

# Columns of the table: SKU, name, price in pence, tax category, barcode, stock (empty: not counted).
goods() {
  cat <<'EOF'
DEMO-MUG|Stoneware mug|1250|demo-standard|4006381333931|40
DEMO-PEN|Ball pen blue|149|demo-standard|5901234123457|200
DEMO-BAG|Canvas bag|850|demo-standard|9780201379624|60
DEMO-TEA|Breakfast tea 80 bags|399|zero|4012345678901|120
DEMO-CARD|Greeting card|275|demo-standard|0012345678905|300
DEMO-CANDLE|Scented candle|1699|demo-standard|5012345678900|25
DEMO-BOOK|Local walks, paperback|999|zero|9783161484100|15
DEMO-POST|Postage|395|demo-standard||
EOF
}

make_products() {
  local sku name price category barcode stock products=() lines=()
  while IFS='|' read -r sku name price category barcode stock; do
    products+=("$(jq -n --arg product "$(id "product $sku")" --arg variant "$(id "variant $sku")" \
      --arg sku "$sku" --arg name "$name" --argjson price "$price" --arg category "$category" \
      --arg barcode "$barcode" --arg stock "$stock" '{productId: $product, name: $name,
      taxCategory: $category, variants: [{variantId: $variant, sku: $sku, stocked: ($stock != ""),
      barcodes: [if $barcode == "" then empty else {code: $barcode} end],
      prices: [{amount: {currencyCode: "GBP", minorUnits: $price}, pricePer: 1}]}]}')")
    [ -z "$stock" ] ||
      lines+=("$(jq -n --arg variant "$(id "variant $sku")" --argjson count "$stock" \
        '{variantId: $variant, quantityMilli: ($count * 1000)}')")
  done < <(goods)
  make "${#products[@]} products" POST /v1/products:batchCreate "$(jq -s '{products: .}' <<<"${products[*]}")"
  make "their stock" POST /v1/stock/adjustments "$(jq -s --arg id "$(id stock)" --arg store "$store" \
    '{adjustmentId: $id, storeId: $store, reasonCode: "DELIVERY", note: "demo",
      occurredAt: "2026-01-02T08:00:00Z", lines: .}' <<<"${lines[*]}")"
}

store=$(id store)
register=$(id register)
tax=$(id tax)
sign_in
make "store DEMO" POST /v1/stores "$(jq -n --arg id "$store" '{storeId: $id, code: "DEMO",
  name: "Demo store", timeZone: "Europe/London", currencyCode: "GBP", receiptHeader: "Demo store",
  receiptFooter: "Thank you"}')"
make "register TILL1" POST "/v1/stores/$store/registers" \
  "$(jq -n --arg id "$register" '{registerId: $id, code: "TILL1", name: "Till 1"}')"
make_tax
make_products
call POST /v1/auth/signout '{}' >/dev/null
printf 'store %s, register %s\n' "$store" "$register"
