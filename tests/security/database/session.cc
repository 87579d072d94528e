#include "tests/security/database/session.h"

#include <stdexcept>

#include "libs/pg/conninfo.h"
#include "libs/pg/identifier.h"
#include "libs/pg/sqlstate.h"

namespace cloudpos::security {

size_t Outcome::Rows() const {
  if (!answer.empty()) return static_cast<size_t>(answer[0].Get<int64_t>("n"));
  return affected;
}

Session::Session(const std::string& dsn) {
  const auto conninfo =
      pg::WithSession(dsn, {.application_name = "security", .statement_timeout_ms = 30'000});
  if (!conninfo.ok()) throw std::runtime_error(conninfo.status().ToString());
  auto connection = pg::Connection::Open({.conninfo = *conninfo, .pool = "security"});
  if (!connection.ok()) throw std::runtime_error(connection.status().ToString());
  connection_ = *std::move(connection);
}

Outcome Session::Try(const std::string& sql) {
  const absl::Status begun = connection_->Begin("BEGIN");
  if (!begun.ok()) throw std::runtime_error(begun.ToString());
  const auto result = connection_->ExecuteSimple(sql, "try");
  connection_->Rollback();
  if (result.ok()) {
    return {.state = {}, .message = {}, .affected = result->affected(), .answer = *result};
  }
  const std::string state = pg::SqlStateOf(result.status());
  if (connection_->broken() || state.empty())
    throw std::runtime_error(sql + ": " + result.status().ToString());
  return {.state = state, .message = pg::MessageOf(result.status())};
}

pg::Result Session::Run(const std::string& sql) {
  auto result = connection_->ExecuteSimple(sql, "run");
  if (!result.ok()) throw std::runtime_error(sql + ": " + result.status().ToString());
  return *std::move(result);
}

void Session::SetTenant(const std::string& tenant) {
  Run("SELECT set_config('app.tenant', " + pg::QuoteLiteral(tenant) + ", false)");
}

}  // namespace cloudpos::security
