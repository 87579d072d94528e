// Token verification. The first byte chooses what the rest is: a token as it came, a header, a
// payload, a key set, or header and payload (with 0xFF between) that get a proper signature, so
// that the search comes past the signature check.

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "gateway/json_tree.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/token/jws.h"
#include "libs/token/keys.h"
#include "libs/token/token.h"
#include "tests/fuzz/target.h"

namespace cloudpos::fuzz {
namespace {

// Keys of this test alone (RFC 8410 form); fixed, so that a kept input always means the same.
constexpr char kPem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

base::Uuid Id(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return base::Uuid(bytes);
}

struct World {
  World() : signer(*token::Signer::FromPem(kPem)), verifier(clock) {
    Check(verifier.SetKeys(token::MakeJwks({signer.PublicJwk()})).ok(), "the keys are accepted");
  }

  token::Claims Someone() const {
    token::PermissionSet some;
    some.Add(common::v1::SALE_CREATE);
    return {
        .tenant = Id(1),
        .subject = Id(2),
        .session = Id(3),
        .device = Id(4),
        .grants = {{.stores = {Id(5)}, .permissions = some}, {.stores = {}, .permissions = some}},
        .issued_at = clock.Now(),
        .expires_at = clock.Now() + absl::Minutes(10)};
  }
  std::string Sign(std::string_view header, std::string_view payload) const {
    const std::string text = base::Base64UrlEncode(header) + "." + base::Base64UrlEncode(payload);
    return text + "." + base::Base64UrlEncode(signer.SignBytes(text));
  }

  base::FakeClock clock;
  token::Signer signer;
  token::Verifier verifier;
};

World& TheWorld() {
  static World world;
  return world;
}

bool HasDuplicates(const gateway::JsonNode& node) {
  std::vector<std::string_view> keys;
  for (const gateway::JsonNode& child : node.children) {
    if (HasDuplicates(child)) return true;
    if (node.kind == gateway::JsonNode::Kind::kObject) keys.push_back(child.key);
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

/// Another reader of JSON finds no member twice in what was taken for unambiguous.
void CheckUnambiguous(std::string_view text) {
  gateway::JsonTree tree;
  if (!tree.Parse(text).ok()) return;  // beyond its limits
  Check(token::HasAmbiguousMembers(text) || !HasDuplicates(tree.root()), "no member twice", text);
}

void CheckClaims(const token::Claims& claims) {
  Check(!claims.tenant.is_nil() && !claims.subject.is_nil() && !claims.session.is_nil(),
        "claims: no nil ids");
  Check(!claims.device || !claims.device->is_nil(), "claims: no nil device");
  Check(claims.expires_at > claims.issued_at, "claims: a life");
  Check(claims.expires_at - claims.issued_at <= token::kTokenLifeMax, "claims: a short life");
}

/// Claims that were read mean the same after they were written again.
void CheckPayload(std::string_view payload) {
  CheckUnambiguous(payload);
  const auto read = token::DecodeClaims(base::Base64UrlEncode(payload));
  if (!read) return;
  Check(!token::HasAmbiguousMembers(payload), "claims: unambiguous", payload);
  CheckClaims(read->claims);
  const auto again = token::DecodeClaims(token::EncodeClaims(read->claims));
  Check(again.has_value(), "claims: can be written", payload);
  const token::Claims& a = read->claims;
  const token::Claims& b = again->claims;
  const auto same_grant = [](const token::Grant& x, const token::Grant& y) {
    return x.stores == y.stores && x.permissions == y.permissions;
  };
  Check(a.tenant == b.tenant && a.subject == b.subject && a.session == b.session &&
            a.device == b.device && a.issued_at == b.issued_at && a.expires_at == b.expires_at &&
            std::equal(a.grants.begin(), a.grants.end(), b.grants.begin(), b.grants.end(),
                       same_grant),
        "claims: the same when written and read again", payload);
}

void CheckHeader(std::string_view header) {
  CheckUnambiguous(header);
  const auto key_id = token::KeyIdOf(base::Base64UrlEncode(header));
  if (!key_id) return;
  Check(!token::HasAmbiguousMembers(header), "header: unambiguous", header);
  Check(token::KeyIdOf(token::EncodeHeader(*key_id)) == key_id,
        "header: the same when written and read again", header);
}

/// Only what we have signed is accepted.
void CheckRaw(std::string_view token) {
  if (!TheWorld().verifier.Verify(token).ok()) return;
  const auto parts = token::Split(token);
  Check(parts.has_value(), "token: has three parts", token);
  Check(token == std::string(parts->signed_text) + "." +
                     base::Base64UrlEncode(TheWorld().signer.SignBytes(parts->signed_text)),
        "token: what we sign, to the last byte", token);
}

/// Any single byte changed makes a good token a bad one.
void CheckBroken(const std::string& token, size_t where) {
  std::string broken = token;
  char& byte = broken[where % broken.size()];
  byte = static_cast<char>(byte ^ (1 << (where / broken.size() % 7)));
  const auto code = base::CodeOf(TheWorld().verifier.Verify(broken).status());
  Check(code == common::v1::TOKEN_INVALID, "token: one bit changed is refused", broken);
}

void CheckSigned(std::string_view header, std::string_view payload) {
  World& world = TheWorld();
  const std::string token = world.Sign(header, payload);
  const auto claims = world.verifier.Verify(token);
  const auto again = world.verifier.Verify(token);
  Check(claims.status() == again.status(), "token: the same from the cache", token);
  if (!claims.ok()) {
    const base::ErrorCode code = base::CodeOf(claims.status());
    Check(code == common::v1::TOKEN_INVALID || code == common::v1::TOKEN_EXPIRED,
          "token: refused as such", token);
    return;
  }
  CheckClaims(**claims);
  Check((*claims)->expires_at > world.clock.Now(), "token: not expired", token);
  Check((*claims)->issued_at <= world.clock.Now() + absl::Seconds(60), "token: issued", token);
  Check(token::KeyIdOf(base::Base64UrlEncode(header)) == world.signer.key_id(), "token: the key");
  size_t where = 0;
  for (const char c : payload) where = where * 31 + static_cast<unsigned char>(c);
  CheckBroken(token, where);
}

void Run(std::string_view input) {
  if (input.empty()) return;
  const std::string_view rest = input.substr(1);
  switch (static_cast<unsigned char>(input[0]) % 5) {
    case 0:
      return CheckRaw(rest);
    case 1:
      return CheckHeader(rest);
    case 2:
      return CheckPayload(rest);
    case 3: {
      const auto keys = token::ParseJwks(rest);
      Check(!keys.ok() || !keys->empty(), "key set: not empty");
      return;
    }
    default: {
      const size_t cut = std::min(rest.find('\xFF'), rest.size());
      return CheckSigned(rest.substr(0, cut), rest.substr(std::min(cut + 1, rest.size())));
    }
  }
}

/// Good inputs of each kind, to begin from.
std::string Invent(std::string_view, unsigned seed) {
  const World& world = TheWorld();
  const std::string token = world.signer.Sign(world.Someone());
  const token::Parts parts = *token::Split(token);
  const std::string header = *base::Base64UrlDecode(parts.header);
  const std::string payload = *base::Base64UrlDecode(parts.payload);
  switch (seed % 5) {
    case 0:
      return std::string(1, '\0') + token;
    case 1:
      return "\x01" + header;
    case 2:
      return "\x02" + payload;
    case 3:
      return "\x03" + token::MakeJwks({world.signer.PublicJwk()});
    default:
      return "\x04" + header + "\xFF" + payload;
  }
}

}  // namespace

const Target kToken{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
