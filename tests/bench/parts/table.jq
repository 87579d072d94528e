# The figures for people.

def pad($n): tostring | . + " " * ([$n - length, 0] | max);
def left($n): (if . == null then "-" else tostring end) | " " * ([$n - length, 0] | max) + .;
def text: if type == "object" then to_entries | map("\(.key) \(.value | if type == "object" then "(" + text + ")" else . // "-" end)") | join(", ") else tostring end;
def name: {"a": "(a) pgbench, separate statements", "b": "(b) pgbench, one function call",
  "c": "(c) pgbench, our T1, one sale", "c16": "(c) pgbench, our T1, 16 sales",
  "d": "(d) REST checkout",
  "a_hot": "(a) 21 hot products", "b_hot": "(b) 21 hot products", "d_hot": "(d) 21 hot products",
  "d_spread": "(d) beside the hot ones", "a_lean": "(a) without foreign keys",
  "b_lean": "(b) without foreign keys", "b_before": "(b) few sales stored",
  "b_after": "(b) many sales stored", "d_before": "(d) few sales stored",
  "d_after": "(d) many sales stored", "read_rest": "product read, REST", "read_sql": "row by key, pgbench",
  "sale_by_rest": "checkout, REST", "sale_by_grpc": "checkout, gRPC to the service",
  "read_by_rest": "product read, REST", "read_by_grpc": "product read, gRPC to the service",
  "upload": "upload of a register's sales", "bytes": "(c) for stored bytes",
  "barcode_few": "barcode lookup, few variants", "barcode_many": "barcode lookup, many variants",
  "open_half": "checkout at half of saturation"}[.] // .;

"\(.machine.cpu), \(.machine.cores) cores, PostgreSQL \(.machine.postgres), \(.machine.settings)",
"medians of \(.machine.rounds) alternating rounds of \(.machine.seconds) s; highest load average \([.measurements[].load // 0] | max)",
"",
"\("what" | pad(40))\("clients" | left(8))\("sales/s" | left(9))\("p50 ms" | left(9))\("p95 ms" | left(9))\("p99 ms" | left(9))\("CPU us" | left(8))\("WAL B" | left(8))\("counted" | left(9))",
(.measurements[] | "\(.kind | name | pad(40))\(.clients | left(8))\(.rate | left(9))\(.p50 | left(9))\(.p95 | left(9))\(.p99 | left(9))\(.cpu_us | left(8))\(.wal_bytes | left(8))\("\(.rounds)/\(.rounds + .rejected)" | left(9))"),
"",
"\("clients" | pad(10))\("d/a" | left(8))\("d/b" | left(8))\("d/c" | left(8))\("d/c16" | left(8))",
(.ratios[] | "\(.clients | pad(10))\(.over_statements | left(8))\(.over_function | left(8))\(.over_t1 | left(8))\(.over_t1_by_16 | left(8))"),
"",
"CPU us per sale at 32 clients, events applied: \(.cpu_us_per_sale // "-")",
(.cpu_us_by_process_32 | to_entries | sort_by(-.value)[] | "  \(.key | pad(36))\(.value | left(6))"),
"",
"commits per sale at 1 client, of its own path: \(.commits_per_sale_1 // "-"); with the consumers: \(.rows.commits_1.with_consumers.commits // "-")",
"WAL flushes per sale at 32 clients: \(.wal_flushes_per_sale_32 // "-")",
"RSS of our processes, idle: \(.rss_mb // "-") MB",
"",
(.rows | to_entries[] | "\(.key | pad(22))\(.value | text)")
