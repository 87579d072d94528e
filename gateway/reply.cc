#include "gateway/reply.h"

#include <algorithm>

#include "gateway/cookies.h"
#include "gateway/json_writer.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// Moves the cookie's field out of the response.
absl::Status SetCookie(const Exchange& exchange, Message* message, HttpResponse* response) {
  const Route& route = exchange.route();
  if (route.cookie_response.empty()) return absl::OkStatus();
  const std::string value = route.cookie_response.Text(*message);
  const std::string age = route.cookie_max_age.empty() ? "0" : route.cookie_max_age.Text(*message);
  const auto cookie = FormatCookie(CookieName(route.policy->cookie(), exchange.is_secure), value,
                                   std::strtoll(age.c_str(), nullptr, 10), exchange.is_secure);
  if (!cookie) return absl::InternalError("a cookie's value with bytes that no cookie can hold");
  response->Set("Set-Cookie", *cookie);
  return absl::OkStatus();
}

/// Weak comparison (RFC 9110 section 13.1.2).
bool MatchesAny(std::string_view header, const std::string& tag) {
  if (header == "*") return true;
  while (!header.empty()) {
    const size_t comma = header.find(',');
    std::string_view item = header.substr(0, comma);
    header = comma == header.npos ? std::string_view() : header.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item.substr(0, 2) == "W/") item.remove_prefix(2);
    if (item == tag) return true;
  }
  return false;
}

/// True: the client has this version already.
bool SetEtag(const Exchange& exchange, const Message& message, HttpResponse* response) {
  const Route& route = exchange.route();
  if (route.etag.empty()) return false;
  const std::string value = route.etag.Text(message);
  const bool is_plain = std::all_of(value.begin(), value.end(),
                                    [](char c) { return c > 0x20 && c < 0x7F && c != '"'; });
  if (value.empty() || !is_plain) return false;
  const std::string tag = "\"" + value + "\"";
  response->Set("ETag", tag);
  return exchange.request.head->method != "POST" &&
         MatchesAny(exchange.head().Find("if-none-match"), tag);
}

/// The hashes of the document's own <style> blocks, for its content policy.
std::string StyleSources(std::string_view html) {
  std::string sources;
  constexpr std::string_view kOpen = "<style>";
  constexpr std::string_view kEnd = "</style>";
  for (size_t at = html.find(kOpen); at != html.npos; at = html.find(kOpen, at)) {
    const size_t begin = at + kOpen.size();
    const size_t end = html.find(kEnd, begin);
    if (end == html.npos) break;
    sources +=
        " 'sha256-" + base::Base64Encode(base::Sha256(html.substr(begin, end - begin))) + "'";
    at = end;
  }
  return sources.empty() ? " 'none'" : sources;
}

}  // namespace

void SetRawHeaders(const std::string& content_type, std::string_view data, HttpResponse* response) {
  const bool is_clean =
      !content_type.empty() && std::all_of(content_type.begin(), content_type.end(),
                                           [](char c) { return c >= 0x20 && c < 0x7F; });
  response->Set("Content-Type", is_clean ? content_type : "application/octet-stream");
  if (content_type.compare(0, 9, "text/html") == 0) {
    response->Set("Content-Security-Policy",
                  "default-src 'none'; img-src data:; style-src" + StyleSources(data) +
                      "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox");
  }
}

absl::StatusOr<HttpResponse> MakeReply(const Exchange& exchange, Message* message) {
  const Route& route = exchange.route();
  const common::v1::Policy& policy = *route.policy;
  HttpResponse response;
  response.status = policy.http_status() != 0 ? policy.http_status() : 200;
  CLOUDPOS_RETURN_IF_ERROR(SetCookie(exchange, message, &response));
  if (SetEtag(exchange, *message, &response)) {
    response.status = 304;
    return response;
  }
  if (response.status == 204) return response;
  if (policy.raw_response()) {
    const auto* type = message->GetDescriptor();
    const auto* r = message->GetReflection();
    const FieldDescriptor* data = type->FindFieldByName("data");
    response.body = r->GetString(*message, data);
    SetRawHeaders(r->GetString(*message, type->FindFieldByName("content_type")), response.body,
                  &response);
    return response;
  }
  response.Set("Content-Type", "application/json");
  response.body.reserve(1024);
  const FieldDescriptor* omitted =
      route.cookie_response.empty() ? nullptr : route.cookie_response.last();
  CLOUDPOS_RETURN_IF_ERROR(WriteJson(*message, &response.body, omitted));
  return response;
}

}  // namespace cloudpos::gateway
