#pragma once

// Calls of the gateway as a register makes them: an answer, a refusal or silence.

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/register/json.h"
#include "tools/replay/http_client.h"

namespace cloudpos::register_sim {

/// What came back. `code` is the problem's; empty for 2xx.
struct Answer {
  int status = 0;
  std::string code;
  json::object body;
  std::string text;  // as it came, also when it is no JSON object

  bool ok() const { return status >= 200 && status < 300; }
  /// The data of a problem, e.g. journalNo.
  const json::object& data() const { return Object(body, "data"); }
  /// For people: "409 JOURNAL_NO: the proposed numbers do not follow on".
  std::string Problem() const;
};

class Api {
 public:
  Api(replay::HttpAddress gateway, std::chrono::seconds patience)
      : http_(std::move(gateway), patience) {}

  /// UNAVAILABLE when nothing definite came back: no connection, no answer, a gateway or service
  /// that could not say. What was asked for may have happened.
  absl::StatusOr<Answer> Get(const std::string& target, const std::string& token);
  absl::StatusOr<Answer> Post(const std::string& target, const std::string& token,
                              const json::object& body);

 private:
  absl::StatusOr<Answer> Call(const replay::HttpCall& call);

  replay::HttpClient http_;
};

/// FAILED_PRECONDITION that names the problem.
absl::Status Refused(const std::string& what, const Answer& answer);

}  // namespace cloudpos::register_sim
