# shellcheck shell=bash
# shellcheck disable=SC2034  # set for who sources this
# For integration tests: a client of the gateway made of curl and jq. Source suite.sh first.
#
#   API_TOKEN=$token
#   api POST /v1/sales "$body" -H 'X-Request-Id: r1'   # then API_STATUS, api_header NAME, field FILTER
#   expect 409 PRICE_CHANGED 'lines[0].expectedUnitPriceMinor'

API_TOKEN=          # sent as bearer token unless empty
API_TYPE=application/json
API_STATUS=         # of the last answer
API_REQUEST=        # what it answers, for messages
API_FOLDER=         # holds `body` and `head` of the last answer

api_start() { API_FOLDER=$(mktemp -d "$SUITE_FOLDER/api.XXXXXX"); }

fail() {
  printf 'failed: %s\n' "$*" >&2
  exit 1
}

# api METHOD PATH [BODY [curl options...]]: BODY is text, or @file; nothing is sent when it is empty.
# A fault of ours (5xx) or no answer at all ends the test.
api() {
  api_send "$@"
  case $API_STATUS in
    000) fail "$API_REQUEST: no answer" ;;
    5*) fail "$API_REQUEST: $API_STATUS: $(cat "$API_FOLDER/body")" ;;
  esac
}

# api_send: the same, and takes every answer; API_STATUS is 000 when there was none.
api_send() {
  local method=$1 path=$2 body=${3:-} options=()
  shift $(($# < 3 ? $# : 3))
  [ -z "$API_TOKEN" ] || options+=(-H "Authorization: Bearer $API_TOKEN")
  [ -z "$body" ] || options+=(-H "Content-Type: $API_TYPE" --data-binary "$body")
  API_REQUEST="$method $path"
  : >"$API_FOLDER/body"
  : >"$API_FOLDER/head"
  API_STATUS=$(curl -sS -g -m 30 -X "$method" -o "$API_FOLDER/body" -D "$API_FOLDER/head" \
    -w '%{http_code}' "${options[@]}" "$@" "$SUITE_URL$path" 2>"$API_FOLDER/curl") || true
}

# api_header NAME: of the last answer; empty when it has none.
api_header() {
  local line
  while IFS= read -r line; do
    [[ ${line,,} == "${1,,}:"* ]] || continue
    line=${line#*: }
    printf '%s\n' "${line%$'\r'}"
    return
  done <"$API_FOLDER/head"
}

# field FILTER [jq options]: from the last answer's JSON.
field() { jq -r "${@:2}" "$1" "$API_FOLDER/body"; }

# expect STATUS [CODE [FIELD]]: of the last answer; with CODE it is a problem+json as promised.
expect() {
  local why
  why=$(problem_with "$@") || fail "$API_REQUEST: $why; the answer was $API_STATUS $(head -c 2000 "$API_FOLDER/body")"
}

# problem_with STATUS [CODE [FIELD]]: false and what is wrong.
problem_with() {
  [ "$API_STATUS" = "$1" ] || {
    printf 'expected status %s' "$1"
    return 1
  }
  [ $# -gt 1 ] || return 0
  [ "$(api_header Content-Type)" = application/problem+json ] || {
    printf 'expected application/problem+json'
    return 1
  }
  # shellcheck disable=SC2016  # jq's variables
  jq -e --argjson status "$1" --arg code "$2" --arg field "${3:-}" --arg id "$(api_header X-Request-Id)" '
    .status == $status and .code == $code and .instance == $id and ($id | length) > 0 and
    .type == "urn:cloudpos:problem:" + ($code | ascii_downcase | gsub("_"; "-")) and
    (.title | type == "string" and length > 0) and
    ($field == "" or ([.errors[]?.field] | index($field) != null))' "$API_FOLDER/body" >/dev/null || {
    printf 'expected a problem with code %s%s, and type, title, status, instance to fit' "$2" "${3:+ and field $3}"
    return 1
  }
}

# same TEXT EXPECTED ACTUAL
same() { [ "$2" = "$3" ] || fail "$1: expected $2, got $3"; }

# within SECONDS TEXT COMMAND...: asks again until the command succeeds.
within() {
  local until=$(($(date +%s%3N) + $1 * 1000)) text=$2
  shift 2
  until "$@"; do
    [ "$(date +%s%3N)" -lt "$until" ] ||
      fail "$text; the last answer was $API_STATUS $(head -c 2000 "$API_FOLDER/body")"
    sleep 0.2
  done
}

# uuid: version 7, as clients make them.
uuid() {
  local time random
  printf -v time '%012x' "$(date +%s%3N)"
  random=$(tr -d - </proc/sys/kernel/random/uuid)
  printf '%s-%s-7%s-a%s-%s\n' "${time:0:8}" "${time:8:4}" "${random:0:3}" "${random:3:3}" "${random:8:12}"
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# token_part TOKEN NUMBER: 1 = header, 2 = claims, as JSON.
token_part() {
  local part
  part=$(cut -d. -f"$2" <<<"$1" | tr -d '\n' | tr -- '-_' '+/')
  while [ $((${#part} % 4)) -ne 0 ]; do part+='='; done
  printf '%s' "$part" | openssl base64 -d -A
}

# sign_token HEADER CLAIMS [KEY]: a token of our own making; without KEY the suite's signing key.
sign_token() {
  local text key=${3:-$SUITE_STATE/secrets/signing-key.pem}
  text=$(printf '%s' "$1" | base64url).$(printf '%s' "$2" | base64url)
  printf '%s' "$text" >"$API_FOLDER/to-sign"
  printf '%s.%s\n' "$text" "$(openssl pkeyutl -sign -inkey "$key" -rawin -in "$API_FOLDER/to-sign" | base64url)"
}
