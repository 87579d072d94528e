// Stores, registers, devices, the feed's snapshot.

#include <atomic>
#include <thread>

#include "catch2/catch.hpp"
#include "cloudpos/auth/v1/events.pb.h"
#include "libs/testing/database_keys.h"
#include "services/auth/feed.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using base::CodeOf;

v1::CreateStoreRequest GoodStore(const std::string& id, const std::string& code) {
  v1::CreateStoreRequest request;
  request.set_store_id(id);
  request.set_code(code);
  request.set_name("High Street");
  request.set_time_zone("Europe/Berlin");
  request.set_currency_code("EUR");
  request.set_cutoff_minutes(240);
  request.mutable_address()->set_line1("1 High Street");
  request.mutable_address()->set_country_code("DE");
  return request;
}

v1::CreateRegisterRequest GoodRegister(const std::string& store, const std::string& id,
                                       const std::string& code) {
  v1::CreateRegisterRequest request;
  request.set_store_id(store);
  request.set_register_id(id);
  request.set_code(code);
  request.set_name("Counter");
  return request;
}

int64_t Events(World& world, const std::string& type) {
  return world.Count("SELECT count(*) FROM auth.outbox WHERE event_type = 'cloudpos.auth.v1." +
                     type + "'");
}

}  // namespace

TEST_CASE("CreateStore: a repeat answers the same, another content is refused",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const auto request = GoodStore(world.NewId(), "S1");
  v1::Store first, again;
  REQUIRE(world.organisation.CreateStore(call, request, &first).ok());
  CHECK(!call.is_replayed);
  CHECK(first.version() == 1);
  CHECK(first.address().country_code() == "DE");

  v1::UpdateStoreRequest update;
  update.set_store_id(request.store_id());
  update.set_version(1);
  update.set_name("Low Street");
  v1::Store updated;
  world.clock.Advance(absl::Minutes(1));
  REQUIRE(world.organisation.UpdateStore(call, update, &updated).ok());

  REQUIRE(world.organisation.CreateStore(call, request, &again).ok());
  CHECK(call.is_replayed);
  CHECK(again.SerializeAsString() == first.SerializeAsString());
  auto other = request;
  other.set_name("Elsewhere");
  CHECK(CodeOf(world.organisation.CreateStore(call, other, &again)) == IDEMPOTENCY_MISMATCH);
  CHECK(CodeOf(world.organisation.CreateStore(call, GoodStore(world.NewId(), "S1"), &again)) ==
        ALREADY_EXISTS);
  CHECK(Events(world, "StoreChanged") == 2);
}

TEST_CASE("UpdateStore: a stale version is refused and named, each change raises it",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const v1::Store store = world.MakeStore(admin.access_token(), "S1");
  world.MakeStore(admin.access_token(), "S2");
  v1::UpdateStoreRequest update;
  update.set_store_id(store.store_id());
  v1::Store response;
  CHECK(CodeOf(world.organisation.UpdateStore(call, update, &response)) == FIELD_REQUIRED);
  update.set_version(1);
  update.set_code("S2");
  CHECK(CodeOf(world.organisation.UpdateStore(call, update, &response)) == ALREADY_EXISTS);
  update.set_code("S3");
  REQUIRE(world.organisation.UpdateStore(call, update, &response).ok());
  CHECK(response.version() == 2);
  CHECK(response.etag() == "v2");
  const absl::Status stale = world.organisation.UpdateStore(call, update, &response);
  CHECK(CodeOf(stale) == STALE_VERSION);
  CHECK(base::InfoOf(stale).data.at(0).second == "2");
  update.set_store_id(world.NewId());
  CHECK(CodeOf(world.organisation.UpdateStore(call, update, &response)) == NOT_FOUND);
}

TEST_CASE("ArchiveStore: closes a store for changes and new registers until restored",
          "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const v1::Store store = world.MakeStore(admin.access_token(), "S1");
  v1::ArchiveStoreRequest archive;
  archive.set_store_id(store.store_id());
  archive.set_version(1);
  v1::Store response;
  REQUIRE(world.organisation.ArchiveStore(call, archive, &response).ok());
  CHECK(response.archived());
  REQUIRE(world.organisation.ArchiveStore(call, archive, &response).ok());
  CHECK(response.version() == 2);
  v1::UpdateStoreRequest update;
  update.set_store_id(store.store_id());
  update.set_version(2);
  CHECK(CodeOf(world.organisation.UpdateStore(call, update, &response)) == ARCHIVED);
  v1::Register reg;
  const auto make = GoodRegister(store.store_id(), world.NewId(), "R1");
  CHECK(CodeOf(world.organisation.CreateRegister(call, make, &reg)) == ARCHIVED);
  v1::ListStoresResponse list;
  REQUIRE(world.organisation.ListStores(call, {}, &list).ok());
  CHECK(list.stores_size() == 0);
  v1::RestoreStoreRequest restore;
  restore.set_store_id(store.store_id());
  restore.set_version(2);
  REQUIRE(world.organisation.RestoreStore(call, restore, &response).ok());
  CHECK(world.organisation.CreateRegister(call, make, &reg).ok());
}

TEST_CASE("ListStores: by page, and only the caller's", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  std::vector<std::string> ids;
  for (const char* code : {"S1", "S2", "S3", "S4", "S5"}) {
    ids.push_back(world.MakeStore(admin.access_token(), code).store_id());
  }
  TestCall call = world.As(admin.access_token());
  v1::ListStoresRequest request;
  request.set_page_size(2);
  std::string codes;
  do {
    v1::ListStoresResponse page;
    REQUIRE(world.organisation.ListStores(call, request, &page).ok());
    for (const auto& store : page.stores()) codes += store.code();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(codes == "S1S2S3S4S5");

  world.MakeStaff(admin.access_token(), "cash@example.com", BuiltInRole::kCashier,
                  {ids[1], ids[3]});
  TestCall cashier = world.As(world.SignIn("cash@example.com", World::kPassword)->access_token());
  v1::ListStoresResponse mine;
  REQUIRE(world.organisation.ListStores(cashier, {}, &mine).ok());
  REQUIRE(mine.stores_size() == 2);
  CHECK(mine.stores(0).code() == "S2");
}

TEST_CASE("Registers and devices: belong to their store", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const std::string a = world.MakeStore(admin.access_token(), "S1").store_id();
  const std::string b = world.MakeStore(admin.access_token(), "S2").store_id();
  v1::Register reg;
  const auto make = GoodRegister(a, world.NewId(), "R1");
  REQUIRE(world.organisation.CreateRegister(call, make, &reg).ok());
  CHECK(reg.active());
  REQUIRE(world.organisation.CreateRegister(call, make, &reg).ok());
  CHECK(CodeOf(world.organisation.CreateRegister(call, GoodRegister(b, make.register_id(), "R1"),
                                                 &reg)) == IDEMPOTENCY_MISMATCH);
  CHECK(CodeOf(world.organisation.CreateRegister(call, GoodRegister(a, world.NewId(), "R1"),
                                                 &reg)) == ALREADY_EXISTS);
  CHECK(world.organisation.CreateRegister(call, GoodRegister(b, world.NewId(), "R1"), &reg).ok());
  CHECK(CodeOf(world.organisation.CreateRegister(
            call, GoodRegister(world.NewId(), world.NewId(), "R1"), &reg)) == NOT_FOUND);
  v1::GetRegisterRequest get;
  get.set_store_id(b);
  get.set_register_id(make.register_id());
  CHECK(CodeOf(world.organisation.GetRegister(call, get, &reg)) == NOT_FOUND);

  v1::CreateDeviceRequest device;
  device.set_store_id(b);
  device.set_device_id(world.NewId());
  device.set_code("D1");
  device.set_name("Tablet");
  device.set_register_id(make.register_id());
  v1::Device out;
  CHECK(CodeOf(world.organisation.CreateDevice(call, device, &out)) == NOT_FOUND);  // other store's
  device.set_store_id(a);
  REQUIRE(world.organisation.CreateDevice(call, device, &out).ok());
  v1::UpdateDeviceRequest update;
  update.set_store_id(a);
  update.set_device_id(device.device_id());
  update.set_version(1);
  update.set_register_id("");
  REQUIRE(world.organisation.UpdateDevice(call, update, &out).ok());
  CHECK(out.register_id().empty());
  v1::RevokeDeviceRequest revoke;
  revoke.set_store_id(a);
  revoke.set_device_id(device.device_id());
  revoke.set_version(2);
  REQUIRE(world.organisation.RevokeDevice(call, revoke, &out).ok());
  CHECK(out.revoked());
  REQUIRE(world.organisation.RevokeDevice(call, revoke, &out).ok());
  update.set_version(3);
  CHECK(CodeOf(world.organisation.UpdateDevice(call, update, &out)) == ARCHIVED);
}

TEST_CASE("Tenants see nothing of each other", "[auth][handler]") {
  World world;
  const auto admin = world.Bootstrap();
  const std::string store = world.MakeStore(admin.access_token(), "S1").store_id();
  TestCall as_operator;
  v1::ProvisionReplayTenantResponse replay;
  REQUIRE(world.operator_handler.ProvisionReplayTenant(as_operator, {}, &replay).ok());
  TestCall other = world.As(replay.access_token());
  v1::GetStoreRequest get;
  get.set_store_id(store);
  v1::Store out;
  CHECK(CodeOf(world.organisation.GetStore(other, get, &out)) == NOT_FOUND);
  v1::ListStoresResponse list;
  REQUIRE(world.organisation.ListStores(other, {}, &list).ok());
  REQUIRE(list.stores_size() == 1);
  CHECK(list.stores(0).store_id() == replay.store_id());
  // The same id in another tenant is another store.
  CHECK(world.organisation.CreateStore(other, GoodStore(store, "S9"), &out).ok());
}

TEST_CASE("ProvisionReplayTenant: the same tenant each time, also at once", "[auth][handler]") {
  World world;
  std::atomic<int> ok{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      TestCall call;
      v1::ProvisionReplayTenantResponse response;
      if (world.operator_handler.ProvisionReplayTenant(call, {}, &response).ok()) ++ok;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ok == 4);
  CHECK(world.Count("SELECT count(*) FROM auth.stores") == 1);
  TestCall call;
  v1::ProvisionReplayTenantResponse response;
  REQUIRE(world.operator_handler.ProvisionReplayTenant(call, {}, &response).ok());
  const auto claims = world.Verify(response.access_token());
  REQUIRE(claims.ok());
  for (const Permission p : {SALE_IMPORT, RETURN_UNLINKED, STOCK_ADJUST, CATALOGUE_WRITE,
                             PRICE_WRITE, TAX_WRITE, REPORT_READ}) {
    CHECK(claims->HasForTenant(p));
  }
  CHECK(!claims->HasAnywhere(STAFF_WRITE));
  world.Bootstrap();  // the first-admin secret is untouched
}

TEST_CASE("Snapshot: everything there is, once, as events", "[auth][store]") {
  World world;
  const auto admin = world.Bootstrap();
  TestCall call = world.As(admin.access_token());
  const std::string store = world.MakeStore(admin.access_token(), "S1").store_id();
  for (int i = 0; i < 205; ++i) {
    v1::Register reg;
    REQUIRE(world.organisation
                .CreateRegister(call, GoodRegister(store, world.NewId(), "R" + std::to_string(i)),
                                &reg)
                .ok());
  }
  std::map<std::string, int> seen;
  const absl::Status status =
      pg::TransactRaw(world.worker, {.repeatable_read = true}, [&](pg::Tx& tx) {
        return SendSnapshot(tx, [&](std::vector<common::v1::Event> events) {
          for (const auto& event : events) {
            ++seen[event.event_type()];
            CHECK(event.tenant_id() == admin.tenant_id());
          }
          return absl::OkStatus();
        });
      });
  INFO(status);
  CHECK(status.ok());
  CHECK(seen["cloudpos.auth.v1.TenantChanged"] == 1);
  CHECK(seen["cloudpos.auth.v1.StoreChanged"] == 1);
  CHECK(seen["cloudpos.auth.v1.RegisterChanged"] == 205);
  CHECK(seen["cloudpos.auth.v1.StaffRightsChanged"] == 1);
}

TEST_CASE("Schema: keys begin with the tenant, rows are secured", "[auth][store]") {
  World world;
  const std::vector<std::string> known = {"login_failures",    "directory", "bootstrap",
                                          "bootstrap_secrets", "tenants",   "enrolment_codes"};
  for (const std::string& key : testing::KeysWithoutTenant(world.database.Dsn("admin"), "auth")) {
    const std::string table = key.substr(0, key.find(':'));
    INFO(key);
    const bool is_of_events = table.starts_with("outbox") || table.starts_with("consumer_") ||
                              table == "feed_generation" || table == "dead_letter";
    CHECK((is_of_events || std::find(known.begin(), known.end(), table) != known.end()));
  }
  const auto open = testing::TablesWithoutRowSecurity(world.database.Dsn("admin"), "auth");
  CHECK(open == std::vector<std::string>{"bootstrap", "directory", "enrolment_codes"});
}

}  // namespace cloudpos::auth
