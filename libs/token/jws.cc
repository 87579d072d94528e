#include "libs/token/jws.h"

#include <set>
#include <utility>

#include "boost/json.hpp"
#include "libs/base/encoding.h"

namespace cloudpos::token {
namespace {

namespace json = boost::json;

constexpr int64_t kSecondsMax = int64_t{1} << 40;  // beyond any date, far from overflow

json::string_view View(std::string_view text) { return {text.data(), text.size()}; }
std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

std::optional<json::object> ParseObject(std::string_view part) {
  const std::optional<std::string> text = base::Base64UrlDecode(part);
  if (!text) return std::nullopt;
  json::parse_options options;
  options.max_depth = 6;
  json::error_code error;
  json::value value = json::parse(View(*text), error, {}, options);
  if (error || !value.is_object() || HasAmbiguousMembers(*text)) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::string_view> Text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(View(name));
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return View(value->get_string());
}

bool IsText(const json::object& object, std::string_view name, std::string_view expected) {
  return Text(object, name) == expected;
}

std::optional<base::Uuid> Id(const json::object& object, std::string_view name) {
  const auto text = Text(object, name);
  if (!text) return std::nullopt;
  const auto id = base::Uuid::Parse(*text);
  return id && !id->is_nil() ? id : std::nullopt;
}

std::optional<int64_t> Seconds(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(View(name));
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  const int64_t seconds = value->get_int64();
  if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return seconds;
}

std::optional<Grant> DecodeGrant(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const auto bits = Text(object, "p");
  const json::value* stores = object.if_contains("s");
  if (!bits || stores == nullptr || !stores->is_array()) return std::nullopt;
  const auto permissions = PermissionSet::FromBase64Url(*bits);
  if (!permissions) return std::nullopt;
  Grant grant{.stores = {}, .permissions = *permissions};
  for (const json::value& store : stores->get_array()) {
    if (!store.is_string()) return std::nullopt;
    const auto id = base::Uuid::Parse(View(store.get_string()));
    if (!id) return std::nullopt;
    grant.stores.push_back(*id);
  }
  return grant;
}

bool DecodeGrants(const json::object& object, std::vector<Grant>* grants) {
  const json::value* list = object.if_contains("grants");
  if (list == nullptr || !list->is_array()) return false;
  for (const json::value& value : list->get_array()) {
    auto grant = DecodeGrant(value);
    if (!grant) return false;
    grants->push_back(*std::move(grant));
  }
  return true;
}

bool DecodeTimes(const json::object& object, Payload* payload) {
  const auto issued = Seconds(object, "iat");
  const auto not_before = Seconds(object, "nbf");
  const auto expires = Seconds(object, "exp");
  if (!issued || !not_before || !expires) return false;
  if (*expires <= *issued || absl::Seconds(*expires - *issued) > kTokenLifeMax) return false;
  payload->claims.issued_at = absl::FromUnixSeconds(*issued);
  payload->claims.expires_at = absl::FromUnixSeconds(*expires);
  payload->not_before = absl::FromUnixSeconds(*not_before);
  return true;
}

}  // namespace

bool HasAmbiguousMembers(std::string_view text) {
  // One set of names per open object; an array keeps an empty place. A string is a name when it
  // directly follows '{', or ',' within an object.
  struct Level {
    bool is_object;
    std::set<std::string_view> names;
  };
  std::vector<Level> open;
  bool expects_name = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '{' || c == '[') {
      open.push_back({c == '{', {}});
      expects_name = c == '{';
    } else if (c == '}' || c == ']') {
      open.pop_back();
      expects_name = false;
    } else if (c == ',') {
      expects_name = !open.empty() && open.back().is_object;
    } else if (c == '"') {
      const size_t begin = ++i;
      bool escaped = false;
      for (; text[i] != '"'; ++i) {
        if (text[i] == '\\') escaped = true, ++i;
      }
      if (expects_name) {
        const std::string_view name = text.substr(begin, i - begin);
        if (escaped || !open.back().names.insert(name).second) return true;
        expects_name = false;
      }
    }
  }
  return false;
}

std::optional<Parts> Split(std::string_view token) {
  if (token.size() > kTokenBytesMax) return std::nullopt;
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  const Parts parts{.header = token.substr(0, first),
                    .payload = token.substr(first + 1, second - first - 1),
                    .signature = token.substr(second + 1),
                    .signed_text = token.substr(0, second)};
  if (parts.header.empty() || parts.payload.empty() || parts.signature.empty()) return std::nullopt;
  return parts;
}

std::string EncodeHeader(std::string_view key_id) {
  const json::object header{{"alg", "EdDSA"}, {"typ", "at+jwt"}, {"kid", View(key_id)}};
  return base::Base64UrlEncode(json::serialize(header));
}

std::optional<std::string> KeyIdOf(std::string_view part) {
  const auto header = ParseObject(part);
  if (!header || header->size() != 3 || !IsText(*header, "alg", "EdDSA")) return std::nullopt;
  if (!IsText(*header, "typ", "at+jwt") && !IsText(*header, "typ", "JWT")) return std::nullopt;
  const auto key_id = Text(*header, "kid");
  if (!key_id) return std::nullopt;
  return std::string(*key_id);
}

std::string EncodeClaims(const Claims& claims) {
  const int64_t issued = absl::ToUnixSeconds(claims.issued_at);
  json::object payload{{"iss", View(kIssuer)},
                       {"aud", View(kAudience)},
                       {"iat", issued},
                       {"nbf", issued},
                       {"exp", absl::ToUnixSeconds(claims.expires_at)},
                       {"sub", claims.subject.ToString()},
                       {"ten", claims.tenant.ToString()},
                       {"sid", claims.session.ToString()}};
  if (claims.device) payload["dev"] = claims.device->ToString();
  json::array grants;
  for (const Grant& grant : claims.grants) {
    json::array stores;
    for (const base::Uuid& store : grant.stores) stores.emplace_back(store.ToString());
    grants.push_back(
        json::object{{"s", std::move(stores)}, {"p", grant.permissions.ToBase64Url()}});
  }
  payload["grants"] = std::move(grants);
  return base::Base64UrlEncode(json::serialize(payload));
}

std::optional<Payload> DecodeClaims(std::string_view part) {
  const auto object = ParseObject(part);
  if (!object || !IsText(*object, "iss", kIssuer) || !IsText(*object, "aud", kAudience)) {
    return std::nullopt;
  }
  const auto subject = Id(*object, "sub");
  const auto tenant = Id(*object, "ten");
  const auto session = Id(*object, "sid");
  if (!subject || !tenant || !session) return std::nullopt;
  Payload payload;
  payload.claims.subject = *subject;
  payload.claims.tenant = *tenant;
  payload.claims.session = *session;
  if (object->contains("dev")) {
    payload.claims.device = Id(*object, "dev");
    if (!payload.claims.device) return std::nullopt;
  }
  if (!DecodeTimes(*object, &payload) || !DecodeGrants(*object, &payload.claims.grants)) {
    return std::nullopt;
  }
  return payload;
}

}  // namespace cloudpos::token
