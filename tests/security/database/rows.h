#pragma once

// Rows made of nothing but their columns' types, for tables that no test knows by name.

#include <string>
#include <vector>

#include "tests/security/database/catalogue.h"

namespace cloudpos::security {

/// Two tenants.
constexpr char kA[] = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
constexpr char kB[] = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

/// A value for a column of a row of `tenant`; `salt` makes another row's keys different.
std::string ValueOf(const Column& column, const std::string& tenant, const std::string& salt);

/// The INSERT of a whole row.
std::string InsertOf(const Table& table, const std::string& tenant, const std::string& salt);

/// Drops the checks and foreign keys, which such rows do not fulfil; types, keys, triggers,
/// privileges and row-level security stay.
void DropRules(Session& admin, const std::vector<Table>& tables);

/// The rows of a tenant (every row of a table without tenant) as text.
std::string RowsOf(Session& admin, const Table& table, const std::string& tenant);

}  // namespace cloudpos::security
