#include "services/reporting/store_reports.h"

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "services/reporting/store_queries.h"

namespace cloudpos::reporting {
namespace {

constexpr pg::Query kSelectStores{
    "select_report_stores",
    "SELECT store_id, name, time_zone, currency_code, cutoff_minutes, archived FROM stores"
    " WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE
    " AND ($2::uuid IS NULL OR store_id = $2::uuid) ORDER BY name, store_id"};

constexpr pg::Query kSelectDays{
    "select_report_days",
    "SELECT business_date::text AS day, currency_code, " CLOUDPOS_SUMS
    " FROM rollup_days" CLOUDPOS_IN_RANGE
    "GROUP BY business_date, currency_code ORDER BY business_date, currency_code"};

constexpr pg::Query kSelectCorrections{
    "select_report_corrections",
    "SELECT store_id, date_trunc('minute', occurred_at) AS minute, count(*) AS positions,"
    " sum(quantity_milli)::bigint AS units FROM fact_corrections"
    " WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE
    " AND occurred_at >= $2 AND occurred_at < $3 AND ($4::uuid IS NULL OR store_id = $4::uuid)"
    " GROUP BY 1, 2"};

constexpr pg::Query kSelectTaxes{
    "select_report_taxes",
    "SELECT currency_code, jurisdiction, treatment::integer AS treatment, rate_ppm,"
    " fixed_per_unit_minor, tax_id, inclusive, sum(base_minor)::bigint AS base_minor,"
    " sum(tax_minor)::bigint AS tax_minor, sum(returned_base_minor)::bigint AS returned_base_minor,"
    " sum(returned_tax_minor)::bigint AS returned_tax_minor"
    " FROM rollup_taxes" CLOUDPOS_IN_RANGE
    "GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"};

// A date of its own for each store: "today" begins at each store's own clock.
constexpr pg::Query kSelectStoreDays{
    "select_report_store_days",
    "SELECT d.store_id::text AS key, r.currency_code, " CLOUDPOS_SUMS
    " FROM unnest($2::uuid[], $3::date[]) AS d (store_id, business_date)"
    " JOIN rollup_days r ON r.tenant_id = $1 AND r.set_id = " CLOUDPOS_LIVE
    " AND r.business_date = d.business_date AND r.store_id = d.store_id GROUP BY 1, 2"};

constexpr pg::Query kSelectTopProducts{
    "select_report_top_products",
    "SELECT r.product_id::text AS key, r.currency_code, " CLOUDPOS_SUMS
    " FROM unnest($2::uuid[], $3::date[]) AS d (store_id, business_date)"
    " JOIN rollup_products r ON r.tenant_id = $1 AND r.set_id = " CLOUDPOS_LIVE
    " AND r.business_date = d.business_date AND r.store_id = d.store_id GROUP BY 1, 2"
    " ORDER BY sum(sales_minor + returns_minor) DESC, 1, 2 LIMIT $4"};

constexpr pg::Query kSelectHours{
    "select_report_hours",
    "SELECT hour_start, currency_code, " CLOUDPOS_SUMS " FROM rollup_hours"
    " WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE
    " AND business_date >= $2 AND hour_start >= $3 AND ($4::uuid IS NULL OR store_id = $4::uuid)"
    " GROUP BY 1, 2 ORDER BY 1, 2"};

constexpr pg::Query kSelectJournals{
    "select_report_journals",
    "SELECT journal_id, store_id, upper(seen) - 1 AS highest_no,"
    " CASE WHEN lower(seen) = 1"
    "   THEN (SELECT min(upper(part)) FROM unnest(seen) AS part) - 1 ELSE 0 END AS dense_no"
    " FROM journals WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE
    " AND ($2::uuid IS NULL OR store_id = $2::uuid) AND journal_id > $3"
    " ORDER BY journal_id LIMIT $4"};

constexpr pg::Query kSelectMissing{
    "select_missing_adjustments",
    "SELECT w.id FROM unnest($2::uuid[]) AS w (id) WHERE NOT EXISTS ("
    " SELECT FROM fact_corrections f WHERE f.tenant_id = $1 AND f.set_id = " CLOUDPOS_LIVE
    " AND f.adjustment_id = w.id AND ($3::uuid IS NULL OR f.store_id = $3::uuid))"};

#define CLOUDPOS_STOCK                                                                          \
  " FROM rollup_stock s JOIN variants v ON v.tenant_id = s.tenant_id AND v.set_id = s.set_id"  \
  " AND v.variant_id = s.variant_id"                                                           \
  " WHERE s.tenant_id = $1 AND s.set_id = " CLOUDPOS_LIVE                                      \
  " AND ($2::uuid IS NULL OR s.store_id = $2::uuid) AND v.stocked AND NOT v.archived"

constexpr pg::Query kCountStock{
    "count_report_stock",
    "SELECT count(*) AS variants, count(*) FILTER (WHERE s.on_hand_milli <= 0) AS empty"
    CLOUDPOS_STOCK};

constexpr pg::Query kSelectLowest{
    "select_report_lowest_stock",
    "SELECT s.store_id, s.variant_id, v.sku, v.name, s.on_hand_milli" CLOUDPOS_STOCK
    " ORDER BY s.on_hand_milli, v.name, s.variant_id, s.store_id LIMIT $3"};

/// No zone is further from UTC than 14 hours, and a business day begins at most one day late.
constexpr int kDaysAround = 2;

void SplitDays(const std::vector<StoreDay>& days, std::vector<base::Uuid>* stores,
               std::vector<std::string>* dates) {
  for (const auto& [store, date] : days) {
    stores->push_back(store);
    dates->push_back(base::FormatDate(date));
  }
}

}  // namespace

absl::StatusOr<std::vector<StoreInfo>> SelectStores(pg::Tx& tx, const base::Uuid& tenant,
                                                    const std::optional<base::Uuid>& store) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectStores, tenant, store));
  std::vector<StoreInfo> stores;
  for (const pg::Row row : rows) {
    CLOUDPOS_ASSIGN_OR_RETURN(const absl::TimeZone zone,
                              base::LoadZone(row.Get<std::string>("time_zone"), "timeZone"));
    stores.push_back({.id = row.Get<base::Uuid>("store_id"),
                      .name = row.Get<std::string>("name"),
                      .zone = zone,
                      .currency = row.Get<std::string>("currency_code"),
                      .cutoff_minutes = row.Get<int32_t>("cutoff_minutes"),
                      .archived = row.Get<bool>("archived")});
  }
  return stores;
}

absl::StatusOr<std::vector<DayFigures>> SelectDays(pg::Tx& tx, const Range& range) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Exec(kSelectDays, range.tenant, range.from, range.to, range.store));
  std::vector<DayFigures> days;
  for (const pg::Row row : rows) {
    days.push_back({row.Get<std::string>("day"), row.Get<std::string>("currency_code"),
                    FiguresFrom(row)});
  }
  return days;
}

absl::StatusOr<std::vector<MinuteCorrections>> SelectCorrections(pg::Tx& tx, const Range& range) {
  const absl::Time since = absl::FromCivil(range.from - kDaysAround, absl::UTCTimeZone());
  const absl::Time until = absl::FromCivil(range.to + kDaysAround + 1, absl::UTCTimeZone());
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows, tx.Exec(kSelectCorrections, range.tenant, since, until, range.store));
  std::vector<MinuteCorrections> corrections;
  for (const pg::Row row : rows) {
    corrections.push_back({.store = row.Get<base::Uuid>("store_id"),
                           .minute = row.Get<absl::Time>("minute"),
                           .count = row.Get<int64_t>("positions"),
                           .units_milli = row.Get<int64_t>("units")});
  }
  return corrections;
}

absl::StatusOr<std::vector<v1::TaxFigures>> SelectTaxes(pg::Tx& tx, const Range& range) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      tx.Exec(kSelectTaxes, range.tenant, range.from, range.to, range.store));
  std::vector<v1::TaxFigures> taxes;
  for (const pg::Row row : rows) {
    v1::TaxFigures& tax = taxes.emplace_back();
    tax.set_currency_code(row.Get<std::string>("currency_code"));
    tax.set_jurisdiction(row.Get<std::string>("jurisdiction"));
    tax.set_treatment(static_cast<v1::TaxTreatment>(row.Get<int32_t>("treatment")));
    tax.set_rate_ppm(row.Get<int32_t>("rate_ppm"));
    tax.set_fixed_per_unit_minor(row.Get<int64_t>("fixed_per_unit_minor"));
    tax.set_tax_id(row.Get<std::string>("tax_id"));
    tax.set_inclusive(row.Get<bool>("inclusive"));
    tax.set_base_minor(row.Get<int64_t>("base_minor"));
    tax.set_tax_minor(row.Get<int64_t>("tax_minor"));
    tax.set_returned_base_minor(row.Get<int64_t>("returned_base_minor"));
    tax.set_returned_tax_minor(row.Get<int64_t>("returned_tax_minor"));
  }
  return taxes;
}

absl::StatusOr<std::vector<Group>> SelectStoreDays(pg::Tx& tx, const base::Uuid& tenant,
                                                   const std::vector<StoreDay>& days) {
  std::vector<base::Uuid> stores;
  std::vector<std::string> dates;
  SplitDays(days, &stores, &dates);
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectStoreDays, tenant, stores, dates));
  return GroupsFrom(rows);
}

absl::StatusOr<std::vector<Group>> SelectTopProducts(pg::Tx& tx, const base::Uuid& tenant,
                                                     const std::vector<StoreDay>& days,
                                                     int64_t limit) {
  std::vector<base::Uuid> stores;
  std::vector<std::string> dates;
  SplitDays(days, &stores, &dates);
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectTopProducts, tenant, stores, dates, limit));
  return GroupsFrom(rows);
}

absl::StatusOr<std::vector<HourFigures>> SelectHours(pg::Tx& tx, const base::Uuid& tenant,
                                                     const std::optional<base::Uuid>& store,
                                                     absl::Time since) {
  const absl::CivilDay first = absl::ToCivilDay(since, absl::UTCTimeZone()) - kDaysAround;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectHours, tenant, first, since, store));
  std::vector<HourFigures> hours;
  for (const pg::Row row : rows) {
    hours.push_back({row.Get<absl::Time>("hour_start"), row.Get<std::string>("currency_code"),
                     FiguresFrom(row)});
  }
  return hours;
}

absl::StatusOr<v1::StockOverview> SelectStock(pg::Tx& tx, const base::Uuid& tenant,
                                              const std::optional<base::Uuid>& store,
                                              int64_t limit) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result counts, tx.Exec(kCountStock, tenant, store));
  v1::StockOverview stock;
  stock.set_variant_count(counts[0].Get<int64_t>("variants"));
  stock.set_empty_count(counts[0].Get<int64_t>("empty"));
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectLowest, tenant, store, limit));
  for (const pg::Row row : rows) {
    v1::StockOnHand* level = stock.add_lowest();
    level->set_store_id(row.Get<base::Uuid>("store_id").ToString());
    level->set_variant_id(row.Get<base::Uuid>("variant_id").ToString());
    level->set_sku(row.Get<std::string>("sku"));
    level->set_name(row.Get<std::string>("name"));
    level->set_on_hand_milli(row.Get<int64_t>("on_hand_milli"));
  }
  return stock;
}

absl::StatusOr<std::vector<JournalSeen>> SelectJournals(pg::Tx& tx, const base::Uuid& tenant,
                                                        const std::optional<base::Uuid>& store,
                                                        const base::Uuid& after, int64_t limit) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectJournals, tenant, store, after, limit));
  std::vector<JournalSeen> journals;
  for (const pg::Row row : rows) {
    journals.push_back({.journal = row.Get<base::Uuid>("journal_id"),
                        .store = row.Get<base::Uuid>("store_id"),
                        .dense_no = row.Get<int64_t>("dense_no"),
                        .highest_no = row.Get<int64_t>("highest_no")});
  }
  return journals;
}

absl::StatusOr<std::vector<base::Uuid>> SelectMissingAdjustments(
    pg::Tx& tx, const base::Uuid& tenant, const std::optional<base::Uuid>& store,
    const std::vector<base::Uuid>& ids) {
  std::vector<base::Uuid> missing;
  if (ids.empty()) return missing;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectMissing, tenant, ids, store));
  for (const pg::Row row : rows) missing.push_back(row.Get<base::Uuid>("id"));
  return missing;
}

}  // namespace cloudpos::reporting
