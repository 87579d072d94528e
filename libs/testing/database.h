#pragma once

// A real PostgreSQL database per test, cloned from a template that was migrated once per process.
// The server is named by POS_TEST_PG_DSN (superuser), which ./pos test sets; without it tests fail
// with a sentence that says so.

#include <string>
#include <vector>

#include "libs/pg/migrate.h"

namespace cloudpos::testing {

class Database {
 public:
  /// Clones the template of `service`, provisioned and migrated by `sets`.
  Database(const std::string& service, const std::vector<pg::MigrationSet>& sets);
  ~Database();  // drops it
  Database(const Database&) = delete;

  /// Connection strings by role: "rw", "worker", "ro", "owner", or "admin" (superuser).
  std::string Dsn(const std::string& role) const;

 private:
  std::string service_;
  std::string name_;
};

/// POS_TEST_REDIS_URL; fails the test when unset.
std::string RedisUrl();
/// POS_TEST_PG_DSN; fails the test when unset.
std::string AdminDsn();

}  // namespace cloudpos::testing
