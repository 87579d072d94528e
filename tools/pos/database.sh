# shellcheck shell=bash
# Roles, schemas and migrations.

admin_dsn() {
  printf "host='%s' port=%s user=postgres dbname=postgres passfile='%s'" \
    "$(socket_folder)" "$(port "$POS_POSTGRES_PORT")" "$POS_STATE/secrets/postgres.pgpass"
}

postgres_answers() { as_owner_clean psql -X -q -d "$(admin_dsn)" -c 'select 1'; }

wait_for_postgres() {
  wait_for 60 postgres_answers || {
    tail_log postgres
    die "PostgreSQL does not answer"
  }
}

# cluster_id: changes when the data folder is another one.
cluster_id() { as_owner_clean psql -X -qAt -d "$(admin_dsn)" -c 'select system_identifier from pg_control_system()'; }

# migrate: brings roles and schemas to what the installed programs want.
migrate() {
  local name
  as_owner_clean bin/cloudpos-db init --admin-dsn "$(admin_dsn)" --secrets "$POS_STATE/secrets/pg"
  for name in $(services rpc); do
    as_owner_clean "CLOUDPOS_PG_OWNER_DSN_FILE=$POS_STATE/secrets/pg/${name}_owner.dsn" \
      "$POS_STATE/bin/cloudpos-$name" --migrate
  done
}

# ensure_migrated: the same, unless these programs have migrated this cluster before.
ensure_migrated() {
  local name stamp
  stamp=$(
    cluster_id
    services rpc
    for name in $(services rpc) db; do program_hash "cloudpos-$name"; done
  )
  stamp=$(sha256sum <<<"$stamp")
  [ "$(as_owner cat run/migrated 2>/dev/null)" != "$stamp" ] || return 0
  migrate 2>&1 | indent
  put run/migrated <<<"$stamp"
}
