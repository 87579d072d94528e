// Devices get keys and tokens of their own (A-19), and nobody else does in their place.

#include "services/auth/domain/enrolment.h"

#include <atomic>
#include <thread>

#include "catch2/catch.hpp"
#include "cloudpos/auth/v1/events.pb.h"
#include "libs/token/device_key.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using base::CodeOf;
using token::DeviceKey;

/// A shop with one register and devices that may enrol.
struct Shop {
  Shop() {
    admin = world.Bootstrap().access_token();
    owner = *world.Verify(admin);
    store = world.MakeStore(admin, "S1").store_id();
    v1::CreateRegisterRequest request;
    request.set_store_id(store);
    request.set_register_id(world.NewId());
    request.set_code("R1");
    request.set_name("Counter");
    TestCall call(owner);
    v1::Register made;
    REQUIRE(world.organisation.CreateRegister(call, request, &made).ok());
    reg = made.register_id();
  }

  std::string MakeDevice(const std::string& code) {
    v1::CreateDeviceRequest request;
    request.set_store_id(store);
    request.set_device_id(world.NewId());
    request.set_code(code);
    request.set_name("Tablet");
    request.set_register_id(reg);
    TestCall call(owner);
    v1::Device made;
    REQUIRE(world.organisation.CreateDevice(call, request, &made).ok());
    return made.device_id();
  }

  absl::StatusOr<v1::CreateEnrolmentCodeResponse> TryCode(const std::string& device) {
    v1::CreateEnrolmentCodeRequest request;
    request.set_store_id(store);
    request.set_device_id(device);
    TestCall call(owner);
    v1::CreateEnrolmentCodeResponse response;
    const absl::Status status = world.enrolment.CreateEnrolmentCode(call, request, &response);
    if (!status.ok()) return status;
    return response;
  }
  std::string Code(const std::string& device) { return TryCode(device).value().code(); }

  v1::EnrolDeviceRequest Asked(const std::string& code, const DeviceKey& key) {
    v1::EnrolDeviceRequest request;
    request.set_code(code);
    request.set_public_key(key.public_point());
    request.set_signature(key.Sign("cloudpos-enrol/1\n" + code));
    return request;
  }
  absl::StatusOr<v1::EnrolDeviceResponse> Enrol(const v1::EnrolDeviceRequest& request) {
    TestCall call;
    v1::EnrolDeviceResponse response;
    const absl::Status status = world.enrolment.EnrolDevice(call, request, &response);
    was_replay = call.is_replayed;
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<v1::EnrolDeviceResponse> Enrol(const std::string& code, const DeviceKey& key) {
    return Enrol(Asked(code, key));
  }
  /// A device that has this key.
  std::string Enrolled(const std::string& code, const DeviceKey& key) {
    const std::string device = MakeDevice(code);
    REQUIRE(Enrol(Code(device), key).ok());
    return device;
  }

  std::string Challenge(const std::string& device) {
    v1::ChallengeDeviceRequest request;
    request.set_device_id(device);
    TestCall call;
    v1::ChallengeDeviceResponse response;
    REQUIRE(world.enrolment.ChallengeDevice(call, request, &response).ok());
    return response.challenge();
  }
  absl::StatusOr<std::string> Token(const std::string& device, const DeviceKey& key,
                                    const std::string& challenge) {
    v1::CreateDeviceTokenRequest request;
    request.set_device_id(device);
    request.set_challenge(challenge);
    request.set_signature(key.Sign("cloudpos-device-token/1\n" + challenge));
    TestCall call;
    v1::CreateDeviceTokenResponse response;
    const absl::Status status = world.enrolment.CreateDeviceToken(call, request, &response);
    if (!status.ok()) return status;
    CHECK(response.expires_in_s() == 600);
    return response.access_token();
  }
  absl::StatusOr<std::string> Token(const std::string& device, const DeviceKey& key) {
    return Token(device, key, Challenge(device));
  }

  v1::Device Revoke(const std::string& device, int64_t version) {
    v1::RevokeDeviceRequest request;
    request.set_store_id(store);
    request.set_device_id(device);
    request.set_version(version);
    TestCall call(owner);
    v1::Device revoked;
    REQUIRE(world.organisation.RevokeDevice(call, request, &revoked).ok());
    return revoked;
  }

  /// The latest event about the device.
  v1::DeviceChanged LastEvent(const std::string& device) {
    static constexpr pg::Query kLast{"last_device_event", R"sql(
      SELECT payload FROM auth.outbox WHERE aggregate_type = 'device' AND aggregate_id = $1
      ORDER BY seq DESC LIMIT 1)sql"};
    const auto rows = world.worker.Exec({}, kLast, device);
    REQUIRE(rows.ok());
    v1::DeviceChanged event;
    REQUIRE(event.ParseFromString((*rows)[0].Get<pg::Bytes>("payload").value));
    return event;
  }

  World world;
  std::string admin;
  token::Claims owner;
  std::string store;
  std::string reg;
  bool was_replay = false;
};

}  // namespace

TEST_CASE("EnrolDevice: a code and a proof give the device its key", "[auth][handler]") {
  Shop shop;
  const std::string device = shop.MakeDevice("D1");
  const auto made = shop.TryCode(device);
  REQUIRE(made.ok());
  CHECK(made->expires_at().seconds() ==
        absl::ToUnixSeconds(shop.world.clock.Now() + absl::Minutes(10)));
  const DeviceKey key = DeviceKey::Generate();
  const auto enrolled = shop.Enrol(made->code(), key);
  REQUIRE(enrolled.ok());
  CHECK(enrolled->device().device_id() == device);
  CHECK(enrolled->device().public_key() == key.public_point());
  CHECK(enrolled->device().version() == 2);
  CHECK(enrolled->store_code() == "S1");
  CHECK(enrolled->register_code() == "R1");
  CHECK(enrolled->tenant_id() == shop.owner.tenant.ToString());
  const v1::DeviceChanged event = shop.LastEvent(device);
  CHECK(event.public_key() == key.public_point());
  CHECK(event.version() == 2);
  CHECK(!event.has_revoked_at());
  // Whoever made the code has let the device in.
  CHECK(shop.world.Count("SELECT count(*) FROM auth.audit_events WHERE action = 'device.enrol' "
                         "AND actor_id IS NOT NULL") == 1);
  CHECK(shop.world.Count("SELECT count(*) FROM auth.audit_events WHERE action = "
                         "'device.enrolment-code' AND after IS NULL") == 1);
}

TEST_CASE("EnrolDevice: a code as people type it", "[auth][handler]") {
  Shop shop;
  const std::string code = shop.Code(shop.MakeDevice("D1"));
  auto request = shop.Asked(code, DeviceKey::Generate());
  std::string typed = code.substr(0, 4) + code.substr(5);
  for (char& c : typed) c = c == '0' ? 'o' : static_cast<char>(std::tolower(c));
  request.set_code(typed);
  CHECK(shop.Enrol(request).ok());
}

TEST_CASE("EnrolDevice: what is no key of the curve is refused before anything",
          "[auth][handler]") {
  Shop shop;
  const std::string device = shop.MakeDevice("D1");
  const auto good = shop.Asked(shop.Code(device), DeviceKey::Generate());
  auto request = good;
  request.mutable_public_key()->back() = static_cast<char>(request.public_key().back() ^ 1);
  const absl::Status off_curve = shop.Enrol(request).status();
  CHECK(CodeOf(off_curve) == INVALID_ARGUMENT);
  CHECK(base::InfoOf(off_curve).fields.at(0).field == "publicKey");
  request.set_public_key(std::string(65, '\0'));
  CHECK(CodeOf(shop.Enrol(request).status()) == INVALID_ARGUMENT);
  request.set_public_key(good.public_key().substr(0, 33));
  CHECK(CodeOf(shop.Enrol(request).status()) == INVALID_ARGUMENT);
  request.clear_public_key();
  CHECK(CodeOf(shop.Enrol(request).status()) == FIELD_REQUIRED);
  request = good;
  request.clear_signature();
  CHECK(CodeOf(shop.Enrol(request).status()) == FIELD_REQUIRED);
  request = good;
  request.clear_code();
  CHECK(CodeOf(shop.Enrol(request).status()) == FIELD_REQUIRED);
  CHECK(shop.Enrol(good).ok());  // none of them used the code up
}

TEST_CASE("EnrolDevice: a code works once, and for ten minutes", "[auth][handler]") {
  Shop shop;
  const std::string device = shop.MakeDevice("D1");
  const DeviceKey key = DeviceKey::Generate();
  const DeviceKey other = DeviceKey::Generate();
  const std::string code = shop.Code(device);
  const auto first = shop.Enrol(code, key);
  REQUIRE(first.ok());
  CHECK(!shop.was_replay);
  // The answer may have been lost: the same key may ask again, another may not.
  shop.world.clock.Advance(absl::Minutes(9));
  const auto again = shop.Enrol(code, key);
  REQUIRE(again.ok());
  CHECK(shop.was_replay);
  CHECK(again->SerializeAsString() == first->SerializeAsString());
  CHECK(CodeOf(shop.Enrol(code, other).status()) == INVALID_CREDENTIALS);
  shop.world.clock.Advance(absl::Minutes(1));
  CHECK(CodeOf(shop.Enrol(code, key).status()) == INVALID_CREDENTIALS);

  const std::string late = shop.Code(device);
  shop.world.clock.Advance(absl::Minutes(10));
  CHECK(CodeOf(shop.Enrol(late, other).status()) == INVALID_CREDENTIALS);
  CHECK(shop.LastEvent(device).public_key() == key.public_point());
}

TEST_CASE("EnrolDevice: unknown, replaced and foreign codes, and proofs that do not fit",
          "[auth][handler]") {
  Shop shop;
  const std::string device = shop.MakeDevice("D1");
  const DeviceKey key = DeviceKey::Generate();
  CHECK(CodeOf(shop.Enrol("0000-0000", key).status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.Enrol("not a code", key).status()) == INVALID_CREDENTIALS);
  const std::string replaced = shop.Code(device);
  const std::string code = shop.Code(device);
  CHECK(CodeOf(shop.Enrol(replaced, key).status()) == INVALID_CREDENTIALS);
  auto request = shop.Asked(code, key);
  request.set_signature(DeviceKey::Generate().Sign("cloudpos-enrol/1\n" + code));
  CHECK(CodeOf(shop.Enrol(request).status()) == INVALID_CREDENTIALS);
  request.set_signature(key.Sign("cloudpos-device-token/1\n" + code));  // another statement
  CHECK(CodeOf(shop.Enrol(request).status()) == INVALID_CREDENTIALS);
  // A code names its device: it enrols that one and no other.
  const std::string second = shop.MakeDevice("D2");
  CHECK(shop.Enrol(shop.Code(second), key)->device().device_id() == second);
  CHECK(shop.Enrol(code, key)->device().device_id() == device);
}

TEST_CASE("EnrolDevice: of several at once with one code, one key wins", "[auth][handler]") {
  Shop shop;
  const std::string device = shop.MakeDevice("D1");
  const std::string code = shop.Code(device);
  std::atomic<int> enrolled{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      TestCall call;
      v1::EnrolDeviceResponse response;
      const auto request = shop.Asked(code, DeviceKey::Generate());
      if (shop.world.enrolment.EnrolDevice(call, request, &response).ok()) ++enrolled;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(enrolled == 1);
  CHECK(shop.LastEvent(device).version() == 2);
}

TEST_CASE("EnrolDevice: a new key ends the old one and its tokens", "[auth][handler]") {
  Shop shop;
  const DeviceKey old_key = DeviceKey::Generate();
  const DeviceKey new_key = DeviceKey::Generate();
  const std::string device = shop.Enrolled("D1", old_key);
  const auto old_token = shop.Token(device, old_key);
  REQUIRE(old_token.ok());
  REQUIRE(shop.world.Verify(*old_token).ok());
  REQUIRE(shop.Enrol(shop.Code(device), new_key)->device().version() == 3);
  CHECK(CodeOf(shop.world.Verify(*old_token).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(shop.Token(device, old_key).status()) == INVALID_CREDENTIALS);
  // Also in the second of the change.
  const auto new_token = shop.Token(device, new_key);
  REQUIRE(new_token.ok());
  CHECK(shop.world.Verify(*new_token).ok());
}

TEST_CASE("CreateDeviceToken: names the device and what a register of its store needs",
          "[auth][handler]") {
  Shop shop;
  const DeviceKey key = DeviceKey::Generate();
  const std::string device = shop.Enrolled("D1", key);
  const auto text = shop.Token(device, key);
  REQUIRE(text.ok());
  const auto claims = shop.world.Verify(*text);
  REQUIRE(claims.ok());
  CHECK(claims->subject.ToString() == device);
  CHECK(claims->device == claims->subject);
  CHECK(claims->expires_at - claims->issued_at == absl::Minutes(10));
  const base::Uuid store = *base::Uuid::Parse(shop.store);
  REQUIRE(claims->grants.size() == 1);
  CHECK(claims->grants[0].stores == std::vector<base::Uuid>{store});
  CHECK(claims->grants[0].permissions.ToList() == std::vector<Permission>{STORE_READ, REGISTER_READ,
                                                                          CATALOGUE_READ, TAX_READ,
                                                                          JOURNAL_UPLOAD});
  // It is nobody's account.
  TestCall call = shop.world.As(*text);
  v1::GetMeResponse me;
  CHECK(CodeOf(shop.world.auth.GetMe(call, {}, &me)) == NOT_FOUND);
}

TEST_CASE("CreateDeviceToken: other signatures, other challenges, old challenges",
          "[auth][handler]") {
  Shop shop;
  const DeviceKey key = DeviceKey::Generate();
  const DeviceKey other = DeviceKey::Generate();
  const std::string device = shop.Enrolled("D1", key);
  const std::string second = shop.Enrolled("D2", other);
  CHECK(CodeOf(shop.Token(device, other).status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.Token(device, key, shop.Challenge(second)).status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.Token(device, key, "made up").status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.Token(device, key, "").status()) == FIELD_REQUIRED);
  const std::string challenge = shop.Challenge(device);
  shop.world.clock.Advance(absl::Seconds(59));
  CHECK(shop.Token(device, key, challenge).ok());
  shop.world.clock.Advance(absl::Seconds(1));
  CHECK(CodeOf(shop.Token(device, key, challenge).status()) == INVALID_CREDENTIALS);
}

TEST_CASE("CreateDeviceToken: who is not enrolled looks like who does not exist",
          "[auth][handler]") {
  Shop shop;
  const DeviceKey key = DeviceKey::Generate();
  const std::string enrolled = shop.Enrolled("D1", key);
  const std::string bare = shop.MakeDevice("D2");
  const std::string unknown = shop.world.NewId();
  const std::string expected = shop.Token(enrolled, DeviceKey::Generate()).status().ToString();
  CHECK(shop.Token(bare, key).status().ToString() == expected);
  CHECK(shop.Token(unknown, key).status().ToString() == expected);
  CHECK(shop.Challenge(unknown).size() == shop.Challenge(enrolled).size());
}

TEST_CASE("RevokeDevice: its tokens end, and only its key learns why", "[auth][handler]") {
  Shop shop;
  const DeviceKey key = DeviceKey::Generate();
  const std::string device = shop.Enrolled("D1", key);
  const std::string code = shop.Code(device);
  const auto text = shop.Token(device, key);
  REQUIRE(shop.world.Verify(*text).ok());
  shop.world.clock.Advance(absl::Seconds(5));
  const v1::Device revoked = shop.Revoke(device, 2);
  CHECK(revoked.revoked());
  const v1::DeviceChanged event = shop.LastEvent(device);
  CHECK(event.revoked());
  CHECK(event.revoked_at().seconds() == absl::ToUnixSeconds(shop.world.clock.Now()));
  CHECK(event.public_key() == key.public_point());  // what it signed before can still be checked
  CHECK(CodeOf(shop.world.Verify(*text).status()) == TOKEN_REVOKED);
  CHECK(CodeOf(shop.Token(device, key).status()) == DEVICE_REVOKED);
  CHECK(CodeOf(shop.Token(device, DeviceKey::Generate()).status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.Enrol(code, key).status()) == INVALID_CREDENTIALS);
  CHECK(CodeOf(shop.TryCode(device).status()) == ARCHIVED);
  CHECK(CodeOf(shop.TryCode(shop.world.NewId()).status()) == NOT_FOUND);
}

}  // namespace cloudpos::auth
