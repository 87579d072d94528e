# The results, one JSON object per measurement, as figures: medians over rounds that count.

def median: sort | if length == 0 then null else .[(length - 1) / 2 | floor] end;
def rounded($n): if . == null then null else . * pow(10; $n) | round / pow(10; $n) end;
def ratio($a; $b): if $a == null or $b == null or $b == 0 then null else $a / $b | rounded(2) end;
# CPU of processes; "pg:..." are PostgreSQL's backends, part of `postgres`.
def processes: with_entries(select(.key | startswith("pg:") | not));
def sum_cpu: processes | del(.load) | add;

def of($kind; $clients): map(select(.kind == $kind and .clients == $clients and .counts != false));
def middle($kind; $clients; f): of($kind; $clients) | map(f) | median;
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
      cpu_us: (of($k.kind; $k.clients) | map(.cpu | sum_cpu) | median | rounded(0)),
      wal_bytes: (middle($k.kind; $k.clients; .wal_bytes) | rounded(0)),
      load: (of($k.kind; $k.clients) | [.[].load] | max)});

def cpu_by_process($kind; $clients): of($kind; $clients) as $rows
  | [$rows[].cpu | keys[]] | unique
  | map(. as $name | {($name): ([$rows[] | .cpu[$name] // 0] | median | rounded(0))})
  | add // {};
