// Roles and rights; password rules.

#include "catch2/catch.hpp"
#include "libs/base/error.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/password_rules.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using base::CodeOf;
using token::PermissionSet;

base::Uuid Id(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return base::Uuid(bytes);
}

PermissionSet Set(std::initializer_list<Permission> list) {
  PermissionSet set;
  for (const Permission p : list) set.Add(p);
  return set;
}

token::Claims Holder(std::vector<token::Grant> grants) {
  token::Claims claims;
  claims.grants = std::move(grants);
  return claims;
}

}  // namespace

TEST_CASE("EffectiveGrants: joins roles, leaves out what the whole tenant grants anyway",
          "[auth][domain]") {
  const std::vector<RoleGrant> held = {
      {.role_id = Id(1), .all_stores = true, .store_ids = {}, .permissions = Set({STORE_READ})},
      {.role_id = Id(2),
       .all_stores = false,
       .store_ids = {Id(11), Id(12)},
       .permissions = Set({SALE_CREATE})},
      {.role_id = Id(3),
       .all_stores = false,
       .store_ids = {Id(12)},
       .permissions = Set({SALE_VOID})},
      {.role_id = Id(4),
       .all_stores = false,
       .store_ids = {Id(13)},
       .permissions = Set({STORE_READ})},
  };
  const auto grants = EffectiveGrants(held);
  REQUIRE(grants.size() == 3);
  CHECK(grants[0].stores.empty());
  const token::Claims claims = Holder(grants);
  CHECK(claims.HasForStore(SALE_CREATE, Id(11)));
  CHECK(!claims.HasForStore(SALE_VOID, Id(11)));
  CHECK(claims.HasForStore(SALE_VOID, Id(12)));
  CHECK(!claims.HasForStore(SALE_CREATE, Id(13)));
  CHECK(claims.HasForStore(STORE_READ, Id(13)));
  CHECK(EffectiveGrants({}).empty());
}

TEST_CASE("CheckTokenSize: the largest that fits, and one more", "[auth][domain]") {
  std::vector<base::Uuid> stores;
  for (uint8_t i = 0; i < 51; ++i) stores.push_back(Id(i));
  token::Grant grant{.stores = stores, .permissions = Set({SALE_CREATE})};
  CHECK(CheckTokenSize({grant}).ok());
  stores.push_back(Id(99));
  grant.stores = stores;
  CHECK(CodeOf(CheckTokenSize({grant})) == LIMIT_EXCEEDED);
}

TEST_CASE("CheckMayGive: nobody gives what they do not hold there", "[auth][domain]") {
  const token::Claims giver = Holder({{.stores = {}, .permissions = Set({STORE_READ})},
                                      {.stores = {Id(1)}, .permissions = Set({SALE_CREATE})}});
  const auto give = [&](bool all, std::vector<base::Uuid> stores, Permission p) {
    return CodeOf(CheckMayGive(
        giver, std::vector<RoleGrant>{{Id(9), all, std::move(stores), Set({p})}}));
  };
  CHECK(give(true, {}, STORE_READ) == ERROR_CODE_UNSPECIFIED);
  CHECK(give(false, {Id(7)}, STORE_READ) == ERROR_CODE_UNSPECIFIED);
  CHECK(give(false, {Id(1)}, SALE_CREATE) == ERROR_CODE_UNSPECIFIED);
  CHECK(give(false, {Id(1), Id(2)}, SALE_CREATE) == PERMISSION_DENIED);
  CHECK(give(true, {}, SALE_CREATE) == PERMISSION_DENIED);
  CHECK(give(false, {Id(1)}, SALE_VOID) == PERMISSION_DENIED);
  CHECK(CheckMayGive(giver, Set({STORE_READ})).ok());
  CHECK(CodeOf(CheckMayGive(giver, Set({SALE_CREATE}))) == PERMISSION_DENIED);
}

TEST_CASE("Built-in roles: cashier within manager within admin", "[auth][domain]") {
  const PermissionSet admin = BuiltInPermissions(BuiltInRole::kAdmin);
  const PermissionSet manager = BuiltInPermissions(BuiltInRole::kManager);
  const PermissionSet cashier = BuiltInPermissions(BuiltInRole::kCashier);
  CHECK(admin.ToList().size() == static_cast<size_t>(Permission_descriptor()->value_count() - 1));
  for (const Permission p : cashier.ToList()) CHECK(manager.Has(p));
  for (const Permission p : manager.ToList()) CHECK(admin.Has(p));
  CHECK(!manager.Has(STAFF_WRITE));
  CHECK(!manager.Has(SALE_IMPORT));
  CHECK(!cashier.Has(SALE_PRICE_OVERRIDE));
  CHECK(!cashier.Has(RETURN_UNLINKED));
  CHECK(BuiltInRoleId(Id(1), BuiltInRole::kAdmin) != BuiltInRoleId(Id(2), BuiltInRole::kAdmin));
  CHECK(BuiltInByName("manager") == BuiltInRole::kManager);
  CHECK(BuiltInByName("owner") == BuiltInRole::kNone);
}

TEST_CASE("CheckPassword: length, well-known ones, runs, one's own address", "[auth][domain]") {
  struct Row {
    std::string password;
    ErrorCode code;
  };
  const Row rows[] = {
      {"", FIELD_REQUIRED},
      {"seven 7", WEAK_PASSWORD},
      {"eight 88", ERROR_CODE_UNSPECIFIED},
      {std::string(64, 'a') + "b", ERROR_CODE_UNSPECIFIED},
      {"ab" + std::string(254, 'x'), ERROR_CODE_UNSPECIFIED},
      {"ab" + std::string(255, 'x'), WEAK_PASSWORD},
      {"zoë zoë", WEAK_PASSWORD},  // seven characters, nine bytes
      {"zoë zoë!", ERROR_CODE_UNSPECIFIED},
      {"PassWord123", WEAK_PASSWORD},
      {"qwertyuiop", WEAK_PASSWORD},
      {"zzzzzzzzzzzz", WEAK_PASSWORD},
      {"23456789", WEAK_PASSWORD},
      {"hgfedcba", WEAK_PASSWORD},
      {"Olive.Owner@example.com", WEAK_PASSWORD},
      {"olive.OWNER", WEAK_PASSWORD},
      {"bad\xff\xff\xff\xff\xff", WEAK_PASSWORD},
      {"correct horse battery", ERROR_CODE_UNSPECIFIED},
  };
  for (const Row& row : rows) {
    INFO(row.password);
    CHECK(CodeOf(CheckPassword(row.password, "olive.owner@example.com", "password")) == row.code);
  }
}

}  // namespace cloudpos::auth
