#include "tests/chaos/harness/world.h"

#include <utility>

#include "boost/json/array.hpp"
#include "boost/json/serialize.hpp"
#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/client.h"

namespace cloudpos::chaos {
namespace {

namespace json = boost::json;

constexpr const char* kPassword = "a quiet harbour 42";
constexpr Micros kPatience = 30 * kSecond;

int64_t UnixMillis() { return absl::ToUnixMillis(base::SystemClock().Now()); }

absl::StatusOr<std::string> MakeTenant(const WorldOptions& options, const std::string& name) {
  auth::v1::CreateTenantRequest request;
  request.set_slug(name);
  request.set_name("Shop " + name);
  request.set_email(name + "@example.com");
  request.set_password(kPassword);
  request.set_display_name("Olive Owner");
  absl::Status status;
  for (const Micros end = Now() + kPatience; Now() < end; SleepFor(200 * kMilli)) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto channel,
                              rpc::Connect("auth", options.auth_address, options.tls));
    auth::v1::CreateTenantResponse response;
    status =
        rpc::Call(channel, "/cloudpos.auth.v1.OperatorService/CreateTenant",
                  {.deadline = base::SystemClock().Now() + absl::Seconds(5)}, request, &response);
    if (status.ok()) return response.tenant_id();
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) break;
  }
  return status;
}

absl::Status MakeTaxes(Api* api, Dice* dice) {
  struct Tax {
    const char* category;
    int rate_ppm;
    const char* inclusion;
  };
  for (const Tax& tax : {Tax{"standard", 200'000, "INCLUSIVE"}, Tax{"books", 0, "INCLUSIVE"},
                         Tax{"added", 50'000, "EXCLUSIVE"}}) {
    const std::string id = dice->Id(UnixMillis());
    CLOUDPOS_RETURN_IF_ERROR(api->Call("PUT", "/v1/taxes/" + id,
                                       {{"name", tax.category},
                                        {"jurisdiction", "GB"},
                                        {"ratePpm", tax.rate_ppm},
                                        {"inclusion", tax.inclusion}})
                                 .status());
    CLOUDPOS_RETURN_IF_ERROR(
        api->Call("PUT", std::string("/v1/taxCategories/") + tax.category,
                  {{"name", tax.category},
                   {"assignments", json::array{json::object{{"taxIds", json::array{id}}}}}})
            .status());
  }
  return absl::OkStatus();
}

absl::Status MakeStores(const WorldOptions& options, Api* api, Dice* dice, World* world) {
  for (int s = 1; s <= options.stores; ++s) {
    const std::string store = dice->Id(UnixMillis());
    CLOUDPOS_RETURN_IF_ERROR(api->Call("POST", "/v1/stores",
                                       {{"storeId", store},
                                        {"code", "S" + std::to_string(s)},
                                        {"name", "Street " + std::to_string(s)},
                                        {"timeZone", "Europe/London"},
                                        {"currencyCode", "GBP"}})
                                 .status());
    world->stores.push_back(store);
    for (int t = 1; t <= options.tills_per_store; ++t) {
      const Till till{.id = dice->Id(UnixMillis()), .store = store};
      CLOUDPOS_RETURN_IF_ERROR(api->Call("POST", "/v1/stores/" + store + "/registers",
                                         {{"registerId", till.id},
                                          {"code", "R" + std::to_string(t)},
                                          {"name", "Till " + std::to_string(t)}})
                                   .status());
      world->tills.push_back(till);
    }
  }
  return absl::OkStatus();
}

/// Every fourth variant has its tax added, every sixth is not counted, three change their price.
absl::Status MakeProducts(const WorldOptions& options, Api* api, Dice* dice, World* world) {
  json::array products;
  for (int i = 0; i < options.variants; ++i) {
    auto variant = std::make_unique<Variant>();
    variant->id = dice->Id(UnixMillis());
    variant->sku = "SKU-" + std::to_string(i);
    variant->stocked = i % 6 != 5;
    variant->inclusive = i % 4 != 3;
    variant->lively = i % 8 == 1;
    variant->price_minor = dice->Between(1, 60) * 100 - dice->Between(0, 1);
    const char* category = variant->inclusive ? (i % 4 == 2 ? "books" : "standard") : "added";
    products.push_back(json::object{
        {"productId", dice->Id(UnixMillis())},
        {"name", "Thing " + std::to_string(i)},
        {"taxCategory", category},
        {"variants",
         json::array{json::object{
             {"variantId", variant->id},
             {"sku", variant->sku},
             {"stocked", variant->stocked},
             {"prices", json::array{json::object{
                            {"amount", json::object{{"currencyCode", "GBP"},
                                                    {"minorUnits", variant->price_minor.load()}}},
                            {"pricePer", 1}}}}}}}});
    world->variants.push_back(std::move(variant));
  }
  return api->Call("POST", "/v1/products:batchCreate", {{"products", std::move(products)}})
      .status();
}

absl::Status MakeStock(Api* api, Dice* dice, const World& world) {
  for (const std::string& store : world.stores) {
    json::array lines;
    for (const auto& variant : world.variants) {
      if (!variant->stocked) continue;
      lines.push_back(json::object{{"variantId", variant->id}, {"quantityMilli", kOpeningMilli}});
    }
    CLOUDPOS_RETURN_IF_ERROR(api->Call("POST", "/v1/stock/adjustments",
                                       {{"adjustmentId", dice->Id(UnixMillis())},
                                        {"storeId", store},
                                        {"reasonCode", "DELIVERY"},
                                        {"lines", std::move(lines)}})
                                 .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<World>> MakeWorld(const WorldOptions& options,
                                                 const std::string& name, Dice* dice) {
  auto world = std::make_unique<World>();
  CLOUDPOS_ASSIGN_OR_RETURN(world->tenant, MakeTenant(options, name));
  world->account = {.email = name + "@example.com", .password = kPassword};
  world->session = std::make_unique<Session>(options.gateway_port, world->account);
  CLOUDPOS_RETURN_IF_ERROR(world->session->SignIn());
  Api api(options.gateway_port, world->session.get(), kPatience);
  CLOUDPOS_RETURN_IF_ERROR(MakeTaxes(&api, dice));
  CLOUDPOS_RETURN_IF_ERROR(MakeStores(options, &api, dice, world.get()));
  CLOUDPOS_RETURN_IF_ERROR(MakeProducts(options, &api, dice, world.get()));
  CLOUDPOS_RETURN_IF_ERROR(MakeStock(&api, dice, *world));
  return world;
}

std::string RunJson(const World& world, uint64_t seed) {
  json::array stores, registers, variants, opening, parked;
  for (const std::string& store : world.stores) stores.emplace_back(store);
  for (const Till& till : world.tills) {
    registers.push_back(json::object{{"id", till.id}, {"store", till.store}});
  }
  for (const auto& variant : world.variants) {
    variants.push_back(json::object{{"id", variant->id},
                                    {"sku", variant->sku},
                                    {"price", variant->price_minor.load()},
                                    {"stocked", variant->stocked}});
    if (!variant->stocked) continue;
    for (const std::string& store : world.stores) {
      opening.push_back(json::object{
          {"variant", variant->id}, {"store", store}, {"quantityMilli", kOpeningMilli}});
    }
  }
  for (const std::string& aggregate : world.expect_parked) parked.emplace_back(aggregate);
  return json::serialize(json::object{{"tenant", world.tenant},
                                      {"seed", seed},
                                      {"stores", std::move(stores)},
                                      {"registers", std::move(registers)},
                                      {"variants", std::move(variants)},
                                      {"opening", std::move(opening)},
                                      {"expectParked", std::move(parked)}});
}

}  // namespace cloudpos::chaos
