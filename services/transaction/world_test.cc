#include "services/transaction/world_test.h"

#include <catch2/catch.hpp>

#include "services/transaction/consumers.h"

namespace cloudpos::transaction {

events::Event EventWith(const base::Uuid& tenant, const google::protobuf::Message& payload) {
  events::Event event;
  event.set_event_id(base::RandomIdSource().NewId().ToString());
  event.set_tenant_id(tenant.ToString());
  event.set_event_type(payload.GetDescriptor()->full_name());
  event.set_payload(payload.SerializeAsString());
  return event;
}

World::World() {
  auth::v1::StoreChanged changed;
  changed.set_tenant_id(tenant.ToString());
  changed.set_store_id(store.ToString());
  changed.set_version(1);
  changed.set_name("Corner <Shop>");
  changed.set_code("S1");
  changed.set_time_zone("Europe/London");
  changed.set_currency_code("GBP");
  changed.set_cutoff_minutes(240);
  changed.set_receipt_footer("Thank you");
  Apply(ApplyPlaces, {EventWith(tenant, changed)});
  PutRegister(reg, "R1");
  PutRegister(other_reg, "R2");
  PutVariant(mug, "MUG", 250, true, 1);
  PutVariant(tea, "TEA", 199, true, 2);
  PutVariant(post, "POST", 400, false, 3);
}

void World::Apply(absl::Status (*apply)(pg::Tx&, const std::vector<events::Event>&),
                  const std::vector<events::Event>& batch) {
  const absl::Status status =
      pg::Transact(worker_pool, {}, [&](pg::Tx& tx) { return apply(tx, batch); });
  INFO(status.ToString());
  REQUIRE(status.ok());
  read_model.Refresh();
}

void World::PutRegister(const base::Uuid& id, const std::string& code) {
  auth::v1::RegisterChanged changed;
  changed.set_tenant_id(tenant.ToString());
  changed.set_store_id(store.ToString());
  changed.set_register_id(id.ToString());
  changed.set_version(1);
  changed.set_name("Till " + code);
  changed.set_code(code);
  changed.set_active(true);
  Apply(ApplyPlaces, {EventWith(tenant, changed)});
}

void World::PutVariant(const base::Uuid& id, const std::string& sku, int64_t price, bool stocked,
                       int64_t version, bool archived) {
  inventory::v1::VariantChanged changed;
  changed.set_tenant_id(tenant.ToString());
  changed.set_variant_id(id.ToString());
  changed.set_product_id(id.ToString());
  changed.set_version(version);
  changed.set_sku(sku);
  changed.set_product_name("A " + sku);
  changed.set_tax_category("exempt");
  changed.set_stocked(stocked);
  changed.set_archived(archived);
  auto* amount = changed.add_prices();
  amount->mutable_amount()->set_currency_code("GBP");
  amount->mutable_amount()->set_minor_units(price);
  amount->set_price_per(1);
  Apply(ApplyCatalogue, {EventWith(tenant, changed)});
}

testing::TestCall World::Call() {
  using common::v1::Permission;
  return testing::TestCall(testing::ClaimsFor(
      tenant,
      {Permission::SALE_CREATE, Permission::SALE_READ, Permission::SALE_DISCOUNT_LINE,
       Permission::SALE_DISCOUNT_ORDER, Permission::SALE_PRICE_OVERRIDE, Permission::SALE_IMPORT,
       Permission::RETURN_CREATE, Permission::RETURN_UNLINKED, Permission::JOURNAL_READ,
       Permission::TAX_READ, Permission::TAX_WRITE, Permission::SALE_VOID}));
}

v1::CreateSaleRequest World::BasketSale() { return BasketSale(reg); }

v1::CreateSaleRequest World::BasketSale(const base::Uuid& on_register) {
  v1::CreateSaleRequest request;
  request.set_sale_id(ids.NewId().ToString());
  request.set_store_id(store.ToString());
  request.set_register_id(on_register.ToString());
  v1::SaleLineInput* line = request.add_lines();
  line->set_variant_id(mug.ToString());
  line->set_quantity_milli(1000);
  line = request.add_lines();
  line->set_variant_id(tea.ToString());
  line->set_quantity_milli(2000);
  v1::TenderInput* tender = request.add_tenders();
  tender->set_type(v1::CASH);
  tender->set_amount_minor(1000);
  return request;
}

}  // namespace cloudpos::transaction
