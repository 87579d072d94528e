#pragma once

// libpq connection strings.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cloudpos::pg {

struct SessionOptions {
  std::string application_name{};
  int64_t statement_timeout_ms = 0;  // 0: none
  int64_t lock_timeout_ms = 0;
  int64_t idle_in_transaction_timeout_ms = 0;
};

/// `dsn` (key=value or URI) as key=value with the session's settings in it, so that each connection
/// made from it has them from the start. What the DSN itself says in `options` wins.
absl::StatusOr<std::string> WithSession(const std::string& dsn, const SessionOptions& session);

/// `dsn` with parameter `key` (say dbname or user) set to `value`, as key=value.
absl::StatusOr<std::string> WithParameter(const std::string& dsn, std::string_view key,
                                          std::string_view value);

/// Value of parameter `key`; empty when the DSN does not name it.
absl::StatusOr<std::string> ParameterOf(const std::string& dsn, std::string_view key);

}  // namespace cloudpos::pg
