#pragma once

// A small service for the tests of libs/pg.

#include <vector>

#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"
#include "libs/testing/database.h"

namespace cloudpos::pg {

inline const std::vector<Migration>& TestMigrations() {
  static const std::vector<Migration> all = {
      {1, "0001_create_notes", R"sql(
        CREATE TABLE {{schema}}.notes (
          tenant_id uuid   NOT NULL,
          note_id   bigint NOT NULL,
          body      text   NOT NULL,
          parent_id bigint,
          CONSTRAINT notes_pkey PRIMARY KEY (tenant_id, note_id),
          CONSTRAINT notes_body_key UNIQUE (tenant_id, body),
          CONSTRAINT notes_parent_fkey FOREIGN KEY (tenant_id, parent_id)
            REFERENCES {{schema}}.notes (tenant_id, note_id) DEFERRABLE,
          CONSTRAINT notes_body_check CHECK (body <> '')
        );
        ALTER TABLE {{schema}}.notes ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {{schema}}.notes FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {{schema}}.notes TO {{schema}}_rw
          USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
          WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
        CREATE POLICY worker ON {{schema}}.notes TO {{schema}}_worker, {{schema}}_owner
          USING (true) WITH CHECK (true);
        CREATE POLICY reader ON {{schema}}.notes FOR SELECT TO {{schema}}_ro USING (true);
        GRANT SELECT, INSERT, UPDATE ON {{schema}}.notes TO {{schema}}_rw, {{schema}}_worker;
        GRANT SELECT ON {{schema}}.notes TO {{schema}}_ro;)sql"},
      {2, "0002_index_notes", R"sql(-- no-transaction
        CREATE INDEX CONCURRENTLY IF NOT EXISTS notes_parent_idx
          ON {{schema}}.notes (tenant_id, parent_id);)sql"},
  };
  return all;
}

inline const std::vector<MigrationSet>& TestSets() {
  static const std::vector<MigrationSet> sets = {{"pgtest", &TestMigrations()}};
  return sets;
}

inline const base::Uuid kTenantA = *base::Uuid::Parse("0190a000-0000-7000-8000-00000000000a");
inline const base::Uuid kTenantB = *base::Uuid::Parse("0190a000-0000-7000-8000-00000000000b");

inline PoolOptions OptionsFor(const testing::Database& database, const std::string& role,
                              int connections = 4) {
  return {.dsn = database.Dsn(role), .application_name = "pgtest", .connections = connections};
}

}  // namespace cloudpos::pg
