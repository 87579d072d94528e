#pragma once

// A session in which statements are tried and undone.

#include <memory>
#include <string>

#include "libs/pg/connection.h"

namespace cloudpos::security {

/// SQLSTATE insufficient_privilege: no right to it, or row-level security.
constexpr char kRefused[] = "42501";

struct Outcome {
  std::string state;    // SQLSTATE; empty when it went through
  std::string message;  // PostgreSQL's
  size_t affected = 0;
  pg::Result answer{};

  bool ok() const { return state.empty(); }
  bool refused() const { return state == kRefused; }
  /// Rows changed, or counted by SELECT count(*) AS n.
  size_t Rows() const;
};

/// Ends the test with the reason when the session itself fails.
class Session {
 public:
  explicit Session(const std::string& dsn);

  /// Runs `sql` in a transaction that is rolled back.
  Outcome Try(const std::string& sql);
  /// Runs `sql` for good; the test ends when it fails.
  pg::Result Run(const std::string& sql);
  /// Sets app.tenant for the session.
  void SetTenant(const std::string& tenant);

 private:
  std::unique_ptr<pg::Connection> connection_;
};

}  // namespace cloudpos::security
