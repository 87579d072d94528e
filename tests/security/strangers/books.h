#pragma once

// What the database holds of tenants, to be compared before and after: whoever was turned away must
// not have left a trace.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/pg/pg.h"

namespace cloudpos::strangers {

/// Digest of a tenant's rows by table ("auth.stores").
using Books = std::map<std::string, std::string>;

class BookKeeper {
 public:
  /// Superuser of the suite's database.
  explicit BookKeeper(const std::string& dsn);

  /// Rows of these tenants in every table that has a tenant_id.
  Books Read(const std::vector<std::string>& tenants);
  /// Once nothing moves any more: events have reached those who follow them.
  Books ReadWhenQuiet(const std::vector<std::string>& tenants);

 private:
  pg::Pool pool_;
  std::vector<std::string> tables_;
};

/// Tables that differ.
std::vector<std::string> Differences(const Books& before, const Books& after);

}  // namespace cloudpos::strangers
