#include "services/transaction/store_read_model.h"

#include <boost/json.hpp>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"

namespace cloudpos::transaction {
namespace {

constexpr pg::Query kUpsertStore{"upsert_store", R"sql(
  INSERT INTO stores AS s (tenant_id, store_id, version, name, code, time_zone, currency_code,
    cutoff_minutes, address, receipt_header, receipt_footer, tax_number, archived)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT (tenant_id, store_id) DO UPDATE SET version = excluded.version,
    name = excluded.name, code = excluded.code, time_zone = excluded.time_zone,
    currency_code = excluded.currency_code, cutoff_minutes = excluded.cutoff_minutes,
    address = excluded.address, receipt_header = excluded.receipt_header,
    receipt_footer = excluded.receipt_footer, tax_number = excluded.tax_number,
    archived = excluded.archived
  WHERE s.version < excluded.version)sql"};

constexpr pg::Query kUpsertRegister{"upsert_register", R"sql(
  INSERT INTO registers AS r (tenant_id, register_id, version, store_id, name, code, active)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (tenant_id, register_id) DO UPDATE SET version = excluded.version,
    store_id = excluded.store_id, name = excluded.name, code = excluded.code,
    active = excluded.active
  WHERE r.version < excluded.version)sql"};

constexpr pg::Query kUpsertDevice{"upsert_device", R"sql(
  INSERT INTO devices AS d (tenant_id, device_id, version, store_id, register_id, code, public_key,
    revoked, revoked_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (tenant_id, device_id) DO UPDATE SET version = excluded.version,
    store_id = excluded.store_id, register_id = excluded.register_id, code = excluded.code,
    public_key = excluded.public_key, revoked = excluded.revoked, revoked_at = excluded.revoked_at
  WHERE d.version < excluded.version)sql"};

constexpr pg::Query kInsertDeviceKey{"insert_device_key", R"sql(
  INSERT INTO device_keys (tenant_id, device_id, public_key, version) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kInsertOperator{"insert_operator", R"sql(
  INSERT INTO operators (tenant_id, staff_id, changed_at, created_at, active, grants)
  VALUES ($1, $2, $3, $4, $5, $6::jsonb) ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kTouchSettings{"touch_settings", R"sql(
  INSERT INTO read_model_versions AS v (tenant_id, settings_version) VALUES ($1, 1)
  ON CONFLICT (tenant_id) DO UPDATE SET settings_version = v.settings_version + 1)sql"};

constexpr pg::Query kInsertVariants{"insert_variants", R"sql(
  INSERT INTO catalogue_variants (tenant_id, variant_id, version, product_id, sku, name,
    category_id, tax_category, stocked, archived, prices, applied)
  SELECT t, v, n, p, sku, name, c, tax, stocked, archived, prices::jsonb, m.catalogue_applied
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[],
    $7::uuid[], $8::text[], $9::boolean[], $10::boolean[], $11::text[])
    AS e (t, v, n, p, sku, name, c, tax, stocked, archived, prices)
  JOIN read_model_versions m ON m.tenant_id = e.t
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kRaiseCatalogueVersion{"raise_catalogue_version", R"sql(
  INSERT INTO read_model_versions AS v (tenant_id, catalogue_version, catalogue_applied)
  SELECT t, max(n), 1 FROM unnest($1::uuid[], $2::bigint[]) AS e (t, n) GROUP BY t
  ON CONFLICT (tenant_id) DO UPDATE
    SET catalogue_version = greatest(v.catalogue_version, excluded.catalogue_version),
      catalogue_applied = v.catalogue_applied + 1)sql"};

std::string AddressLines(const auth::v1::StoreAddress& address) {
  std::string lines;
  for (const std::string& part : {address.line1(), address.line2(),
                                  address.postal_code() + " " + address.city(), address.region()}) {
    if (part.find_first_not_of(' ') == std::string::npos) continue;
    if (!lines.empty()) lines += '\n';
    lines += part.substr(part.find_first_not_of(' '));
  }
  return lines;
}

std::string PricesJson(const inventory::v1::VariantChanged& event) {
  boost::json::array prices;
  for (const auto& price : event.prices()) {
    boost::json::object object{{"currency", price.amount().currency_code()},
                               {"amount", price.amount().minor_units()},
                               {"per", price.price_per()}};
    if (!price.store_id().empty()) object["storeId"] = price.store_id();
    prices.push_back(std::move(object));
  }
  return boost::json::serialize(prices);
}

/// Bytes of an uncompressed P-256 point; a device without one is not enrolled.
constexpr size_t kPublicKeyBytes = 65;

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::optional<absl::Time> RevokedAt(const auth::v1::DeviceChanged& event) {
  if (!event.has_revoked_at()) return std::nullopt;
  return TimeOf(event.revoked_at());
}

std::string GrantsJson(const auth::v1::StaffRightsChanged& event) {
  boost::json::array grants;
  for (const auth::v1::StaffGrant& grant : event.grants()) {
    boost::json::array stores(grant.store_ids().begin(), grant.store_ids().end());
    grants.push_back(boost::json::object{{"s", std::move(stores)}, {"p", grant.permissions()}});
  }
  return boost::json::serialize(grants);
}

std::optional<base::Uuid> IdOrNull(const std::string& text) { return base::Uuid::Parse(text); }

base::Uuid IdOrNil(const std::string& text) {
  return base::Uuid::Parse(text).value_or(base::Uuid());
}

}  // namespace

absl::Status UpsertStore(pg::Tx& tx, const auth::v1::StoreChanged& event) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kUpsertStore, event.tenant_id(), event.store_id(),
                                   event.version(), event.name(), event.code(), event.time_zone(),
                                   event.currency_code(), event.cutoff_minutes(),
                                   AddressLines(event.address()), event.receipt_header(),
                                   event.receipt_footer(), event.tax_number(), event.archived())
                               .status());
  return TouchSettings(tx, IdOrNil(event.tenant_id()));
}

absl::Status UpsertRegister(pg::Tx& tx, const auth::v1::RegisterChanged& event) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kUpsertRegister, event.tenant_id(), event.register_id(),
                                   event.version(), event.store_id(), event.name(), event.code(),
                                   event.active())
                               .status());
  return TouchSettings(tx, IdOrNil(event.tenant_id()));
}

absl::Status UpsertDevice(pg::Tx& tx, const auth::v1::DeviceChanged& event) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kUpsertDevice, event.tenant_id(), event.device_id(),
                                   event.version(), event.store_id(), IdOrNull(event.register_id()),
                                   event.code(), pg::Bytes{event.public_key()}, event.revoked(),
                                   RevokedAt(event))
                               .status());
  if (event.public_key().size() == kPublicKeyBytes) {
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertDeviceKey, event.tenant_id(), event.device_id(),
                                     pg::Bytes{event.public_key()}, event.version())
                                 .status());
  }
  return TouchSettings(tx, IdOrNil(event.tenant_id()));
}

absl::Status InsertOperator(pg::Tx& tx, const auth::v1::StaffRightsChanged& event) {
  return tx
      .Exec(kInsertOperator, event.tenant_id(), event.staff_id(), TimeOf(event.changed_at()),
            TimeOf(event.created_at()), event.active(), GrantsJson(event))
      .status();
}

absl::Status InsertVariants(pg::Tx& tx, const std::vector<inventory::v1::VariantChanged>& events) {
  std::vector<base::Uuid> tenants, variants, products;
  std::vector<int64_t> versions;
  std::vector<std::string> skus, names, tax_categories, prices;
  std::vector<std::optional<base::Uuid>> categories;
  std::vector<bool> stocked, archived;
  for (const auto& event : events) {
    tenants.push_back(IdOrNil(event.tenant_id()));
    variants.push_back(IdOrNil(event.variant_id()));
    versions.push_back(event.version());
    products.push_back(IdOrNil(event.product_id()));
    skus.push_back(event.sku());
    names.push_back(event.variant_name().empty()
                        ? event.product_name()
                        : event.product_name() + ", " + event.variant_name());
    categories.push_back(IdOrNull(event.category_id()));
    tax_categories.push_back(event.tax_category());
    stocked.push_back(event.stocked());
    archived.push_back(event.archived());
    prices.push_back(PricesJson(event));
  }
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kRaiseCatalogueVersion, tenants, versions).status());
  return tx
      .Exec(kInsertVariants, tenants, variants, versions, products, skus, names, categories,
            tax_categories, stocked, archived, prices)
      .status();
}

absl::Status TouchSettings(pg::Tx& tx, const base::Uuid& tenant) {
  return tx.Exec(kTouchSettings, tenant).status();
}

namespace {

constexpr pg::Query kSelectStores{"select_stores", R"sql(
  SELECT store_id, name, code, time_zone, currency_code, cutoff_minutes, address, receipt_header,
    receipt_footer, tax_number, archived
  FROM stores WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectRegisters{"select_registers", R"sql(
  SELECT register_id, store_id, code, active FROM registers WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectDevices{"select_devices", R"sql(
  SELECT device_id, store_id, register_id, code, revoked, revoked_at
  FROM devices WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectDeviceKeys{"select_device_keys", R"sql(
  SELECT device_id, public_key FROM device_keys WHERE tenant_id = $1
  ORDER BY device_id, version DESC)sql"};

constexpr pg::Query kSelectTaxes{"select_active_taxes", R"sql(
  SELECT tax_id, name, jurisdiction, rate_ppm, inclusive, affects_base, compound,
    fixed_per_unit_minor
  FROM taxes WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectTaxCategories{"select_tax_category_flags", R"sql(
  SELECT code, exempt FROM tax_categories WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectTaxAssignments{"select_tax_assignments", R"sql(
  SELECT code, store_id, tax_ids FROM tax_assignments WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectPolicies{"select_store_policies", R"sql(
  SELECT store_id, tax_rounding, rounding_level, inclusive_rounding, cash_increment, cash_due_mode,
    cash_payout_mode
  FROM store_policies WHERE tenant_id = $1)sql"};

constexpr pg::Query kSelectVersions{"select_read_model_versions", R"sql(
  SELECT tenant_id, catalogue_version, catalogue_applied, settings_version
  FROM read_model_versions
  WHERE tenant_id = ANY ($1))sql"};

constexpr pg::Query kSelectVariants{"select_variants", R"sql(
  SELECT v.variant_id, v.product_id, v.sku, v.name, v.category_id, v.tax_category, v.stocked,
    v.archived, v.prices::text AS prices
  FROM unnest($2::uuid[]) AS wanted (variant_id)
  CROSS JOIN LATERAL (
    SELECT variant_id, product_id, sku, name, category_id, tax_category, stocked, archived, prices
    FROM catalogue_variants
    WHERE tenant_id = $1 AND variant_id = wanted.variant_id
    ORDER BY version DESC LIMIT 1) AS v)sql"};

constexpr pg::Query kSelectVariantsAsOf{"select_variants_as_of", R"sql(
  SELECT wanted.as_of, v.variant_id, v.product_id, v.sku, v.name, v.category_id, v.tax_category,
    v.stocked, v.archived, v.prices::text AS prices
  FROM unnest($2::uuid[], $3::bigint[]) AS wanted (variant_id, as_of)
  CROSS JOIN LATERAL (
    SELECT variant_id, product_id, sku, name, category_id, tax_category, stocked, archived, prices
    FROM catalogue_variants
    WHERE tenant_id = $1 AND variant_id = wanted.variant_id
    ORDER BY as_of > 0 AND version > as_of,
      CASE WHEN as_of > 0 AND version > as_of THEN version ELSE -version END
    LIMIT 1) AS v)sql"};

constexpr pg::Query kSelectChangedVariants{"select_changed_variants", R"sql(
  SELECT DISTINCT variant_id FROM catalogue_variants WHERE tenant_id = $1 AND applied > $2)sql"};

absl::Status LoadPlaces(pg::Tx& tx, const base::Uuid& tenant, Settings* settings) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result stores, tx.Exec(kSelectStores, tenant));
  for (const pg::Row row : stores) {
    Store store{.id = row.Get<base::Uuid>("store_id"),
                .name = row.Get<std::string>("name"),
                .code = row.Get<std::string>("code"),
                .currency_code = row.Get<std::string>("currency_code"),
                .zone = absl::UTCTimeZone(),
                .cutoff_minutes = row.Get<int32_t>("cutoff_minutes"),
                .address = row.Get<std::string>("address"),
                .receipt_header = row.Get<std::string>("receipt_header"),
                .receipt_footer = row.Get<std::string>("receipt_footer"),
                .tax_number = row.Get<std::string>("tax_number"),
                .archived = row.Get<bool>("archived")};
    CLOUDPOS_ASSIGN_OR_RETURN(store.zone,
                              base::LoadZone(row.Get<std::string>("time_zone"), "timeZone"));
    settings->stores.emplace(store.id, std::move(store));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result registers, tx.Exec(kSelectRegisters, tenant));
  for (const pg::Row row : registers) {
    const auto id = row.Get<base::Uuid>("register_id");
    settings->registers.emplace(
        id, Register{id, row.Get<base::Uuid>("store_id"), row.Get<std::string>("code"),
                     row.Get<bool>("active")});
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result devices, tx.Exec(kSelectDevices, tenant));
  for (const pg::Row row : devices) {
    const auto id = row.Get<base::Uuid>("device_id");
    settings->devices.emplace(
        id,
        Device{
            .id = id,
            .store = row.Get<base::Uuid>("store_id"),
            .register_id = row.Get<std::optional<base::Uuid>>("register_id").value_or(base::Uuid()),
            .code = row.Get<std::string>("code"),
            .keys = {},
            .revoked = row.Get<bool>("revoked"),
            .revoked_at =
                row.Get<std::optional<absl::Time>>("revoked_at").value_or(absl::InfinitePast())});
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result keys, tx.Exec(kSelectDeviceKeys, tenant));
  for (const pg::Row row : keys) {
    const auto device = settings->devices.find(row.Get<base::Uuid>("device_id"));
    if (device == settings->devices.end()) continue;
    device->second.keys.push_back(row.Get<pg::Bytes>("public_key").value);
  }
  return absl::OkStatus();
}

absl::Status LoadTaxes(pg::Tx& tx, const base::Uuid& tenant, Settings* settings) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result taxes, tx.Exec(kSelectTaxes, tenant));
  for (const pg::Row row : taxes) {
    TaxDefinition tax{.id = row.Get<base::Uuid>("tax_id"),
                      .name = row.Get<std::string>("name"),
                      .jurisdiction = row.Get<std::string>("jurisdiction"),
                      .rate_ppm = row.Get<int32_t>("rate_ppm"),
                      .inclusive = row.Get<bool>("inclusive"),
                      .affects_base = row.Get<bool>("affects_base"),
                      .compound = row.Get<bool>("compound"),
                      .fixed_per_unit = row.Get<int64_t>("fixed_per_unit_minor")};
    settings->taxes.emplace(tax.id, std::move(tax));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result categories, tx.Exec(kSelectTaxCategories, tenant));
  for (const pg::Row row : categories) {
    settings->tax_categories[row.Get<std::string>("code")].exempt = row.Get<bool>("exempt");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result assignments, tx.Exec(kSelectTaxAssignments, tenant));
  for (const pg::Row row : assignments) {
    settings->tax_categories[row.Get<std::string>("code")].taxes_by_store.emplace(
        row.Get<base::Uuid>("store_id"), row.Get<std::vector<base::Uuid>>("tax_ids"));
  }
  return absl::OkStatus();
}

absl::Status LoadPolicies(pg::Tx& tx, const base::Uuid& tenant, Settings* settings) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectPolicies, tenant));
  for (const pg::Row row : rows) {
    StorePolicy policy;
    // Names were checked when they were stored; a default stands for one this build does not know.
    const auto mode = [&row](const char* column) {
      return pricing::ParseRoundingMode(row.Get<std::string>(column))
          .value_or(pricing::RoundingMode::kHalfUp);
    };
    policy.price.tax_rounding = mode("tax_rounding");
    policy.price.rounding_level =
        pricing::ParseRoundingLevel(row.Get<std::string>("rounding_level"))
            .value_or(pricing::RoundingLevel::kPerLine);
    policy.price.inclusive_rounding =
        pricing::ParseInclusiveRounding(row.Get<std::string>("inclusive_rounding"))
            .value_or(pricing::InclusiveRounding::kRoundTax);
    policy.cash = {row.Get<int64_t>("cash_increment"), mode("cash_due_mode"),
                   mode("cash_payout_mode")};
    settings->policies.emplace(row.Get<base::Uuid>("store_id"), policy);
  }
  return absl::OkStatus();
}

VariantPtr VariantOf(const pg::Row& row) {
  auto variant = std::make_shared<Variant>();
  variant->id = row.Get<base::Uuid>("variant_id");
  variant->product = row.Get<base::Uuid>("product_id");
  variant->sku = row.Get<std::string>("sku");
  variant->name = row.Get<std::string>("name");
  variant->category = row.Get<std::optional<base::Uuid>>("category_id").value_or(base::Uuid());
  variant->tax_category = row.Get<std::string>("tax_category");
  variant->stocked = row.Get<bool>("stocked");
  variant->archived = row.Get<bool>("archived");
  const auto prices = boost::json::parse(row.Get<std::string>("prices"));
  for (const boost::json::value& entry : prices.as_array()) {
    const boost::json::object& price = entry.as_object();
    const boost::json::value* store = price.if_contains("storeId");
    variant->prices.push_back(
        {.store = store != nullptr ? IdOrNil(std::string(store->as_string())) : base::Uuid(),
         .currency_code = std::string(price.at("currency").as_string()),
         .amount = price.at("amount").to_number<int64_t>(),
         .price_per = price.at("per").to_number<int64_t>()});
  }
  return variant;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Settings>> LoadSettings(pg::Pool& pool,
                                                             const base::Uuid& tenant,
                                                             absl::Time deadline) {
  const pg::TxOptions options{
      .tenant = {}, .deadline = deadline, .read_only = true, .repeatable_read = true};
  auto settings = std::make_shared<Settings>();
  const absl::Status loaded = pg::Transact(pool, options, [&](pg::Tx& tx) -> absl::Status {
    *settings = Settings{};
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result versions,
                              tx.Exec(kSelectVersions, std::vector<base::Uuid>{tenant}));
    if (!versions.empty()) settings->version = versions[0].Get<int64_t>("settings_version");
    CLOUDPOS_RETURN_IF_ERROR(LoadPlaces(tx, tenant, settings.get()));
    CLOUDPOS_RETURN_IF_ERROR(LoadTaxes(tx, tenant, settings.get()));
    return LoadPolicies(tx, tenant, settings.get());
  });
  if (!loaded.ok()) return loaded;
  return settings;
}

absl::StatusOr<std::vector<VariantPtr>> LoadVariants(pg::Pool& pool, const base::Uuid& tenant,
                                                     const std::vector<base::Uuid>& ids,
                                                     absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.deadline = deadline}, kSelectVariants, tenant, ids));
  std::vector<VariantPtr> variants;
  for (const pg::Row row : rows) variants.push_back(VariantOf(row));
  return variants;
}

absl::StatusOr<GoodsAsOf> LoadVariantsAsOf(pg::Pool& pool, const base::Uuid& tenant,
                                           const std::vector<VariantVersion>& wanted,
                                           absl::Time deadline) {
  std::vector<base::Uuid> ids;
  std::vector<int64_t> versions;
  for (const VariantVersion& one : wanted) {
    ids.push_back(one.variant);
    versions.push_back(one.version);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectVariantsAsOf,
                                      tenant, ids, versions));
  GoodsAsOf goods;
  for (const pg::Row row : rows) {
    goods.emplace(VariantVersion{row.Get<base::Uuid>("variant_id"), row.Get<int64_t>("as_of")},
                  VariantOf(row));
  }
  return goods;
}

absl::StatusOr<std::map<base::Uuid, Versions>> LoadVersions(pg::Pool& pool,
                                                            const std::vector<base::Uuid>& tenants,
                                                            absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec({.deadline = deadline}, kSelectVersions, tenants));
  std::map<base::Uuid, Versions> versions;
  for (const pg::Row row : rows) {
    versions[row.Get<base::Uuid>("tenant_id")] = {
        .catalogue = row.Get<int64_t>("catalogue_version"),
        .applied = row.Get<int64_t>("catalogue_applied"),
        .settings = row.Get<int64_t>("settings_version")};
  }
  return versions;
}

absl::StatusOr<std::vector<base::Uuid>> LoadChangedVariants(pg::Pool& pool,
                                                            const base::Uuid& tenant,
                                                            int64_t applied, absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.deadline = deadline}, kSelectChangedVariants, tenant, applied));
  std::vector<base::Uuid> ids;
  for (const pg::Row row : rows) ids.push_back(row.Get<base::Uuid>("variant_id"));
  return ids;
}

}  // namespace cloudpos::transaction
