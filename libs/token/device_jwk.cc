#include "libs/token/device_jwk.h"

#include <boost/json.hpp>

#include "libs/base/encoding.h"
#include "libs/token/device_key.h"

namespace cloudpos::token {
namespace {

namespace json = boost::json;

constexpr size_t kCoordinateBytes = 32;

std::string Coordinate(std::string_view point, size_t index) {
  return base::Base64UrlEncode(point.substr(1 + index * kCoordinateBytes, kCoordinateBytes));
}

std::string Member(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

absl::Status Malformed(std::string_view what) { return absl::InvalidArgumentError(what.data()); }

/// The point of an EC key; empty when it is none of P-256.
std::string PointOf(const json::object& jwk) {
  const auto x = base::Base64UrlDecode(Member(jwk, "x"));
  const auto y = base::Base64UrlDecode(Member(jwk, "y"));
  if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return "";
  std::string point = "\x04" + *x + *y;
  return IsP256Point(point) ? point : "";
}

}  // namespace

std::string P256KeyId(std::string_view point) {
  if (point.size() != kP256PointBytes) return "";
  // RFC 7638: the required members alone, in order of their names.
  return base::Base64UrlEncode(base::Sha256(R"({"crv":"P-256","kty":"EC","x":")" +
                                            Coordinate(point, 0) + R"(","y":")" +
                                            Coordinate(point, 1) + "\"}"));
}

std::string P256Jwk(std::string_view point) {
  return R"({"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":")" + P256KeyId(point) +
         R"(","x":")" + Coordinate(point, 0) + R"(","y":")" + Coordinate(point, 1) + "\"}";
}

absl::StatusOr<std::map<std::string, std::string>> ParseP256Jwks(std::string_view jwks) {
  json::error_code error;
  const json::value document = json::parse(jwks, error);
  if (error || !document.is_object()) return Malformed("the key set is not a JSON object");
  const json::value* list = document.get_object().if_contains("keys");
  if (list == nullptr || !list->is_array()) return Malformed("the key set has no list of keys");
  std::map<std::string, std::string> keys;
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_object()) return Malformed("a key is not a JSON object");
    const json::object& jwk = entry.get_object();
    if (Member(jwk, "kty") != "EC" || Member(jwk, "crv") != "P-256") continue;
    std::string point = PointOf(jwk);
    const std::string key_id = Member(jwk, "kid");
    if (point.empty() || key_id.empty()) return Malformed("a key is malformed");
    if (!keys.emplace(key_id, std::move(point)).second) return Malformed("a key id occurs twice");
  }
  if (keys.empty()) return Malformed("the key set has no P-256 key");
  return keys;
}

}  // namespace cloudpos::token
