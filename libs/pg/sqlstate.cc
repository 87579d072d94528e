#include "libs/pg/sqlstate.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "libs/base/error.h"
#include "libs/pg/pg.h"

namespace cloudpos::pg {
namespace {

constexpr char kSqlStatePayload[] = "cloudpos/pg/sqlstate";
constexpr char kConstraintPayload[] = "cloudpos/pg/constraint";
constexpr char kMessagePayload[] = "cloudpos/pg/message";
constexpr char kOutcomePayload[] = "cloudpos/pg/outcome";

struct Mapping {
  std::string_view prefix;  // class (two characters) or whole code
  base::ErrorCode code;
  std::string_view detail;
};

// First match wins.
constexpr Mapping kMappings[] = {
    {"23505", common::v1::ALREADY_EXISTS, "it exists already"},
    {"23503", common::v1::STILL_REFERENCED,
     "something it refers to, or that refers to it, differs"},
    {"40001", common::v1::CONFLICT, "the request lost a race"},
    {"40P01", common::v1::CONFLICT, "the request lost a race"},
    {"57014", common::v1::DEADLINE_EXCEEDED, "the database took too long"},
    {"55P03", common::v1::OVERLOADED, "waited too long for a lock"},
    {"25P03", common::v1::UNAVAILABLE, "the database ended the session"},
    {"57P", common::v1::UNAVAILABLE, "the database is not available"},
    {"08", common::v1::UNAVAILABLE, "the database is not available"},
    {"53", common::v1::OVERLOADED, "the database is short of resources"},
};

std::string Payload(const absl::Status& status, const char* type) {
  const auto payload = status.GetPayload(type);
  return payload ? std::string(*payload) : std::string();
}

// Verbose messages end with the fields of the error, one a line; what users sent stands before
// them, so the last line of that name is the server's own.
std::string_view ConstraintIn(std::string_view message) {
  constexpr std::string_view kLabel = "\nCONSTRAINT NAME:  ";
  const size_t at = message.rfind(kLabel);
  if (at == std::string_view::npos) return {};
  message.remove_prefix(at + kLabel.size());
  return message.substr(0, message.find('\n'));
}

// The first line; the others (DETAIL, CONTEXT) quote data of customers.
std::string FirstLine(std::string_view message, std::string_view query) {
  std::string line(query);
  if (!line.empty()) line += ": ";
  line += message.substr(0, message.find('\n'));
  return line;
}

}  // namespace

std::string_view SqlStateIn(std::string_view message) {
  const std::string_view line = message.substr(0, message.find('\n'));
  const size_t colon = line.find(":  ");
  if (colon == std::string_view::npos || line.size() < colon + 9 || line[colon + 8] != ':')
    return {};
  const std::string_view state = line.substr(colon + 3, 5);
  const auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  return std::all_of(state.begin(), state.end(), fits) ? state : std::string_view();
}

absl::Status StatusOfSqlError(std::string_view sqlstate, std::string_view message,
                              std::string_view query) {
  base::ErrorCode code = common::v1::INTERNAL;
  std::string_view detail = "a database statement failed";
  for (const Mapping& mapping : kMappings) {
    if (!sqlstate.starts_with(mapping.prefix)) continue;
    code = mapping.code;
    detail = mapping.detail;
    break;
  }
  absl::Status status = base::Fail(code, detail);
  status.SetPayload(kSqlStatePayload, absl::Cord(std::string(sqlstate)));
  status.SetPayload(kMessagePayload, absl::Cord(FirstLine(message, query)));
  if (sqlstate.starts_with("23")) {
    const std::string_view constraint = ConstraintIn(message);
    if (!constraint.empty()) {
      status.SetPayload(kConstraintPayload, absl::Cord(std::string(constraint)));
    }
  }
  return status;
}

absl::Status StatusOfLostConnection(std::string_view message, std::string_view query) {
  const std::string_view state = SqlStateIn(message);
  return StatusOfSqlError(state.empty() ? "08006" : state, message, query);
}

std::string MessageOf(const absl::Status& status) {
  const std::string message = Payload(status, kMessagePayload);
  return message.empty() ? std::string(status.message()) : message;
}

absl::Status MarkOutcomeUnknown(absl::Status status) {
  status.SetPayload(kOutcomePayload, absl::Cord("unknown"));
  return status;
}

bool EndsSession(std::string_view sqlstate) {
  return sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "57P05" ||
         sqlstate == "25P03" || sqlstate == "26000" || sqlstate == "0A000" ||
         sqlstate.starts_with("08");
}

bool IsRollbackSqlState(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01";
}

bool IsOutcomeUnknown(const absl::Status& status) {
  return status.GetPayload(kOutcomePayload).has_value();
}

std::string ConstraintOf(const absl::Status& status) { return Payload(status, kConstraintPayload); }
std::string SqlStateOf(const absl::Status& status) { return Payload(status, kSqlStatePayload); }

bool IsTransient(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  if (state.empty()) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kDeadlineExceeded;
  }
  return state.starts_with("08") || state.starts_with("53") || state.starts_with("57") ||
         state.starts_with("40") || state == "55P03" || state == "25P03" || state == "25006";
}

}  // namespace cloudpos::pg
