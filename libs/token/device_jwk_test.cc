#include "libs/token/device_jwk.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/token/device_key.h"
#include "libs/token/token.h"

namespace cloudpos::token {

TEST_CASE("ParseP256Jwks: reads what P256Jwk wrote, by thumbprint", "[token]") {
  const DeviceKey one = DeviceKey::Generate(), other = DeviceKey::Generate();
  const std::string set = MakeJwks({P256Jwk(one.public_point()), P256Jwk(other.public_point())});
  const auto keys = ParseP256Jwks(set);
  REQUIRE(keys.ok());
  CHECK(keys->size() == 2);
  CHECK(keys->at(P256KeyId(one.public_point())) == one.public_point());
  CHECK(keys->at(P256KeyId(other.public_point())) == other.public_point());
}

TEST_CASE("P256KeyId: the thumbprint of RFC 7638 for a published key", "[token]") {
  // RFC 7517 appendix A.1; the thumbprint by a command of its own:
  // printf '%s' '{"crv":...}' | openssl dgst -sha256 -binary | basenc --base64url
  const std::string x = *base::Base64UrlDecode("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
  const std::string y = *base::Base64UrlDecode("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");
  CHECK(P256KeyId("\x04" + x + y) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
  CHECK(P256KeyId("short").empty());
}

TEST_CASE("ParseP256Jwks: refuses what is no set of such keys", "[token]") {
  const std::string jwk = P256Jwk(DeviceKey::Generate().public_point());
  CHECK_FALSE(ParseP256Jwks("").ok());
  CHECK_FALSE(ParseP256Jwks("{}").ok());
  CHECK_FALSE(ParseP256Jwks(MakeJwks({})).ok());
  CHECK_FALSE(ParseP256Jwks(MakeJwks({jwk, jwk})).ok());
  std::string off_curve = jwk;
  const size_t y = off_curve.find("\"y\":\"") + 5;
  off_curve[y] = off_curve[y] == 'A' ? 'B' : 'A';
  CHECK_FALSE(ParseP256Jwks(MakeJwks({off_curve})).ok());
}

}  // namespace cloudpos::token
