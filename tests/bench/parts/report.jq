# The results, one JSON object per measurement, as figures: medians over rounds that count.

def median: sort | if length == 0 then null else .[(length - 1) / 2 | floor] end;
def rounded($n): if . == null then null else . * pow(10; $n) | round / pow(10; $n) end;
def ratio($a; $b): if $a == null or $b == null or $b == 0 then null else $a / $b | rounded(2) end;
def minus($a; $b): if $a == null or $b == null then null else $a - $b | rounded(0) end;
# CPU of processes; "pg:..." are PostgreSQL's backends, part of `postgres`.
def processes: with_entries(select(.key | startswith("pg:") | not));
def sum_cpu: processes | del(.load) | add;

def of($kind; $clients): map(select(.kind == $kind and .clients == $clients and .counts != false));
def middle($kind; $clients; f): of($kind; $clients) | map(f | select(. != null)) | median;
def summary: . as $all
  | [.[] | {kind, clients}] | unique
  | map(. as $k | $all | {
      kind: $k.kind, clients: $k.clients,
      rounds: (of($k.kind; $k.clients) | length),
      rejected: (map(select(.kind == $k.kind and .clients == $k.clients and .counts == false)) | length),
      rate: (middle($k.kind; $k.clients; .rate) | rounded(0)),
      p50: middle($k.kind; $k.clients; .p50), p95: middle($k.kind; $k.clients; .p95),
      p99: middle($k.kind; $k.clients; .p99),
      drain: middle($k.kind; $k.clients; .drain),
      cpu_us: (of($k.kind; $k.clients) | map(.cpu | sum_cpu | select(. != null)) | median | rounded(0)),
      wal_bytes: (middle($k.kind; $k.clients; .wal_bytes) | rounded(0)),
      load: (of($k.kind; $k.clients) | [.[].load] | max)});

def cpu_by_process($kind; $clients): of($kind; $clients) as $rows
  | [$rows[].cpu | keys[]] | unique
  | map(. as $name | {($name): ([$rows[] | .cpu[$name] // 0] | median | rounded(0))})
  | add // {};

# The rows that measurements make; one that was not measured is left out.
def derived:
  def cpu($kind; $clients): middle($kind; $clients; .cpu | sum_cpu);
  def cpu_of($kind; $clients; $name): middle($kind; $clients; .cpu[$name]) | rounded(0);
  def rate($kind; $clients): middle($kind; $clients; .rate);
  def measured($kind): any(.[]; .kind == $kind);
  def over_grpc($rest; $grpc; $service): {
    rest_per_s: (rate($rest; 8) | rounded(0)), grpc_per_s: (rate($grpc; 8) | rounded(0)),
    gateway_us: cpu_of($rest; 8; "gateway"),
    service_us: cpu_of($rest; 8; $service), service_us_by_grpc: cpu_of($grpc; 8; $service),
    all_us: (cpu($rest; 8) | rounded(0)), all_us_by_grpc: (cpu($grpc; 8) | rounded(0)),
    gateway_adds_us: minus(cpu($rest; 8); cpu($grpc; 8))};
  (if measured("d_hot") then {hot_products: {
    over_spread: ratio(rate("d_hot"; 32); rate("d_spread"; 32)),
    over_statements: ratio(rate("d_hot"; 32); rate("a_hot"; 32)),
    over_function: ratio(rate("d_hot"; 32); rate("b_hot"; 32))}} else {} end)
  + (if measured("read_sql") then {product_reads: {
    rest: (rate("read_rest"; 32) | rounded(0)), sql: (rate("read_sql"; 32) | rounded(0)),
    rest_over_sql: ratio(rate("read_rest"; 32); rate("read_sql"; 32)),
    p99_ms: middle("read_rest"; 32; .p99)}} else {} end)
  + (if measured("sale_by_grpc") then {gateway_over_grpc: {
    sale: over_grpc("sale_by_rest"; "sale_by_grpc"; "transaction"),
    product: over_grpc("read_by_rest"; "read_by_grpc"; "inventory")}} else {} end)
  + (if measured("upload") then {upload: {
    sales: middle("upload"; 1; .ok), seconds: (middle("upload"; 1; .seconds) | rounded(2)),
    server_seconds: (middle("upload"; 1; .server_seconds) | rounded(2)),
    applied_s: middle("upload"; 1; .drain), cpu_us_per_sale: (cpu("upload"; 1) | rounded(0))}} else {} end)
  + (if measured("barcode_many") then {barcode_lookup: {
    p50_ms: middle("barcode_many"; 32; .p50), p99_ms: middle("barcode_many"; 32; .p99),
    p99_ms_before: middle("barcode_few"; 32; .p99)}} else {} end)
  + (if measured("d_after") then {growth: {
    cpu_us_before: (cpu("d_before"; 32) | rounded(0)), cpu_us_after: (cpu("d_after"; 32) | rounded(0)),
    after_over_before: ratio(cpu("d_after"; 32); cpu("d_before"; 32)),
    floor_after_over_before: ratio(cpu("b_after"; 32); cpu("b_before"; 32))}} else {} end);

# Open loop: latencies and lags by kind.
def open_loop: . as $all | [.[] | select(.offered != null) | .kind] | unique
  | map(. as $kind | $all | {($kind): {
      offered: middle($kind; 128; .offered), rate: (middle($kind; 128; .rate) | rounded(0)),
      p50_ms: middle($kind; 128; .p50), p99_ms: middle($kind; 128; .p99),
      report_lag_p99_ms: middle($kind; 128; .report_lag_p99),
      stock_lag_p99_ms: middle($kind; 128; .stock_lag_p99)}})
  | add // {};
