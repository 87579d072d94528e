#include "libs/token/token.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/token/cache.h"
#include "libs/token/jws.h"

namespace cloudpos::token {
namespace {

using namespace common::v1;

base::Uuid Id(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return base::Uuid(bytes);
}

PermissionSet Set(std::initializer_list<Permission> permissions) {
  PermissionSet set;
  for (const Permission p : permissions) set.Add(p);
  return set;
}

struct World {
  World() : signer(*Signer::FromPem(GenerateKeyPem())), verifier(clock) {
    REQUIRE(verifier.SetKeys(MakeJwks({signer.PublicJwk()})).ok());
  }
  Claims Someone() const {
    return {.tenant = Id(1),
            .subject = Id(2),
            .session = Id(3),
            .device = Id(4),
            .grants = {{.stores = {Id(5), Id(6)}, .permissions = Set({SALE_CREATE, SALE_READ})},
                       {.stores = {}, .permissions = Set({STAFF_READ})}},
            .issued_at = clock.Now(),
            .expires_at = clock.Now() + absl::Minutes(10)};
  }
  ErrorCode Code(std::string_view token) const {
    return base::CodeOf(verifier.Verify(token).status());
  }
  /// A token of any header and payload text, properly signed.
  std::string Forge(const std::string& header, const std::string& payload) const {
    const std::string text = base::Base64UrlEncode(header) + "." + base::Base64UrlEncode(payload);
    return text + "." + base::Base64UrlEncode(signer.SignBytes(text));
  }
  std::string Header() const {
    return R"({"alg":"EdDSA","typ":"at+jwt","kid":")" + signer.key_id() + "\"}";
  }
  /// The payload of Someone with `from` replaced by `to`.
  std::string Payload(const std::string& from = {}, const std::string& to = {}) const {
    std::string text = *base::Base64UrlDecode(EncodeClaims(Someone()));
    if (from.empty()) return text;
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  }

  base::FakeClock clock;
  Signer signer;
  Verifier verifier;
};

}  // namespace

TEST_CASE("PermissionSet: bit n is permission n, little-endian", "[token]") {
  CHECK(PermissionSet().ToBase64Url().empty());
  CHECK(Set({STAFF_READ}).ToBase64Url() == base::Base64UrlEncode("\x02"));
  const PermissionSet set = Set({STAFF_READ, SALE_CREATE, REPORT_READ});
  const auto back = PermissionSet::FromBase64Url(set.ToBase64Url());
  REQUIRE(back);
  CHECK(*back == set);
  CHECK(back->ToList() == std::vector<Permission>{STAFF_READ, SALE_CREATE, REPORT_READ});
  CHECK_FALSE(back->Has(SALE_READ));
  CHECK_FALSE(PermissionSet::FromBase64Url("!"));
  CHECK_FALSE(PermissionSet::FromBase64Url(base::Base64UrlEncode(std::string(33, 'x'))));
  const auto unknown = PermissionSet::FromBase64Url(base::Base64UrlEncode(std::string(32, '\xff')));
  REQUIRE(unknown);
  CHECK(unknown->ToBase64Url() == base::Base64UrlEncode(std::string(32, '\xff')));
}

TEST_CASE("Claims: permissions reach as far as their grant", "[token]") {
  const World world;
  const Claims claims = world.Someone();
  CHECK(claims.HasForStore(SALE_CREATE, Id(5)));
  CHECK_FALSE(claims.HasForStore(SALE_CREATE, Id(7)));
  CHECK(claims.HasForStore(STAFF_READ, Id(7)));
  CHECK(claims.HasForTenant(STAFF_READ));
  CHECK_FALSE(claims.HasForTenant(SALE_CREATE));
  CHECK(claims.HasAnywhere(SALE_CREATE));
  CHECK_FALSE(claims.HasAnywhere(AUDIT_READ));
  CHECK(claims.CoversStore(Id(7)));
  Claims narrow = claims;
  narrow.grants.pop_back();
  CHECK_FALSE(narrow.CoversStore(Id(7)));
}

TEST_CASE("Verify: what was signed comes back", "[token]") {
  const World world;
  const std::string token = world.signer.Sign(world.Someone());
  for (int i = 0; i < 2; ++i) {  // from the signature, then from the cache
    const auto claims = world.verifier.Verify(token);
    REQUIRE(claims.ok());
    CHECK((*claims)->tenant == Id(1));
    CHECK((*claims)->subject == Id(2));
    CHECK((*claims)->session == Id(3));
    CHECK((*claims)->device == Id(4));
    REQUIRE((*claims)->grants.size() == 2);
    CHECK((*claims)->grants[0].stores == std::vector<base::Uuid>{Id(5), Id(6)});
    CHECK((*claims)->grants[0].permissions == Set({SALE_CREATE, SALE_READ}));
    CHECK((*claims)->expires_at == world.clock.Now() + absl::Minutes(10));
  }
}

TEST_CASE("Verify: every single-character change is refused", "[token]") {
  const World world;
  const std::string token = world.signer.Sign(world.Someone());
  REQUIRE(world.Code(token) == ERROR_CODE_UNSPECIFIED);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK(world.Code(changed) == TOKEN_INVALID);
    CHECK(world.Code(token.substr(0, i)) == TOKEN_INVALID);
  }
  CHECK(world.Code(token + "A") == TOKEN_INVALID);
  CHECK(world.Code(token + ".") == TOKEN_INVALID);
  CHECK(world.Code(token + "=") == TOKEN_INVALID);
  CHECK(world.Code(" " + token) == TOKEN_INVALID);
}

TEST_CASE("Verify: only the one header is accepted", "[token]") {
  const World world;
  const std::string payload = world.Payload();
  const std::string kid = "\"kid\":\"" + world.signer.key_id() + "\"";
  REQUIRE(world.Code(world.Forge(world.Header(), payload)) == ERROR_CODE_UNSPECIFIED);
  REQUIRE(world.Code(world.Forge("{\"typ\":\"JWT\"," + kid + ",\"alg\":\"EdDSA\"}", payload)) ==
          ERROR_CODE_UNSPECIFIED);
  for (const std::string& header : {
           "{\"alg\":\"none\",\"typ\":\"JWT\"," + kid + "}",
           "{\"alg\":\"HS256\",\"typ\":\"JWT\"," + kid + "}",
           "{\"alg\":\"eddsa\",\"typ\":\"JWT\"," + kid + "}",
           "{\"alg\":\"EdDSA\"," + kid + "}",
           "{\"alg\":\"EdDSA\",\"typ\":\"JWS\"," + kid + "}",
           std::string("{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}"),
           std::string("{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"other\"}"),
           "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + ",\"crit\":[\"exp\"]}",
           "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + ",\"jku\":\"https://evil\"}",
           "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + ",\"jwk\":{}}",
           "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + "}",
           "{\"alg\":\"none\",\"\\u0061lg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + "}",
           "[{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + "}]",
           "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"," + kid + "}x",
           std::string("{"),
       }) {
    INFO(header);
    CHECK(world.Code(world.Forge(header, payload)) == TOKEN_INVALID);
  }
}

TEST_CASE("Verify: claims must be complete and well-formed", "[token]") {
  const World world;
  const auto code = [&](const std::string& from, const std::string& to) {
    return world.Code(world.Forge(world.Header(), world.Payload(from, to)));
  };
  CHECK(code("\"grants\"", "\"extra\":1,\"grants\"") == ERROR_CODE_UNSPECIFIED);
  CHECK(code("cloudpos-auth", "other") == TOKEN_INVALID);
  CHECK(code("\"aud\":\"cloudpos\"", "\"aud\":[\"cloudpos\"]") == TOKEN_INVALID);
  CHECK(code("\"aud\":\"cloudpos\"", "\"aud\":\"elsewhere\"") == TOKEN_INVALID);
  CHECK(code("\"sub\"", "\"sub2\"") == TOKEN_INVALID);
  CHECK(code("\"ten\"", "\"ten2\"") == TOKEN_INVALID);
  CHECK(code("\"sid\"", "\"sid2\"") == TOKEN_INVALID);
  CHECK(code("\"nbf\"", "\"nbf2\"") == TOKEN_INVALID);
  CHECK(code("\"iat\":", "\"iat\":-") == TOKEN_INVALID);
  CHECK(code("\"exp\":", "\"exp\":1.") == TOKEN_INVALID);
  CHECK(code("\"exp\":", "\"exp\":1") == TOKEN_INVALID);  // beyond ten minutes
  CHECK(code("\"grants\":[", "\"grants\":[1,") == TOKEN_INVALID);
  CHECK(code("\"p\":\"", "\"p\":\"!") == TOKEN_INVALID);
  CHECK(code(Id(4).ToString(), "x") == TOKEN_INVALID);
  CHECK(code(Id(2).ToString(), Id(0).ToString()) == TOKEN_INVALID);
  CHECK(code("{\"iss\"", "{\"sub\":\"x\",\"iss\"") == TOKEN_INVALID);  // twice
  CHECK(code("\"p\":", "\"p\":\"\",\"p\":") == TOKEN_INVALID);
}

TEST_CASE("Verify: time: issued, not before, expired", "[token]") {
  World world;
  Claims claims = world.Someone();
  const std::string token = world.signer.Sign(claims);
  world.clock.Advance(absl::Minutes(10) - absl::Seconds(1));
  CHECK(world.Code(token) == ERROR_CODE_UNSPECIFIED);
  world.clock.Advance(absl::Seconds(1));
  CHECK(world.Code(token) == TOKEN_EXPIRED);  // cached or not
  const auto issued_in = [&](absl::Duration ahead) {
    claims.issued_at = world.clock.Now() + ahead;
    claims.expires_at = claims.issued_at + absl::Minutes(5);
    return world.Code(world.signer.Sign(claims));
  };
  CHECK(issued_in(absl::Seconds(60)) == ERROR_CODE_UNSPECIFIED);
  CHECK(issued_in(absl::Seconds(61)) == TOKEN_INVALID);
  claims.issued_at = world.clock.Now();
  claims.expires_at = world.clock.Now() + kTokenLifeMax + absl::Seconds(1);
  CHECK(world.Code(world.signer.Sign(claims)) == TOKEN_INVALID);
}

TEST_CASE("Verify: revocations count at once, also for cached tokens", "[token]") {
  World world;
  const std::string token = world.signer.Sign(world.Someone());
  REQUIRE(world.Code(token) == ERROR_CODE_UNSPECIFIED);
  world.verifier.SetRevocations({.sessions = {Id(3)}, .subjects = {}});
  CHECK(world.Code(token) == TOKEN_REVOKED);
  world.verifier.SetRevocations({.sessions = {Id(9)}, .subjects = {}});
  CHECK(world.Code(token) == ERROR_CODE_UNSPECIFIED);
  const absl::Time now = world.clock.Now();
  world.verifier.SetRevocations(
      {.sessions = {}, .subjects = {{Id(2), now + absl::Seconds(1)}, {Id(2), now}}});
  CHECK(world.Code(token) == TOKEN_REVOKED);
  world.verifier.SetRevocations({.sessions = {}, .subjects = {{Id(2), now}}});
  CHECK(world.Code(token) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("SetKeys: rotation: the new counts, the old ends with its key", "[token]") {
  World world;
  const auto next = *Signer::FromPem(GenerateKeyPem());
  const std::string old_token = world.signer.Sign(world.Someone());
  const std::string new_token = next.Sign(world.Someone());
  CHECK(world.Code(new_token) == TOKEN_INVALID);
  REQUIRE(world.verifier.SetKeys(MakeJwks({world.signer.PublicJwk(), next.PublicJwk()})).ok());
  CHECK(world.Code(old_token) == ERROR_CODE_UNSPECIFIED);
  CHECK(world.Code(new_token) == ERROR_CODE_UNSPECIFIED);
  REQUIRE(world.verifier.SetKeys(MakeJwks({next.PublicJwk()})).ok());
  CHECK(world.Code(old_token) == TOKEN_INVALID);
  CHECK(world.Code(new_token) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("SetKeys: a malformed set changes nothing", "[token]") {
  World world;
  const std::string token = world.signer.Sign(world.Someone());
  const std::string jwk = world.signer.PublicJwk();
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), std::string("{\"keys\":{}}"),
        MakeJwks({}), MakeJwks({jwk, jwk}), MakeJwks({"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"}),
        MakeJwks({jwk.substr(0, jwk.size() - 1) + ",\"d\":\"x\"}"}),
        MakeJwks({"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"x\"}"})}) {
    INFO(bad);
    CHECK(base::CodeOf(world.verifier.SetKeys(bad)) == INVALID_ARGUMENT);
    CHECK(world.Code(token) == ERROR_CODE_UNSPECIFIED);
  }
  CHECK(world.verifier.SetKeys(MakeJwks({"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"x\"}", jwk}))
            .ok());
}

TEST_CASE("Signer: RFC 8037 appendix A", "[token]") {
  // The PKCS#8 form of the private key d of A.1.
  const std::string der = *base::HexDecode("302e020100300506032b657004220420") +
                          *base::Base64UrlDecode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  const auto signer = Signer::FromPem("-----BEGIN PRIVATE KEY-----\n" + base::Base64Encode(der) +
                                      "\n-----END PRIVATE KEY-----\n");
  REQUIRE(signer.ok());
  CHECK(signer->key_id() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");  // A.3
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  CHECK(base::Base64UrlEncode(signer->SignBytes(text)) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  const std::string raw = *base::Base64UrlDecode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  CHECK(VerifyBytes(raw, text, signer->SignBytes(text)));
  CHECK_FALSE(VerifyBytes(raw, text + "x", signer->SignBytes(text)));
  CHECK_FALSE(VerifyBytes(raw.substr(1), text, signer->SignBytes(text)));
}

TEST_CASE("Signer: refuses what is no Ed25519 private key", "[token]") {
  CHECK_FALSE(Signer::FromPem("").ok());
  CHECK_FALSE(
      Signer::FromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").ok());
  CHECK_FALSE(
      Signer::FromPem("-----BEGIN EC PRIVATE KEY-----\n"
                      "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49\n"
                      "AwEHoUQDQgAEPR3tU2Fta9ktY+6P9G0cWO+0kETA6SFs38GecTyudlHz6xvCdz8q\n"
                      "EKTcWGekdmdDPsHloRNtsiCa697B2O9IFA==\n-----END EC PRIVATE KEY-----\n")
          .ok());
}

TEST_CASE("TokenCache: bounded, the oldest goes first", "[token]") {
  TokenCache cache;
  const auto claims = std::make_shared<const Claims>();
  const std::string first = base::Sha256("token 0");
  for (int i = 0; i < 20000; ++i) cache.Insert(base::Sha256("token " + std::to_string(i)), claims);
  CHECK(cache.size() == TokenCache::kShards * TokenCache::kPerShard);
  CHECK(cache.Find(first) == nullptr);
  CHECK(cache.Find(base::Sha256("token 19999")) != nullptr);
  cache.Clear();
  CHECK(cache.size() == 0);
}

TEST_CASE("Verifier: threads verify while keys and revocations change", "[token]") {
  World world;
  const std::string token = world.signer.Sign(world.Someone());
  const auto next = *Signer::FromPem(GenerateKeyPem());
  std::atomic<bool> is_done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!is_done) wrong += world.Code(token) != ERROR_CODE_UNSPECIFIED;
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto keys = i % 2 == 0 ? MakeJwks({world.signer.PublicJwk(), next.PublicJwk()})
                                 : MakeJwks({world.signer.PublicJwk()});
    CHECK(world.verifier.SetKeys(keys).ok());
    world.verifier.SetRevocations({.sessions = {Id(9)}, .subjects = {}});
  }
  is_done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace cloudpos::token
