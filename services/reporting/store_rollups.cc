// How sums get into the roll-ups.

#include "libs/base/status_macros.h"
#include "services/reporting/store_columns.h"
#include "services/reporting/store_facts.h"

namespace cloudpos::reporting {
namespace {

#define CLOUDPOS_ADD_FIGURES                                                  \
  "DO UPDATE SET sales_minor = r.sales_minor + excluded.sales_minor,"         \
  " returns_minor = r.returns_minor + excluded.returns_minor,"                \
  " gross_minor = r.gross_minor + excluded.gross_minor,"                      \
  " discount_minor = r.discount_minor + excluded.discount_minor,"             \
  " net_minor = r.net_minor + excluded.net_minor,"                            \
  " tax_minor = r.tax_minor + excluded.tax_minor,"                            \
  " units_sold_milli = r.units_sold_milli + excluded.units_sold_milli,"       \
  " units_returned_milli = r.units_returned_milli + excluded.units_returned_milli," \
  " sale_count = r.sale_count + excluded.sale_count,"                         \
  " return_count = r.return_count + excluded.return_count"

#define CLOUDPOS_DAY_COLUMNS "tenant_id, business_date, store_id, currency_code"
#define CLOUDPOS_DAY_TYPES "$2::uuid[], $3::date[], $4::uuid[], $5::text[]"

constexpr pg::Query kAddDays{
    "add_rollup_days",
    "INSERT INTO rollup_days AS r (set_id, " CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_FIGURE_COLUMNS ") "
    "SELECT $1::smallint, " CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_FIGURE_COLUMNS
    " FROM unnest(" CLOUDPOS_DAY_TYPES ", $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],"
    " $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])"
    " AS u (" CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_FIGURE_COLUMNS ") "
    "ON CONFLICT (tenant_id, set_id, business_date, store_id, currency_code) "
    CLOUDPOS_ADD_FIGURES};

constexpr pg::Query kAddHours{
    "add_rollup_hours",
    "INSERT INTO rollup_hours AS r (set_id, " CLOUDPOS_DAY_COLUMNS ", register_id, operator_id,"
    " hour_start, utc_offset_min, " CLOUDPOS_FIGURE_COLUMNS ") "
    "SELECT $1::smallint, " CLOUDPOS_DAY_COLUMNS ", register_id, operator_id,"
    " 'epoch'::timestamptz + hour_us * interval '1 microsecond', utc_offset_min, "
    CLOUDPOS_FIGURE_COLUMNS
    " FROM unnest(" CLOUDPOS_DAY_TYPES ", $6::uuid[], $7::uuid[], $8::bigint[], $9::integer[],"
    " $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],"
    " $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[])"
    " AS u (" CLOUDPOS_DAY_COLUMNS ", register_id, operator_id, hour_us, utc_offset_min, "
    CLOUDPOS_FIGURE_COLUMNS ") "
    "ON CONFLICT (tenant_id, set_id, business_date, store_id, register_id, operator_id, hour_start,"
    " utc_offset_min, currency_code) " CLOUDPOS_ADD_FIGURES};

constexpr pg::Query kAddProducts{
    "add_rollup_products",
    "INSERT INTO rollup_products AS r (set_id, " CLOUDPOS_DAY_COLUMNS ", product_id, category_id, "
    CLOUDPOS_FIGURE_COLUMNS ") "
    "SELECT $1::smallint, " CLOUDPOS_DAY_COLUMNS ", product_id, category_id, "
    CLOUDPOS_FIGURE_COLUMNS
    " FROM unnest(" CLOUDPOS_DAY_TYPES ", $6::uuid[], $7::uuid[], $8::bigint[], $9::bigint[],"
    " $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],"
    " $16::bigint[], $17::bigint[])"
    " AS u (" CLOUDPOS_DAY_COLUMNS ", product_id, category_id, " CLOUDPOS_FIGURE_COLUMNS ") "
    "ON CONFLICT (tenant_id, set_id, business_date, store_id, product_id, category_id,"
    " currency_code) " CLOUDPOS_ADD_FIGURES};

constexpr pg::Query kAddCustomers{
    "add_rollup_customers",
    "INSERT INTO rollup_customers AS r (set_id, " CLOUDPOS_DAY_COLUMNS ", customer_ref, "
    CLOUDPOS_FIGURE_COLUMNS ") "
    "SELECT $1::smallint, " CLOUDPOS_DAY_COLUMNS ", customer_ref, " CLOUDPOS_FIGURE_COLUMNS
    " FROM unnest(" CLOUDPOS_DAY_TYPES ", $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],"
    " $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],"
    " $16::bigint[])"
    " AS u (" CLOUDPOS_DAY_COLUMNS ", customer_ref, " CLOUDPOS_FIGURE_COLUMNS ") "
    "ON CONFLICT (tenant_id, set_id, business_date, store_id, customer_ref, currency_code) "
    CLOUDPOS_ADD_FIGURES};

#define CLOUDPOS_TAX_COLUMNS                                                              \
  "jurisdiction, treatment, rate_ppm, fixed_per_unit_minor, tax_id, inclusive, "          \
  "base_minor, tax_minor, returned_base_minor, returned_tax_minor"

constexpr pg::Query kAddTaxes{
    "add_rollup_taxes",
    "INSERT INTO rollup_taxes AS r (set_id, " CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_TAX_COLUMNS ") "
    "SELECT $1::smallint, " CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_TAX_COLUMNS
    " FROM unnest(" CLOUDPOS_DAY_TYPES ", $6::text[], $7::smallint[], $8::integer[], $9::bigint[],"
    " $10::text[], $11::boolean[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])"
    " AS u (" CLOUDPOS_DAY_COLUMNS ", " CLOUDPOS_TAX_COLUMNS ") "
    "ON CONFLICT (tenant_id, set_id, business_date, store_id, currency_code, jurisdiction,"
    " treatment, rate_ppm, fixed_per_unit_minor, tax_id, inclusive)"
    " DO UPDATE SET base_minor = r.base_minor + excluded.base_minor,"
    " tax_minor = r.tax_minor + excluded.tax_minor,"
    " returned_base_minor = r.returned_base_minor + excluded.returned_base_minor,"
    " returned_tax_minor = r.returned_tax_minor + excluded.returned_tax_minor"};

// Sales and corrections come by different consumers: both add in the order of keys, so that neither
// waits for the other in a circle.
constexpr pg::Query kAddStock{"add_rollup_stock", R"sql(
  INSERT INTO rollup_stock AS r (set_id, tenant_id, store_id, variant_id, on_hand_milli)
  SELECT $1::smallint, u.tenant_id, u.store_id, u.variant_id, u.quantity
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
    AS u (tenant_id, store_id, variant_id, quantity)
  ORDER BY u.tenant_id, u.store_id, u.variant_id
  ON CONFLICT (tenant_id, set_id, store_id, variant_id)
  DO UPDATE SET on_hand_milli = r.on_hand_milli + excluded.on_hand_milli)sql"};

/// The columns every roll-up begins with.
class DayColumns {
 public:
  void Add(const DayKey& key) {
    tenants_.push_back(key.tenant);
    dates_.push_back(key.business_date);
    stores_.push_back(key.store);
    currencies_.push_back(key.currency);
  }
  void AddTo(Params* params) const {
    params->Add(tenants_).Add(dates_).Add(stores_).Add(currencies_);
  }

 private:
  std::vector<base::Uuid> tenants_, stores_;
  std::vector<std::string> dates_, currencies_;
};

absl::Status AddDays(pg::Tx& tx, int set, const Rollups& rollups) {
  DayColumns days;
  FigureColumns figures;
  for (const auto& [key, sums] : rollups.days) {
    days.Add(key);
    figures.Add(sums);
  }
  Params params(set);
  days.AddTo(&params);
  figures.AddTo(&params);
  return params.Exec(tx, kAddDays).status();
}

absl::Status AddHours(pg::Tx& tx, int set, const Rollups& rollups) {
  DayColumns days;
  FigureColumns figures;
  std::vector<base::Uuid> registers, operators;
  std::vector<int64_t> hours, offsets;
  for (const auto& [key, sums] : rollups.hours) {
    days.Add(key.day);
    registers.push_back(key.register_id);
    operators.push_back(key.operator_id);
    hours.push_back(key.hour_start_us);
    offsets.push_back(key.utc_offset_min);
    figures.Add(sums);
  }
  Params params(set);
  days.AddTo(&params);
  params.Add(registers).Add(operators).Add(hours).Add(offsets);
  figures.AddTo(&params);
  return params.Exec(tx, kAddHours).status();
}

absl::Status AddProducts(pg::Tx& tx, int set, const Rollups& rollups) {
  DayColumns days;
  FigureColumns figures;
  std::vector<base::Uuid> products, categories;
  for (const auto& [key, sums] : rollups.products) {
    days.Add(key.day);
    products.push_back(key.product);
    categories.push_back(key.category);
    figures.Add(sums);
  }
  Params params(set);
  days.AddTo(&params);
  params.Add(products).Add(categories);
  figures.AddTo(&params);
  return params.Exec(tx, kAddProducts).status();
}

absl::Status AddCustomers(pg::Tx& tx, int set, const Rollups& rollups) {
  DayColumns days;
  FigureColumns figures;
  std::vector<std::string> customers;
  for (const auto& [key, sums] : rollups.customers) {
    days.Add(key.day);
    customers.push_back(key.customer_ref);
    figures.Add(sums);
  }
  Params params(set);
  days.AddTo(&params);
  params.Add(customers);
  figures.AddTo(&params);
  return params.Exec(tx, kAddCustomers).status();
}

absl::Status AddTaxes(pg::Tx& tx, int set, const Rollups& rollups) {
  DayColumns days;
  std::vector<std::string> jurisdictions, ids;
  std::vector<int32_t> treatments;
  std::vector<int64_t> rates, fixed, bases, taxes, returned_bases, returned_taxes;
  std::vector<bool> inclusive;
  for (const auto& [key, sums] : rollups.taxes) {
    days.Add(key.day);
    jurisdictions.push_back(key.jurisdiction);
    treatments.push_back(static_cast<int32_t>(key.treatment));
    rates.push_back(key.rate_ppm);
    fixed.push_back(key.fixed_per_unit);
    ids.push_back(key.tax_id);
    inclusive.push_back(key.inclusive);
    bases.push_back(sums.base);
    taxes.push_back(sums.tax);
    returned_bases.push_back(sums.returned_base);
    returned_taxes.push_back(sums.returned_tax);
  }
  if (ids.empty()) return absl::OkStatus();
  Params params(set);
  days.AddTo(&params);
  params.Add(jurisdictions).Add(treatments).Add(rates).Add(fixed).Add(ids).Add(inclusive);
  params.Add(bases).Add(taxes).Add(returned_bases).Add(returned_taxes);
  return params.Exec(tx, kAddTaxes).status();
}

absl::Status AddStock(pg::Tx& tx, int set, const Rollups& rollups) {
  std::vector<base::Uuid> tenants, stores, variants;
  std::vector<int64_t> quantities;
  for (const auto& [key, quantity] : rollups.stock) {
    tenants.push_back(key.tenant);
    stores.push_back(key.store);
    variants.push_back(key.variant);
    quantities.push_back(quantity);
  }
  if (tenants.empty()) return absl::OkStatus();
  return Params(set)
      .Add(tenants)
      .Add(stores)
      .Add(variants)
      .Add(quantities)
      .Exec(tx, kAddStock)
      .status();
}

}  // namespace

absl::Status AddRollups(pg::Tx& tx, int set, const Rollups& rollups) {
  CLOUDPOS_RETURN_IF_ERROR(AddDays(tx, set, rollups));
  CLOUDPOS_RETURN_IF_ERROR(AddHours(tx, set, rollups));
  CLOUDPOS_RETURN_IF_ERROR(AddProducts(tx, set, rollups));
  CLOUDPOS_RETURN_IF_ERROR(AddCustomers(tx, set, rollups));
  CLOUDPOS_RETURN_IF_ERROR(AddTaxes(tx, set, rollups));
  return AddStock(tx, set, rollups);
}

}  // namespace cloudpos::reporting
