#include "services/transaction/domain/operators.h"

#include <catch2/catch.hpp>

#include "services/transaction/domain/numbering.h"

namespace cloudpos::transaction {
namespace {

using token::Permission;

base::Uuid Id(uint8_t n) {
  std::array<uint8_t, 16> bytes{};
  bytes[15] = n;
  return base::Uuid(bytes);
}

OperatorRights Rights(int changed, int created, std::vector<Permission> permissions,
                      std::vector<base::Uuid> stores = {}, bool active = true) {
  token::Grant grant{.stores = std::move(stores), .permissions = {}};
  for (const Permission permission : permissions) grant.permissions.Add(permission);
  return {.changed_at = absl::FromUnixSeconds(changed),
          .created_at = absl::FromUnixSeconds(created),
          .active = active,
          .grants = {grant}};
}

}  // namespace

TEST_CASE("WasAllowed: by the rights in force then, in that store", "[domain]") {
  const OperatorHistory history = {
      Rights(100, 100, {common::v1::SALE_CREATE}, {Id(1)}),
      Rights(200, 100, {common::v1::SALE_CREATE, common::v1::SALE_VOID}),
      Rights(300, 100, {common::v1::SALE_CREATE}, {}, false)};
  const auto allowed = [&](int at, uint8_t store, std::vector<Permission> needed) {
    return WasAllowed(history, needed, Id(store), absl::FromUnixSeconds(at));
  };
  CHECK_FALSE(allowed(99, 1, {}));
  CHECK(allowed(100, 1, {}));
  CHECK(allowed(100, 1, {common::v1::SALE_CREATE}));
  CHECK_FALSE(allowed(199, 2, {common::v1::SALE_CREATE}));
  CHECK_FALSE(allowed(199, 1, {common::v1::SALE_CREATE, common::v1::SALE_VOID}));
  CHECK(allowed(200, 2, {common::v1::SALE_CREATE, common::v1::SALE_VOID}));
  CHECK_FALSE(allowed(300, 1, {}));
}

TEST_CASE("RightsAt: a history that begins late speaks for what was before", "[domain]") {
  // The read model was made anew: of somebody hired at 100 it knows the state since 500 alone.
  const OperatorHistory history = {Rights(500, 100, {common::v1::SALE_CREATE})};
  CHECK(RightsAt(history, absl::FromUnixSeconds(99)) == nullptr);
  CHECK(RightsAt(history, absl::FromUnixSeconds(100)) == &history[0]);
  CHECK(RightsAt(history, absl::FromUnixSeconds(600)) == &history[0]);
  CHECK(RightsAt({}, absl::FromUnixSeconds(600)) == nullptr);
}

TEST_CASE("JournalId, ReceiptPrefix: one journal a place, one prefix a journal", "[domain]") {
  // Computed apart, with Python's uuid.uuid5: registers work it out by themselves.
  CHECK(JournalId(Id(1), Id(2), 1, "SALES").ToString() == "8fc6029c-0c56-5d6f-bdcf-c585366bda57");
  CHECK(JournalId(Id(1), Id(2), 1, "TRAINING").ToString() ==
        "437d3706-cd07-5efe-916f-5e09684065be");
  CHECK(JournalId(Id(1), Id(2), 1, "SALES") != JournalId(Id(1), Id(2), 2, "SALES"));
  Store store;
  store.code = "S1";
  const Register reg{.id = Id(1), .store = {}, .code = "R1", .active = true};
  Device device;
  device.code = "D1";
  CHECK(ReceiptPrefix(store, reg, nullptr, 1) == "S1-R1-0-");
  CHECK(ReceiptPrefix(store, reg, &device, 1) == "S1-R1-D1-");
  CHECK(ReceiptPrefix(store, reg, &device, 12) == "S1-R1-D1.12-");
}

}  // namespace cloudpos::transaction
