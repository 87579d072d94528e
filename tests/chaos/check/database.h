#pragma once

// Reads large tables fast: cursors in one read-only REPEATABLE READ transaction, rows in
// PostgreSQL's binary form, a few thousand at a time. libpq itself and nothing of libs/pg: the
// checker does not share the code it judges.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/ids.h"

struct pg_conn;
struct pg_result;

namespace cloudpos::chaos {

/// One row; valid within the callback. Columns by number, from 0; a column of another type than
/// asked for is a bug of ours and aborts. NULL reads as zero, empty or nil.
class Row {
 public:
  Row(const pg_result* result, int row) : result_(result), row_(row) {}
  bool IsNull(int column) const;
  base::Uuid Id(int column) const;          // uuid
  int64_t Int(int column) const;            // smallint, integer, bigint
  bool Bool(int column) const;              // boolean
  std::string_view Text(int column) const;  // text, name, bytea
  int64_t Micros(int column) const;         // timestamptz: microseconds since 1970

 private:
  std::string_view Bytes(int column) const;
  const pg_result* result_;
  int row_;
};

/// A statement. $1 is the tenant; $2, where used, a list of ids (null: all): see Database::Only.
struct Query {
  const char* name;
  const char* sql;
};

class Database {
 public:
  /// Opens the transaction.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& dsn,
                                                        const base::Uuid& tenant);
  ~Database();
  Database(const Database&) = delete;

  using OnRow = std::function<void(const Row&)>;
  /// A statement that may give very many rows.
  absl::Status Stream(const Query& query, const OnRow& on_row);
  /// The same in the order of an index: large rows are not sorted.
  absl::Status StreamInOrder(const Query& query, const OnRow& on_row);
  /// The same for the documents in `ids` alone; `query` has $2.
  absl::Status StreamOnly(const Query& query, const std::vector<base::Uuid>& ids,
                          const OnRow& on_row);
  /// A small statement without parameter or with $1.
  absl::Status Read(const Query& query, const OnRow& on_row);

 private:
  Database(pg_conn* connection, const base::Uuid& tenant);
  absl::Status Run(const char* sql);
  absl::Status StreamWith(const Query& query, const char* ids, const OnRow& on_row);

  pg_conn* connection_;
  std::string tenant_;
};

}  // namespace cloudpos::chaos
