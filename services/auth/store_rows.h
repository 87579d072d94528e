#pragma once

// Rows to domain structs, and the shapes of answer that the store functions share.

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/status_macros.h"
#include "libs/pg/pg.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

/// The first row, or nullopt.
template <typename T>
absl::StatusOr<std::optional<T>> One(absl::StatusOr<pg::Result> rows, T (*to)(const pg::Row&)) {
  if (!rows.ok()) return std::move(rows).status();
  if (rows->empty()) return std::optional<T>();
  return std::optional<T>(to((*rows)[0]));
}

template <typename T>
absl::StatusOr<std::vector<T>> Many(absl::StatusOr<pg::Result> rows, T (*to)(const pg::Row&)) {
  if (!rows.ok()) return std::move(rows).status();
  std::vector<T> list;
  list.reserve(rows->size());
  for (const pg::Row row : *rows) list.push_back(to(row));
  return list;
}

/// After INSERT ... ON CONFLICT DO NOTHING: nullopt when it inserted, else what `select` finds
/// (request_hash, created_at) of the row that has the id.
template <typename... Key>
absl::StatusOr<std::optional<Existing>> InsertedOr(pg::Tx& tx, absl::StatusOr<pg::Result> inserted,
                                                   const pg::Query& select, const Key&... key) {
  if (!inserted.ok()) return std::move(inserted).status();
  if (inserted->affected() == 1) return std::optional<Existing>();
  return One<Existing>(tx.Exec(select, key...), [](const pg::Row& row) {
    return Existing{.request_hash = row.Get<pg::Bytes>("request_hash").value,
                    .created_at = row.Get<absl::Time>("created_at")};
  });
}

}  // namespace cloudpos::auth
