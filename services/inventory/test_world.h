#pragma once

// A tenant with two stores on a real database, for the tests of the service's handlers.

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/events/events.h"
#include "libs/journal/entry.h"
#include "libs/testing/call_context.h"
#include "libs/testing/database.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/consumers.h"
#include "services/inventory/stock_handler.h"

namespace cloudpos::inventory {

const std::vector<pg::Migration>& Migrations();

using common::v1::ErrorCode;

struct World {
  World() {
    AddStore(store, "GBP");
    AddStore(other_store, "EUR");
  }

  void AddStore(const base::Uuid& id, const std::string& currency) {
    auth::v1::StoreChanged changed;
    changed.set_tenant_id(tenant.ToString());
    changed.set_store_id(id.ToString());
    changed.set_version(1);
    changed.set_name("Shop");
    changed.set_currency_code(currency);
    events::Event event;
    event.set_tenant_id(tenant.ToString());
    event.set_event_type(changed.GetTypeName());
    event.set_payload(changed.SerializeAsString());
    Require(pg::Transact(worker, {}, [&](pg::Tx& tx) { return ApplyStores(tx, {event}); }));
  }

  static void Require(const absl::Status& status) {
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  testing::TestCall Call(token::Permission permission = {}) {
    testing::TestCall call(
        testing::ClaimsFor(
            tenant, {common::v1::CATALOGUE_READ, common::v1::CATALOGUE_WRITE,
                     common::v1::PRICE_WRITE, common::v1::STOCK_READ, common::v1::STOCK_ADJUST}),
        permission);
    return call;
  }

  /// A product with one variant: SKU and a price of `minor` pence.
  v1::CreateProductRequest NewProduct(const std::string& name, const std::string& sku,
                                      int64_t minor = 250) {
    v1::CreateProductRequest request;
    request.set_product_id(ids.NewId().ToString());
    request.set_name(name);
    request.set_tax_category("standard");
    AddVariant(&request, sku, minor);
    return request;
  }
  v1::NewVariant* AddVariant(v1::CreateProductRequest* request, const std::string& sku,
                             int64_t minor) {
    v1::NewVariant* variant = request->add_variants();
    variant->set_variant_id(ids.NewId().ToString());
    variant->set_sku(sku);
    v1::VariantPrice* price = variant->add_prices();
    price->mutable_amount()->set_currency_code("GBP");
    price->mutable_amount()->set_minor_units(minor);
    return variant;
  }

  v1::Product Create(const v1::CreateProductRequest& request, bool* replayed = nullptr) {
    testing::TestCall call = Call();
    v1::Product product;
    Require(catalogue.CreateProduct(call, request, &product));
    if (replayed != nullptr) *replayed = call.is_replayed;
    return product;
  }
  ErrorCode RefusalOf(const v1::CreateProductRequest& request, std::string* field = nullptr) {
    testing::TestCall call = Call();
    v1::Product product;
    const absl::Status status = catalogue.CreateProduct(call, request, &product);
    const base::ErrorInfo info = base::InfoOf(status);
    if (field != nullptr) *field = info.fields.empty() ? "" : info.fields[0].field;
    return base::CodeOf(status);
  }

  /// Calls a method that must succeed.
  template <typename Handler, typename Request, typename Response>
  Response Do(Handler& handler,
              absl::Status (Handler::*method)(rpc::CallContext&, const Request&, Response*),
              const Request& request) {
    testing::TestCall call = Call();
    Response response;
    Require((handler.*method)(call, request, &response));
    return response;
  }
  /// Calls a method and answers why it was refused.
  template <typename Handler, typename Request, typename Response>
  ErrorCode Refused(Handler& handler,
                    absl::Status (Handler::*method)(rpc::CallContext&, const Request&, Response*),
                    const Request& request) {
    testing::TestCall call = Call();
    Response response;
    return base::CodeOf((handler.*method)(call, request, &response));
  }

  /// All changes after `since`.
  v1::ListCatalogueChangesResponse Changes(int64_t since, bool latest_only = false) {
    v1::ListCatalogueChangesRequest request;
    request.set_since(since);
    request.set_page_size(2'000);
    request.set_latest_only(latest_only);
    return Do(catalogue, &CatalogueHandler::ListCatalogueChanges, request);
  }

  int64_t Number(const char* sql) {
    // The name of a prepared statement has 63 bytes at most.
    const std::string name = "test_" + std::to_string(std::hash<std::string_view>()(sql));
    const auto rows = admin.Exec({}, pg::Query{name.c_str(), sql});
    Require(rows.status());
    return (*rows)[0].Get<int64_t>("n");
  }

  base::Uuid tenant = base::RandomIdSource().NewId();
  base::Uuid store = base::RandomIdSource().NewId();
  base::Uuid other_store = base::RandomIdSource().NewId();
  base::RandomIdSource ids;
  base::FakeClock clock;
  testing::Database database{"inventory", {events::Migrations(), {"inventory", &Migrations()}}};
  pg::Pool pool{{.dsn = database.Dsn("rw"), .application_name = "test", .connections = 8}};
  pg::Pool worker{{.dsn = database.Dsn("worker"), .application_name = "test", .connections = 4}};
  pg::Pool admin{{.dsn = database.Dsn("admin"), .application_name = "test", .connections = 1}};
  Deps deps{.pool = &pool, .clock = &clock, .ids = &ids};
  CatalogueHandler catalogue{deps};
  StockHandler stock{deps};
};

inline v1::AdjustStockRequest NewAdjustment(World& world, const std::string& variant,
                                            int64_t milli) {
  v1::AdjustStockRequest request;
  request.set_adjustment_id(world.ids.NewId().ToString());
  request.set_store_id(world.store.ToString());
  request.set_reason_code("COUNT");
  v1::AdjustStockLine* line = request.add_lines();
  line->set_variant_id(variant);
  line->set_quantity_milli(milli);
  return request;
}

inline std::string NewVariant(World& world, const std::string& sku) {
  return world.Create(world.NewProduct("Thing " + sku, sku)).variants(0).variant_id();
}

}  // namespace cloudpos::inventory
