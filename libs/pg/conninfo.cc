#include "libs/pg/conninfo.h"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"

namespace cloudpos::pg {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

absl::StatusOr<Parameters> Parse(const std::string& dsn) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), &error), &PQconninfoFree);
  if (parsed == nullptr) {
    PQfreemem(error);  // not shown: it may quote the password
    return base::Fail(common::v1::INVALID_ARGUMENT, "the connection string cannot be parsed");
  }
  Parameters parameters;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  return parameters;
}

std::string Join(const Parameters& parameters) {
  std::string text;
  for (const auto& [key, value] : parameters) {
    if (!text.empty()) text.push_back(' ');
    text += key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text.push_back('\\');
      text.push_back(c);
    }
    text.push_back('\'');
  }
  return text;
}

std::string SettingsOf(const SessionOptions& session) {
  return "-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c statement_timeout=" +
         std::to_string(session.statement_timeout_ms) +
         " -c lock_timeout=" + std::to_string(session.lock_timeout_ms) +
         " -c idle_in_transaction_session_timeout=" +
         std::to_string(session.idle_in_transaction_timeout_ms) +
         (SEEDED_BUG("ack_before_flush") ? " -c synchronous_commit=off" : "");
}

}  // namespace

absl::StatusOr<std::string> WithSession(const std::string& dsn, const SessionOptions& session) {
  CLOUDPOS_ASSIGN_OR_RETURN(Parameters parameters, Parse(dsn));
  std::string& options = parameters["options"];
  options = SettingsOf(session) + (options.empty() ? "" : " " + options);
  if (!session.application_name.empty()) {
    parameters.try_emplace("application_name", session.application_name);
  }
  parameters.try_emplace("client_encoding", "UTF8");
  // A dead host is noticed within seconds, also while we wait for its answer.
  parameters.try_emplace("connect_timeout", "2");
  parameters.try_emplace("keepalives_idle", "10");
  parameters.try_emplace("keepalives_interval", "5");
  parameters.try_emplace("keepalives_count", "3");
  parameters.try_emplace("tcp_user_timeout", "10000");
  return Join(parameters);
}

absl::StatusOr<std::string> WithParameter(const std::string& dsn, std::string_view key,
                                          std::string_view value) {
  CLOUDPOS_ASSIGN_OR_RETURN(Parameters parameters, Parse(dsn));
  parameters[std::string(key)] = value;
  return Join(parameters);
}

absl::StatusOr<std::string> ParameterOf(const std::string& dsn, std::string_view key) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Parameters parameters, Parse(dsn));
  const auto found = parameters.find(key);
  return found == parameters.end() ? std::string() : found->second;
}

}  // namespace cloudpos::pg
