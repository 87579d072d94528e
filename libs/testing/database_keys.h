#pragma once

// A check of schemas: what belongs to a tenant is found by the tenant.

#include <string>
#include <vector>

namespace cloudpos::testing {

/// Primary, unique and foreign keys and indexes of `schema` whose first column is not tenant_id, as
/// "table: kind name (first column)", sorted; schema_migrations is left out.
std::vector<std::string> KeysWithoutTenant(const std::string& dsn, const std::string& schema);

/// Tables of `schema` that have a tenant_id and no enabled and forced row-level security, sorted.
std::vector<std::string> TablesWithoutRowSecurity(const std::string& dsn,
                                                  const std::string& schema);

}  // namespace cloudpos::testing
