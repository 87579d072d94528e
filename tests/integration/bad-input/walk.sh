# shellcheck shell=bash
# Every route there is, asked about things of ours with tokens that must not do: none, garbage, one
# that holds every permission but the right one, one that holds it in another store only, and another
# tenant's administrator's. Nothing of ours may show in any answer.
#
# Whoever sources this has the world of ./run, and TOKENS.

WALKED=0
declare -A LACKS ELSEWHERE BODIES

# filled PATTERN: with ids of ours.
filled() {
  local path=$1
  path=${path//'{store_id}'/$STORE}
  path=${path//'{policy.store_id}'/$STORE}
  path=${path//'{register_id}'/$REGISTER}
  path=${path//'{device_id}'/$DEVICE}
  path=${path//'{product_id}'/$PRODUCT}
  path=${path//'{variant_id}'/$MUG}
  path=${path//'{category_id}'/$CATEGORY}
  path=${path//'{category.code}'/standard}
  path=${path//'{tax.tax_id}'/$TAX}
  path=${path//'{sale_id}'/$SOLD}
  path=${path//'{journal_id}'/$JOURNAL}
  path=${path//'{staff_id}'/$OWNER}
  path=${path//'{role_id}'/$ROLE}
  path=${path//'{session_id}'/$SESSION}
  path=${path//'{generation}'/1}
  path=${path//'{journal_no}'/1}
  [[ $path != *'{'* ]] || fail "what is our id for $1?"
  printf '%s' "$path"
}

# query_of PATH: what a route needs beside its path.
query_of() {
  case $1 in
    /v1/reports/progress | /v1/reports/dashboard) printf '?storeId=%s' "$STORE" ;;
    /v1/stock/levels | /v1/stock/movements) printf '?storeId=%s' "$STORE" ;;
    /v1/reports/sales) printf '?from=2026-01-01&to=2026-12-31&groupBy=STORE&storeId=%s' "$STORE" ;;
    /v1/reports/*) printf '?from=2026-01-01&to=2026-12-31&storeId=%s' "$STORE" ;;
    /v1/variants:lookup) printf '?code=MUG-1' ;;
    /v1/variants:search) printf '?q=mug' ;;
    /v1/journals/*:export) printf '?fromNo=1' ;;
  esac
}

# sent_to VERB PATH BODY: a body as good as any; those that make something get a valid one.
sent_to() {
  case "$1 $2" in
    'GET '* | 'DELETE '*) ;;
    'POST /v1/sales') document sale "$(uuid)" ;;
    'POST /v1/sales:price') document price "$(uuid)" ;;
    'POST /v1/returns') document return "$(uuid)" ;;
    'POST /v1/stock/adjustments') document adjust "$(uuid)" ;;
    'POST /v1/sales/'*':abandon')
      printf '{"storeId":"%s","registerId":"%s","reasonCode":"LEFT"}' "$STORE" "$REGISTER"
      ;;
    'POST /v1/products') document product "$(uuid)" ;;
    'POST /v1/products:batchCreate') document product "$(uuid)" '{products: [.]}' ;;
    'POST /v1/products/'*'/variants') document product "$(uuid)" '{variant: .variants[0]}' ;;
    'POST /v1/categories') document category "$(uuid)" ;;
    'POST /v1/stores') document store "$(uuid)" ;;
    'POST /v1/stores/'*'/registers') document register "$(uuid)" ;;
    'POST /v1/stores/'*'/devices') document device "$(uuid)" ;;
    'POST /v1/staff') document staff "$(uuid)" ;;
    'POST /v1/roles')
      printf '{"roleId":"%s","name":"x","permissions":["SALE_CREATE"]}' "$(uuid)"
      ;;
    'PUT /v1/taxes/'*) document tax x ;;
    'PUT /v1/taxCategories/'*) printf '{"name":"Mine"}' ;;
    'PUT /v1/stores/'*'/policy') printf '{}' ;;
    'PUT /v1/staff/'*) printf '{"version":1,"grants":[]}' ;;
    'POST /v1/journals/'*':dismiss') printf '{"reasonCode":"TEST"}' ;;
    *':setPassword') printf '{"password":"a third quiet harbour"}' ;;
    *) printf '%s' "$3" ;;
  esac
}

# What is sent where nothing better is known: the version, if the route knows one.
# make_walk_bodies: BODIES by verb and pattern, with {} for what is filled in.
make_walk_bodies() {
  local verb pattern body
  api GET /openapi.json
  while IFS=$'\t' read -r verb pattern body; do BODIES["$verb $pattern"]=$body; done < <(
    jq -r '.components.schemas as $schemas | .paths | to_entries[] | .key as $path | .value
      | to_entries[] | select(.value.requestBody) | .value.requestBody.content[]?.schema as $schema
      | ($schemas[$schema["$ref"] // "none" | split("/")[-1]] // $schema) as $body
      | (if $body.properties.version then {version: 1} else {} end | tojson) as $sent
      | "\(.key | ascii_upcase)\t\($path | gsub("{[^}]*}"; "{}"))\t\($sent)"' \
      "$API_FOLDER/body"
  )
  [ ${#BODIES[@]} -gt 0 ] || fail "openapi.json tells of no bodies"
}

# token_with STORES NUMBER...: signed as auth would, with these permissions there.
token_with() {
  local set=(0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0) number stores=$1 bits
  shift
  for number in "$@"; do set[number / 8]=$((set[number / 8] | 1 << number % 8)); done
  printf -v bits '\\x%x' "${set[@]}"
  bits=$(printf '%b' "$bits" | base64url)
  sign_token "$WALK_HEADER" "$(jq -c --argjson stores "$stores" --arg bits "$bits" \
    '.grants = [{s: $stores, p: $bits}]' <<<"$WALK_CLAIMS")"
}

# make_walk_tokens: LACKS and ELSEWHERE by the name of the permission.
make_walk_tokens() {
  local number name list=$SUITE_ROOT/tests/golden/permissions.txt others
  WALK_HEADER=$(token_part "${TOKENS[owner]}" 1)
  WALK_CLAIMS=$(token_part "${TOKENS[owner]}" 2)
  while read -r number _ name; do
    mapfile -t others < <(awk -v not="$name" '!/^#/ && $3 != not { print $1 }' "$list")
    LACKS[$name]=$(token_with '[]' "${others[@]}")
    ELSEWHERE[$name]=$(token_with "[\"$STORE2\"]" "$number")
  done < <(grep -v '^#' "$list")
}

walk_fails() {
  FAILURES=$((FAILURES + 1))
  printf 'failed: %s: %s\n        the answer: %s %s\n' "$API_REQUEST" "$1" "$API_STATUS" \
    "$(head -c 500 "$API_FOLDER/body")"
}

# refuses STATUSES WHO: the last answer is one of these, and a problem unless it is 200.
refuses() {
  WALKED=$((WALKED + 1))
  [[ " $1 " == *" $API_STATUS "* ]] || walk_fails "$2 expects $1"
  [ "$API_STATUS" = 200 ] || [ "$(api_header Content-Type)" = application/problem+json ] ||
    walk_fails "$2 gets no problem"
  ! grep -qF -e "$STORE" -e "$SOLD" -e "$OWNER" -e Harbour -e Olive -e MUG-1 "$API_FOLDER/body" ||
    walk_fails "$2 learns something of ours"
}

# walk_route VERB PATTERN PERMISSION
walk_route() {
  local path body expected
  path=$(filled "$2")
  path+=$(query_of "$path")
  body=$(sent_to "$1" "${path%%'?'*}" "${BODIES["$1 $(sed 's/{[^}]*}/{}/g' <<<"$2")"]-}")
  API_TOKEN='' api_send "$1" "$path" "$body"
  refuses 401 nobody
  API_TOKEN=garbage api_send "$1" "$path" "$body"
  refuses 401 garbage
  if [ "$3" != signed-in ]; then
    API_TOKEN=${LACKS[$3]} api_send "$1" "$path" "$body"
    refuses 403 "who lacks $3"
    API_TOKEN=${ELSEWHERE[$3]} api_send "$1" "$path" "$body"
    refuses_elsewhere "$1" "$2" "$3"
  fi
  expected=$(foreign_gets "$1" "$2" "$3")
  [ -n "$expected" ] || return 0
  API_TOKEN=${TOKENS[foreign]} api_send "$1" "$path" "$body"
  refuses "$expected" "another tenant"
}

# Rights in one store say nothing in another. What belongs to no store (catalogue, taxes) they may read.
# refuses_elsewhere VERB PATTERN PERMISSION
refuses_elsewhere() {
  local who="who holds $3 elsewhere"
  case "$1 $2 $3" in
    'GET '*' catalogue.read' | 'GET /v1/taxes '* | 'GET /v1/taxCategories '*)
      WALKED=$((WALKED + 1))
      [ "$API_STATUS" = 200 ] || walk_fails "$who expects 200"
      ;;
    'GET /v1/stores store.read') refuses 200 "$who" ;; # theirs alone
    # That the version is another may be noticed first.
    'POST '*' price.write') refuses "403 409" "$who" ;;
    *) refuses "403 404" "$who" ;;
  esac
}

# foreign_gets VERB PATTERN PERMISSION: another tenant has nothing at an id of ours. Where it would make
# something in its own house it is not asked.
foreign_gets() {
  case "$1 $2" in
    *'{category.code}' | *'{tax.tax_id}') ;;
    'GET /v1/stores/{store_id}/'*[a-z]) printf '200 404' ;; # lists, which are empty
    *'{'*) printf 404 ;;
    'GET /v1/variants:lookup' | 'POST /v1/sales' | 'POST /v1/sales:price' | 'POST /v1/returns') printf 404 ;;
    'POST /v1/stock/adjustments' | 'GET /v1/reports/'* | 'GET /v1/stock/'*) printf 404 ;;
    'GET '*) [ "$3" = signed-in ] || printf 200 ;;
  esac
}

walk() {
  local verb pattern permission began=$SECONDS
  make_walk_tokens
  make_walk_bodies
  while read -r verb pattern _ permission _; do
    [ "$permission" != public ] || continue
    walk_route "$verb" "$pattern" "$permission"
  done < <("$SUITE_BIN/cloudpos-gateway" --print-routes)
  [ "$WALKED" -gt 300 ] || fail "only $WALKED questions were asked"
  printf '%d questions of who may what in %d s\n' "$WALKED" $((SECONDS - began))
}
