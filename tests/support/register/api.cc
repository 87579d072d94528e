#include "tests/support/register/api.h"

namespace cloudpos::register_sim {

std::string Answer::Problem() const {
  std::string problem = std::to_string(status) + " " + code + ": " + Text(body, "detail");
  for (const json::value& error : Array(body, "errors")) {
    problem += " (" + Text(error.as_object(), "field") + ")";
  }
  return problem;
}

absl::StatusOr<Answer> Api::Get(const std::string& target, const std::string& token) {
  return Call({.method = "GET", .target = target, .token = token, .body = {}});
}

absl::StatusOr<Answer> Api::Post(const std::string& target, const std::string& token,
                                 const json::object& body) {
  return Call({.method = "POST", .target = target, .token = token, .body = json::serialize(body)});
}

absl::StatusOr<Answer> Api::Call(const replay::HttpCall& call) {
  const auto came = http_.Send(call);
  if (!came.ok()) return came.status();
  Answer answer{.status = came->status, .code = {}, .body = {}, .text = came->body};
  json::error_code error;
  json::value body = json::parse(came->body, error);
  if (!error && body.is_object()) answer.body = std::move(body.get_object());
  if (!answer.ok()) answer.code = Text(answer.body, "code");
  // 429 and 5xx: nobody says that it did not happen, or it may happen in a moment.
  if (answer.status == 429 || answer.status >= 500) {
    return absl::UnavailableError(call.method + " " + call.target + ": " + answer.Problem());
  }
  return answer;
}

absl::Status Refused(const std::string& what, const Answer& answer) {
  return absl::FailedPreconditionError(what + ": " + answer.Problem());
}

}  // namespace cloudpos::register_sim
