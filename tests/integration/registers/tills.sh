# shellcheck shell=bash
# Registers (tests/support/register) and what they and the server must agree on. Source shop.sh first.
#
#   till_open anna           # a register and a device of its own, enrolled
#   till anna sell 3         # TILL_URL: where it thinks the gateway is
#   everything_matches       # every receipt handed out, once, on the server, in stock and reports

readonly FAULTY=${SUITE_BIN%/bin}/faulty
TILLS=               # a folder per register: its disk, and the book of the receipts it handed out
TILL_URL=
TILL_COUNT=0
declare -A TILL_REGISTER TILL_DEVICE

tills_start() {
  TILLS=$SUITE_FOLDER/tills
  mkdir "$TILLS"
  api GET /v1/me
  expect 200
  OPERATOR=$(field .staffId)
}

# till NAME COMMAND...: the register switched on, used and switched off; what it says is in its folder
# (answer, error). Fails as the register does.
till() { (till_run "$@"); }

# In place of this shell.
till_run() {
  local name=$1
  shift
  exec "$FAULTY/register-sim" --disk "$TILLS/$name/disk" --book "$TILLS/$name/book" \
    --url "${TILL_URL:-$SUITE_URL}" --token "$API_TOKEN" --patience 10 "$@" \
    >"$TILLS/$name/answer" 2>"$TILLS/$name/error"
}

# till_killed NAME COMMAND...: the power plug is pulled in the middle of it, after some receipts.
till_killed() {
  local pid before
  before=$(wc -l <"$TILLS/$1/book")
  till_run "$@" &
  pid=$!
  within 30 "$1 sells" book_grew "$1" $((before + 25))
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
}

book_grew() { [ "$(wc -l <"$TILLS/$1/book")" -gt "$2" ]; }

# till_does NAME COMMAND...: the same, and it must work.
till_does() { till "$@" || fail "$*: $(cat "$TILLS/$1/error")"; }

# till_refused NAME TEXT COMMAND...: the server says no, for the reason TEXT.
till_refused() {
  local name=$1 text=$2 status=0
  shift 2
  till "$name" "$@" || status=$?
  [ "$status" = 3 ] || fail "$name $*: expected a refusal, got status $status: $(cat "$TILLS/$name/error")"
  grep -qE "$text" "$TILLS/$name/error" || fail "$name $*: expected $text: $(cat "$TILLS/$name/error")"
}

# till_says NAME FILTER EXPECTED: about the last answer.
till_says() { same "$1: $2" "$3" "$(jq -c "$2" "$TILLS/$1/answer")"; }

till_open() {
  local name=$1
  TILL_COUNT=$((TILL_COUNT + 1))
  TILL_REGISTER[$name]=$(uuid)
  TILL_DEVICE[$name]=$(uuid)
  api POST "/v1/stores/$STORE/registers" "$(jq -n --arg id "${TILL_REGISTER[$name]}" \
    --arg name "$name" --arg code "T$TILL_COUNT" '{registerId: $id, code: $code, name: $name}')"
  expect 201
  api POST "/v1/stores/$STORE/devices" "$(jq -n --arg id "${TILL_DEVICE[$name]}" \
    --arg register "${TILL_REGISTER[$name]}" --arg name "$name" --arg code "D$TILL_COUNT" \
    '{deviceId: $id, registerId: $register, code: $code, name: $name}')"
  expect 201
  mkdir "$TILLS/$name"
  till_enrol "$name"
}

# till_enrol NAME: with a new code; the disk it has, or a new one.
till_enrol() {
  api POST "/v1/stores/$STORE/devices/${TILL_DEVICE[$1]}:createEnrolmentCode" '{}'
  expect 201
  till_does "$1" enrol "$(field .code)" "$OPERATOR"
  api GET "/v1/stores/$STORE/devices/${TILL_DEVICE[$1]}"
  expect 200
  field .publicKey >>"$TILLS.public-keys"
}

# The last word on each sale that any register handed a receipt out for.
books() { cat "$TILLS"/*/book | jq -cn 'reduce inputs as $receipt ({}; .[$receipt.saleId] = $receipt) | .[]'; }

# server_sales: one line for each, as the server lists them.
server_sales() {
  local page=''
  while true; do
    api GET "/v1/stores/$STORE/sales?pageSize=200&pageToken=$page"
    expect 200
    field '.sales[] | [.saleId, .journalId, .journalNo, .receiptNumber, .totals.totalMinor, .journalHash] | @tsv'
    page=$(field '.nextPageToken // ""')
    [ -n "$page" ] || return 0
  done
}

# Every receipt of the books is on the server exactly once, with its number, amount and hash; and
# nothing else is.
receipts_match() {
  books | jq -r '[.saleId, .journal, .n, .receiptNumber, .totalMinor, .hash] | @tsv' | sort >"$TILLS.paper"
  server_sales | sort >"$TILLS.server"
  diff "$TILLS.paper" "$TILLS.server" >"$TILLS.diff" ||
    fail "receipts differ (< paper, > server): $(head -n 10 "$TILLS.diff")"
}

# report_sums EXPECTED: over the days that the test may touch.
report_sums() {
  api GET "/v1/reports/daily?from=$(date -ud -1day +%F)&to=$(date -ud +1day +%F)&storeId=$STORE"
  [ "$API_STATUS" = 200 ] && [ "$(field '[[.days[].saleCount], [.days[].salesMinor],
    [.days[].unitsSoldMilli] | add // 0]' -c)" = "$1" ]
}

# What stock and reports counted is the sum of the books.
figures_match() {
  local sums variant sold
  sums=$(books | jq -sc '[length, ([.[].totalMinor] | add // 0),
    ([.[].lines[] | .quantityMilli] | add // 0)]')
  within 20 "reports are the sum of the books: $sums" report_sums "$sums"
  for variant in "$MUG" "$PEN"; do
    sold=$(books | jq -s --arg v "$variant" '[.[].lines[] | select(.variantId == $v and .stocked)
      | .quantityMilli / 1000] | add // 0')
    within 20 "stock is short of what the books sold: $sold" stock_is "$variant" "-$sold"
  done
}

progress_is_complete() {
  api GET "/v1/reports/progress?storeId=$STORE"
  [ "$API_STATUS" = 200 ] && [ "$(field '[.journals[] | select(.denseNo != .highestNo)] | length')" = 0 ]
}

# base64url_of HEX
base64url_of() { basenc --base16 -d <<<"$1" | base64url; }

# device_keys: every key that a register ever had, as JWKS by RFC 7638 thumbprint.
device_keys() {
  local key point x y keys=()
  while read -r key; do
    point=$(openssl base64 -d -A <<<"$key" | basenc --base16 -w 0)
    x=$(base64url_of "${point:2:64}")
    y=$(base64url_of "${point:66:64}")
    keys+=("$(jq -nc --arg x "$x" --arg y "$y" --arg kid "$(printf \
      '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$x" "$y" | openssl dgst -sha256 -binary | base64url)" \
      '{kty: "EC", crv: "P-256", use: "sig", alg: "ES256", kid: $kid, x: $x, y: $y}')")
  done <"$TILLS.public-keys"
  jq -nc '{keys: $ARGS.positional}' --jsonargs "${keys[@]}"
}

# Chains hold, and every entry of a register carries its device's signature.
journals_verify() {
  local journal
  device_keys >"$TILLS.keys"
  API_TOKEN='' api GET /.well-known/journal-keys.json
  cp "$API_FOLDER/body" "$TILLS.server-keys"
  api GET "/v1/stores/$STORE/journals"
  expect 200
  for journal in $(field '.journals[] | select(.journalNo > 0) | .journalId'); do
    api GET "/v1/journals/$journal:export"
    expect 200
    cp "$API_FOLDER/body" "$TILLS.export"
    "$SUITE_BIN/journal-verify" "$TILLS.export" --keys "$TILLS.server-keys" \
      --device-keys "$TILLS.keys" >"$TILLS.verified" 2>&1 ||
      fail "journal $journal: $(cat "$TILLS.verified")"
    same "journal $journal: entries without a signature" 0 \
      "$(jq -c 'select(.payload and (.sig | not))' "$TILLS.export" | wc -l)"
  done
}

everything_matches() {
  receipts_match
  figures_match
  within 20 "reports saw every entry" progress_is_complete
  journals_verify
}
