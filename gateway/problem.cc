#include "gateway/problem.h"

#include "gateway/json_writer.h"
#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

int HttpStatusOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

void AppendMember(std::string_view name, std::string_view value, std::string* out) {
  if (out->back() != '{') out->push_back(',');
  AppendJsonString(name, out);
  out->push_back(':');
  AppendJsonString(value, out);
}

void AppendFields(const base::ErrorInfo& info, std::string* out) {
  if (info.fields.empty()) return;
  out->append(",\"errors\":[");
  for (const base::FieldViolation& violation : info.fields) {
    if (out->back() != '[') out->push_back(',');
    out->push_back('{');
    AppendMember("field", violation.field, out);
    AppendMember("detail", violation.detail, out);
    out->push_back('}');
  }
  out->push_back(']');
}

void AppendData(const base::ErrorInfo& info, std::string* out) {
  if (info.data.empty()) return;
  out->append(",\"data\":{");
  for (const auto& [name, value] : info.data) AppendMember(name, value, out);
  out->push_back('}');
}

std::string Challenge(common::v1::ErrorCode code) {
  using namespace common::v1;
  const bool is_token = code == TOKEN_EXPIRED || code == TOKEN_INVALID || code == TOKEN_REVOKED;
  return is_token ? "Bearer realm=\"cloudpos\", error=\"invalid_token\""
                  : "Bearer realm=\"cloudpos\"";
}

}  // namespace

std::string ProblemType(std::string_view code) {
  std::string type = "urn:cloudpos:problem:";
  for (const char c : code) {
    type.push_back(c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return type;
}

int HttpStatusOf(const absl::Status& status) {
  const base::Meaning& meaning = base::MeaningOf(base::CodeOf(status));
  return meaning.http_status != 0 ? meaning.http_status : HttpStatusOfCode(meaning.status);
}

HttpResponse MakeProblem(const absl::Status& status, std::string_view request_id) {
  const base::ErrorInfo info = base::InfoOf(status);
  const std::string& code = common::v1::ErrorCode_Name(info.code);
  HttpResponse response;
  response.status = HttpStatusOf(status);
  std::string& body = response.body;
  body.push_back('{');
  AppendMember("type", ProblemType(code), &body);
  AppendMember("title", base::MeaningOf(info.code).title, &body);
  body.append(",\"status\":").append(std::to_string(response.status));
  AppendMember("code", code, &body);
  if (!info.detail.empty()) AppendMember("detail", info.detail, &body);
  AppendMember("instance", request_id, &body);
  AppendFields(info, &body);
  if (!info.hint.empty()) AppendMember("hint", info.hint, &body);
  AppendData(info, &body);
  body.push_back('}');
  response.Set("Content-Type", "application/problem+json");
  if (response.status == 401) response.Set("WWW-Authenticate", Challenge(info.code));
  if (info.retry_after) {
    const int64_t seconds = (info.retry_after->count() + 999) / 1000;
    response.Set("Retry-After", std::to_string(seconds < 1 ? 1 : seconds));
  } else if (response.status == 503) {
    response.Set("Retry-After", "1");
  }
  return response;
}

}  // namespace cloudpos::gateway
