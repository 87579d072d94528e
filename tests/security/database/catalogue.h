#pragma once

// What there is in the schemas of all services, as PostgreSQL's catalogue has it.

#include <string>
#include <vector>

#include "tests/security/database/session.h"

namespace cloudpos::security {

struct Column {
  std::string name;
  std::string type;      // as format_type writes it
  bool is_made = false;  // identity or computed: takes no value
};

struct Table {
  std::string schema;
  std::string name;
  bool is_partition = false;
  bool has_tenant = false;
  std::vector<Column> columns;

  std::string path() const { return schema + "." + name; }
};

/// Tables, partitioned tables and partitions, by name. No view among them: views run as their owner
/// and would get around row-level security, so there must be none.
std::vector<Table> Tables(Session& admin);

struct Function {
  std::string schema;
  std::string name;
  std::string arguments;  // some value of each type: "gen_random_uuid(), 1"
};
std::vector<Function> Functions(Session& admin);

/// Names of the services, by their schemas.
std::vector<std::string> Services();

/// The lines of a list in tests/golden.
std::vector<std::string> GoldenLines(const std::string& name);

}  // namespace cloudpos::security
