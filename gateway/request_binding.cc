#include "gateway/request_binding.h"

#include <algorithm>
#include <set>

#include "gateway/cookies.h"
#include "gateway/http_target.h"
#include "gateway/json_reader.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

/// "application/json", at most with charset=utf-8.
bool IsJson(std::string_view content_type) {
  std::string text = Lower(content_type);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text == "application/json" || text == "application/json;charset=utf-8" ||
         text == "application/json;charset=\"utf-8\"";
}

absl::Status SetRawBody(const Exchange& exchange, Message* raw) {
  const auto* type = raw->GetDescriptor();
  const auto* r = raw->GetReflection();
  const std::string_view content_type = exchange.head().Find("content-type");
  if (!base::IsValidUtf8(content_type)) {
    return base::Fail(common::v1::UNSUPPORTED_MEDIA_TYPE, "The Content-Type is not valid.");
  }
  r->SetString(raw, type->FindFieldByName("content_type"), std::string(content_type));
  r->SetString(raw, type->FindFieldByName("data"), exchange.request.body);
  return absl::OkStatus();
}

Message* BodyMessage(const Route& route, Message* message) {
  if (route.body != Route::Body::kField) return message;
  Message* parent = route.body_field.MutableParent(message);
  return parent->GetReflection()->MutableMessage(parent, route.body_field.last());
}

absl::Status BindBody(const Exchange& exchange, Message* message) {
  const Route& route = exchange.route();
  const std::string& body = exchange.request.body;
  if (route.policy->raw_request()) return SetRawBody(exchange, BodyMessage(route, message));
  if (body.empty()) return absl::OkStatus();
  if (route.body == Route::Body::kNone) {
    return base::Fail(common::v1::MALFORMED_REQUEST, "This route takes no body.");
  }
  if (!IsJson(exchange.head().Find("content-type"))) {
    return base::Fail(common::v1::UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.");
  }
  return ReadJson(body, BodyMessage(route, message));
}

/// What the path says wins over the body.
absl::Status BindPath(const Exchange& exchange, Message* message) {
  const Route& route = exchange.route();
  for (size_t i = 0; i < route.variables.size(); ++i) {
    const FieldPath& path = route.variables[i];
    Message* parent = path.MutableParent(message);
    parent->GetReflection()->ClearField(parent, path.last());
    CLOUDPOS_RETURN_IF_ERROR(
        SetFieldFromText(parent, path.last(), exchange.match.values[i], path.JsonName()));
  }
  return absl::OkStatus();
}

bool StartsWith(const FieldPath& path, const FieldPath& prefix) {
  return !prefix.empty() && path.fields().size() >= prefix.fields().size() &&
         std::equal(prefix.fields().begin(), prefix.fields().end(), path.fields().begin());
}

absl::StatusOr<FieldPath> ResolveParameter(const Route& route, const std::string& name) {
  auto path = FieldPath::ResolveJson(route.request->GetDescriptor(), name);
  const bool is_taken =
      path.ok() && !path->empty() &&
      (StartsWith(*path, route.body_field) ||
       std::find(route.variables.begin(), route.variables.end(), *path) != route.variables.end());
  if (!path.ok() || path->empty() || is_taken || route.body == Route::Body::kWhole) {
    return base::Fail(common::v1::UNKNOWN_FIELD, name, "there is no such parameter");
  }
  return path;
}

absl::Status BindQuery(const Exchange& exchange, Message* message) {
  if (exchange.head().query.empty()) return absl::OkStatus();
  const auto pairs = ParseQuery(exchange.head().query, kQueryParametersMax);
  if (!pairs) {
    return base::Fail(common::v1::MALFORMED_REQUEST,
                      "The query has a bad escape or more than 64 parameters.");
  }
  std::set<std::string> seen;
  for (const auto& [name, value] : *pairs) {
    if (!base::IsValidUtf8(name)) {
      return base::Fail(common::v1::MALFORMED_REQUEST, "The query is not valid UTF-8.");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const FieldPath path, ResolveParameter(exchange.route(), name));
    if (!path.last()->is_repeated() && !seen.insert(name).second) {
      return base::Fail(common::v1::INVALID_ARGUMENT, name, "is given twice");
    }
    Message* parent = path.MutableParent(message);
    CLOUDPOS_RETURN_IF_ERROR(SetFieldFromText(parent, path.last(), value, name));
  }
  return absl::OkStatus();
}

void BindCookie(Exchange* exchange, Message* message) {
  const FieldPath& path = exchange->route().cookie_request;
  if (path.empty() || !path.Text(*message).empty()) return;
  const auto value = FindCookie(
      exchange->head(), CookieName(exchange->route().policy->cookie(), exchange->is_secure));
  if (!value || value->empty()) return;
  Message* parent = path.MutableParent(message);
  parent->GetReflection()->SetString(parent, path.last(), *value);
  exchange->has_cookie = true;
}

}  // namespace

absl::Status BindRequest(Exchange* exchange, Message* message) {
  CLOUDPOS_RETURN_IF_ERROR(BindBody(*exchange, message));
  CLOUDPOS_RETURN_IF_ERROR(BindPath(*exchange, message));
  CLOUDPOS_RETURN_IF_ERROR(BindQuery(*exchange, message));
  BindCookie(exchange, message);
  return absl::OkStatus();
}

}  // namespace cloudpos::gateway
