#include "libs/rpc/identity.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/server.h"
#include "libs/testing/certificates.h"

namespace cloudpos::rpc {
namespace {

using common::v1::ERROR_CODE_UNSPECIFIED;
using common::v1::TOKEN_REVOKED;

// As much of auth as the feed needs.
class AuthHandler {
 public:
  absl::Status GetIdentity(CallContext&, const auth::v1::GetIdentityRequest&,
                           auth::v1::GetIdentityResponse* response) {
    const std::lock_guard lock(mutex);
    *response = answer;
    return absl::OkStatus();
  }
  absl::Status GetJwks(CallContext&, const auth::v1::GetJwksRequest&, common::v1::RawBody*) {
    return base::Fail(common::v1::UNIMPLEMENTED, "not here");
  }
  std::mutex mutex;
  auth::v1::GetIdentityResponse answer;
};

struct World {
  World() : signer(*token::Signer::FromPem(token::GenerateKeyPem())), verifier(clock) {
    handler.answer.set_jwks(token::MakeJwks({signer.PublicJwk()}));
    SetAsOf(clock.Now());
    const auto files = authority.Issue("auth");
    tls = {.ca = files.ca, .certificate = files.certificate, .key = files.key};
    StartAuth("127.0.0.1:0");
  }

  void StartAuth(const std::string& listen) {
    server = std::make_unique<Server>(ServerOptions{.name = "auth", .listen = listen, .tls = tls},
                                      ServerDeps{.verifier = &verifier, .clock = &clock});
    MethodTable table("cloudpos.auth.v1.IdentityService");
    table.Unary("GetIdentity", &handler, &AuthHandler::GetIdentity);
    table.Unary("GetJwks", &handler, &AuthHandler::GetJwks);
    server->Add(table);
    REQUIRE(server->Start().ok());
    address = "127.0.0.1:" + std::to_string(server->port());
  }
  void SetAsOf(absl::Time time) {
    handler.answer.mutable_as_of()->set_seconds(absl::ToUnixSeconds(time));
  }
  std::unique_ptr<IdentityFeed> Feed() {
    return std::make_unique<IdentityFeed>(
        IdentityFeed::Options{.service = "toy",
                              .auth = *Connect("auth", address, tls),
                              .state_dir = authority.folder(),
                              .clock = &clock,
                              .verifier = &verifier});
  }
  common::v1::ErrorCode Code() {
    return base::CodeOf(verifier
                            .Verify(signer.Sign({.tenant = session,
                                                 .subject = session,
                                                 .session = session,
                                                 .device = std::nullopt,
                                                 .grants = {},
                                                 .issued_at = clock.Now(),
                                                 .expires_at = clock.Now() + absl::Minutes(5)}))
                            .status());
  }

  testing::CertificateAuthority authority;
  base::SystemClock clock;
  base::Uuid session = base::RandomIdSource().NewId();
  token::Signer signer;
  token::Verifier verifier;
  AuthHandler handler;
  TlsFiles tls;
  std::unique_ptr<Server> server;
  std::string address;
};

template <typename F>
bool Within(int seconds, F&& condition) {
  for (int i = 0; i < seconds * 50; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

TEST_CASE("IdentityFeed: keys and revocations reach the verifier within 5 s", "[rpc][slow]") {
  World world;
  CHECK(world.Code() != ERROR_CODE_UNSPECIFIED);
  const auto feed = world.Feed();
  REQUIRE(Within(3, [&] { return feed->has_keys(); }));
  CHECK(feed->is_fresh());
  CHECK(world.Code() == ERROR_CODE_UNSPECIFIED);
  {
    const std::lock_guard lock(world.handler.mutex);
    world.handler.answer.add_revoked_sessions("not an id");
    world.handler.answer.add_revoked_sessions(world.session.ToString());
  }
  CHECK(Within(5, [&] { return world.Code() == TOKEN_REVOKED; }));
}

TEST_CASE("IdentityFeed: a restart needs no auth, freshness is the list's, not ours",
          "[rpc][slow]") {
  World world;
  world.SetAsOf(world.clock.Now() - absl::Seconds(57));
  {
    const auto feed = world.Feed();
    REQUIRE(Within(3, [&] { return feed->has_keys(); }));
  }
  world.server.reset();
  token::Verifier fresh(world.clock);
  IdentityFeed feed({.service = "",
                     .auth = *Connect("auth", world.address, world.tls),
                     .state_dir = world.authority.folder(),
                     .clock = &world.clock,
                     .verifier = &fresh});
  CHECK(feed.has_keys());
  CHECK(feed.is_fresh());
  CHECK(Within(6, [&] { return !feed.is_fresh(); }));
  // Auth comes back where it was; the feed finds it by itself.
  world.SetAsOf(world.clock.Now());
  world.StartAuth(world.address);
  CHECK(Within(6, [&] { return feed.is_fresh(); }));
}

TEST_CASE("IdentityFeed: a damaged file is passed over", "[rpc]") {
  World world;
  std::ofstream(world.authority.folder() + "/identity.bin") << "\xff\xff rubbish";
  world.server.reset();
  const auto feed = world.Feed();
  CHECK_FALSE(feed->has_keys());
  CHECK_FALSE(feed->is_fresh());
}

}  // namespace cloudpos::rpc
