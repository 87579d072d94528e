#pragma once

// The schemas of all services together, as one installation has them.

#include <string>
#include <vector>

#include "libs/pg/migrate.h"
#include "libs/testing/database.h"

namespace cloudpos::testing {

/// One set a service, named as it; the list is made by CMake.
std::vector<pg::MigrationSet> Schemas();

/// A database as ./pos up makes it: every service's schema and roles.
class SuiteDatabase {
 public:
  SuiteDatabase();

  /// "admin" (superuser), or a role of a service: "auth_rw".
  std::string Dsn(const std::string& role) const;

 private:
  Database database_;
};

}  // namespace cloudpos::testing
