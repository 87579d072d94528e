#include "tests/security/strangers/forge.h"

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/token/jws.h"

namespace cloudpos::strangers {
namespace {

using base::Base64UrlEncode;

/// "header.claims", the header being {"alg":...,"typ":"at+jwt","kid":...} and `more`.
std::string Unsigned(const std::string& alg, const std::string& kid, const std::string& more,
                     const token::Claims& claims) {
  return Base64UrlEncode(R"({"alg":")" + alg + R"(","typ":"at+jwt","kid":")" + kid + "\"" + more +
                         "}") +
         "." + token::EncodeClaims(claims);
}

std::string SignatureOf(const std::string& token) { return token.substr(token.rfind('.') + 1); }

token::Claims Richer(token::Claims claims) {
  for (token::Grant& grant : claims.grants) grant.stores.clear();
  token::PermissionSet all;
  for (int bit = 1; bit < 255; ++bit) all.Add(static_cast<token::Permission>(bit));
  claims.grants.push_back({.stores = {}, .permissions = all});
  return claims;
}

}  // namespace

Forge::Forge(const token::Signer& signer, const token::Claims& leaver,
             const token::Claims& dismissed)
    : signer_(signer),
      other_(*token::Signer::FromPem(token::GenerateKeyPem())),
      leaver_(leaver),
      dismissed_(dismissed) {}

std::string Forge::Make(Proof proof, const token::Claims& claims) const {
  token::Claims made = claims;
  switch (proof) {
    case Proof::kGood:
      return signer_.Sign(claims);
    case Proof::kNone:
      return {};
    case Proof::kNoToken:
      return "a-token-that-is-none";
    case Proof::kExpired:
      made.issued_at = base::SystemClock().Now() - token::kTokenLifeMax - absl::Seconds(1);
      made.expires_at = made.issued_at + token::kTokenLifeMax;
      return signer_.Sign(made);
    case Proof::kWrongKey: {
      const std::string text =
          token::EncodeHeader(signer_.key_id()) + "." + token::EncodeClaims(claims);
      return text + "." + Base64UrlEncode(other_.SignBytes(text));
    }
    case Proof::kAlgNone:
      return Unsigned("none", signer_.key_id(), "", claims) + ".";
    case Proof::kRevoked:
      made.session = leaver_.session;
      return signer_.Sign(made);
    case Proof::kDismissed:
      made.subject = dismissed_.subject;
      made.issued_at = dismissed_.issued_at;
      made.expires_at = dismissed_.expires_at;
      return signer_.Sign(made);
  }
  return {};
}

std::vector<Forge::Trick> Forge::Tricks(const token::Claims& claims,
                                        const std::string& good) const {
  const std::string& kid = signer_.key_id();
  const std::string none = Unsigned("none", kid, "", claims);
  const std::string hmac = Unsigned("HS256", kid, "", claims);
  const std::string own =
      Unsigned("EdDSA", other_.key_id(), R"(,"jwk":)" + other_.PublicJwk(), claims);
  const std::string richer = token::EncodeHeader(kid) + "." + token::EncodeClaims(Richer(claims));
  std::string bent = good;
  bent.back() = bent.back() == 'A' ? 'Q' : 'A';
  return {
      {"alg none with a good signature", none + "." + SignatureOf(good)},
      {"alg None", Unsigned("None", kid, "", claims) + ".AA"},
      {"HS256 with the public key",
       hmac + "." + Base64UrlEncode(base::HmacSha256(signer_.PublicJwk(), hmac))},
      {"a key of its own in the header", own + "." + Base64UrlEncode(other_.SignBytes(own))},
      {"another installation's", other_.Sign(claims)},
      {"more rights under the old signature", richer + "." + SignatureOf(good)},
      {"a signature changed", bent},
      {"no signature", good.substr(0, good.rfind('.') + 1)},
      {"a part more", good + ".AA"},
  };
}

}  // namespace cloudpos::strangers
