#pragma once

// A shop for tests: a migrated database, one tenant with two stores and registers, a small
// catalogue, and the handlers on top. Times stand still at the fake clock.

#include <memory>
#include <string>
#include <vector>

#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "cloudpos/transaction/v1/sale.pb.h"
#include "libs/base/clock.h"
#include "libs/events/events.h"
#include "libs/testing/call_context.h"
#include "libs/testing/database.h"
#include "services/transaction/batcher.h"
#include "services/transaction/checkout.h"
#include "services/transaction/migrations.h"
#include "services/transaction/read_model.h"
#include "services/transaction/sale_handler.h"
#include "services/transaction/settings_handler.h"

namespace cloudpos::transaction {

struct World {
  base::RandomIdSource ids;
  base::FakeClock clock{base::SystemClock().Now()};
  base::SystemClock real_clock;  // what takes time is timed by it
  testing::Database database{"transaction", {events::Migrations(), {"transaction", &Migrations()}}};
  pg::Pool pool{{.dsn = database.Dsn("rw"), .application_name = "test", .connections = 12}};
  pg::Pool worker_pool{{.dsn = database.Dsn("worker"), .application_name = "test"}};
  ReadModel read_model{worker_pool, clock, {}};
  Batcher batcher{pool, real_clock, ids, {}};
  Checkout checkout{{.pool = &pool,
                     .read_model = &read_model,
                     .consumers = nullptr,
                     .batcher = &batcher,
                     .clock = &clock,
                     .bell = nullptr}};
  SaleHandler sales{checkout};
  SettingsHandler settings{checkout, read_model, ids};

  base::Uuid tenant = ids.NewId();
  base::Uuid store = ids.NewId();
  base::Uuid reg = ids.NewId();
  base::Uuid other_reg = ids.NewId();
  base::Uuid mug = ids.NewId();   // 2.50
  base::Uuid tea = ids.NewId();   // 1.99
  base::Uuid post = ids.NewId();  // 4.00, not stocked

  World();

  /// Applies events as the consumers would.
  void Apply(absl::Status (*apply)(pg::Tx&, const std::vector<events::Event>&),
             const std::vector<events::Event>& batch);
  void PutVariant(const base::Uuid& id, const std::string& sku, int64_t price, bool stocked,
                  int64_t version, bool archived = false);
  void PutRegister(const base::Uuid& id, const std::string& code);

  /// A call of the tenant's owner: every permission, every store.
  testing::TestCall Call();

  /// One mug and two teas (6.48), paid with 10.00 in cash.
  v1::CreateSaleRequest BasketSale();
  /// The same on another register.
  v1::CreateSaleRequest BasketSale(const base::Uuid& on_register);
};

/// An event with `payload`, as a feed would carry it.
events::Event EventWith(const base::Uuid& tenant, const google::protobuf::Message& payload);

}  // namespace cloudpos::transaction
