// The sales report's groupings.

#include "libs/base/status_macros.h"
#include "services/reporting/store_queries.h"
#include "services/reporting/store_reports.h"

namespace cloudpos::reporting {
namespace {

#define CLOUDPOS_GROUPS(name, table, key, by, order)                                         \
  pg::Query {                                                                                \
    name, "SELECT " key " AS key, currency_code, " CLOUDPOS_SUMS                             \
          " FROM " table CLOUDPOS_IN_RANGE "GROUP BY " by ", currency_code ORDER BY " order  \
          " LIMIT $5 OFFSET $6"                                                              \
  }

#define CLOUDPOS_BY_KEY "1, 2"
#define CLOUDPOS_BY_TOTAL "sum(sales_minor + returns_minor) DESC, 1, 2"
#define CLOUDPOS_BY_ID(name, table, id)                                                      \
  CLOUDPOS_GROUPS(name, table,                                                               \
                  "coalesce(nullif(" id ", '00000000-0000-0000-0000-000000000000')::text, '')", \
                  id, CLOUDPOS_BY_TOTAL)
#define CLOUDPOS_CLOCK_HOUR \
  "to_char(hour_start AT TIME ZONE 'UTC' + utc_offset_min * interval '1 minute', 'HH24')"

constexpr pg::Query kByDay = CLOUDPOS_GROUPS("group_by_day", "rollup_days", "business_date::text",
                                             "business_date", CLOUDPOS_BY_KEY);
// Seconds since 1970 and the clock's offset: the handler writes the time. Ten digits until 2286, so
// the order of the text is that of time.
constexpr pg::Query kByHour =
    CLOUDPOS_GROUPS("group_by_hour", "rollup_hours",
                    "lpad(extract(epoch FROM hour_start)::bigint::text, 10, '0') || ' '"
                    " || utc_offset_min::text",
                    "hour_start, utc_offset_min", CLOUDPOS_BY_KEY);
constexpr pg::Query kByHourOfDay =
    CLOUDPOS_GROUPS("group_by_hour_of_day", "rollup_hours", CLOUDPOS_CLOCK_HOUR,
                    CLOUDPOS_CLOCK_HOUR, CLOUDPOS_BY_KEY);
constexpr pg::Query kByStore = CLOUDPOS_BY_ID("group_by_store", "rollup_days", "store_id");
constexpr pg::Query kByRegister =
    CLOUDPOS_BY_ID("group_by_register", "rollup_hours", "register_id");
constexpr pg::Query kByStaff = CLOUDPOS_BY_ID("group_by_staff", "rollup_hours", "operator_id");
constexpr pg::Query kByProduct =
    CLOUDPOS_BY_ID("group_by_product", "rollup_products", "product_id");
constexpr pg::Query kByCategory =
    CLOUDPOS_BY_ID("group_by_category", "rollup_products", "category_id");
constexpr pg::Query kByCustomer =
    CLOUDPOS_GROUPS("group_by_customer", "rollup_customers", "customer_ref", "customer_ref",
                    CLOUDPOS_BY_TOTAL);

constexpr pg::Query kTotals{"report_totals",
                            "SELECT '' AS key, currency_code, " CLOUDPOS_SUMS
                            " FROM rollup_days" CLOUDPOS_IN_RANGE "GROUP BY 2 ORDER BY 2"};

#define CLOUDPOS_NAMES(name, table, id)                                          \
  pg::Query {                                                                    \
    name, "SELECT " id "::text AS id, name FROM " table                          \
          " WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE " AND " id         \
          " = ANY ($2::uuid[])"                                                  \
  }

constexpr pg::Query kStoreNames = CLOUDPOS_NAMES("names_of_stores", "stores", "store_id");
constexpr pg::Query kRegisterNames =
    CLOUDPOS_NAMES("names_of_registers", "registers", "register_id");
constexpr pg::Query kProductNames = CLOUDPOS_NAMES("names_of_products", "products", "product_id");
constexpr pg::Query kCategoryNames =
    CLOUDPOS_NAMES("names_of_categories", "categories", "category_id");

const pg::Query& QueryOf(v1::SalesGrouping grouping) {
  switch (grouping) {
    case v1::HOUR: return kByHour;
    case v1::HOUR_OF_DAY: return kByHourOfDay;
    case v1::STORE: return kByStore;
    case v1::REGISTER: return kByRegister;
    case v1::STAFF: return kByStaff;
    case v1::PRODUCT: return kByProduct;
    case v1::CATEGORY: return kByCategory;
    case v1::CUSTOMER: return kByCustomer;
    default: return kByDay;
  }
}

const pg::Query* NamesOf(v1::SalesGrouping grouping) {
  switch (grouping) {
    case v1::STORE: return &kStoreNames;
    case v1::REGISTER: return &kRegisterNames;
    case v1::PRODUCT: return &kProductNames;
    case v1::CATEGORY: return &kCategoryNames;
    default: return nullptr;
  }
}

}  // namespace

absl::StatusOr<std::vector<Group>> SelectGroups(pg::Tx& tx, const Range& range,
                                                v1::SalesGrouping grouping, int64_t limit,
                                                int64_t offset) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(QueryOf(grouping), range.tenant, range.from, range.to,
                                    range.store, limit, offset));
  return GroupsFrom(rows);
}

absl::StatusOr<std::vector<Group>> SelectTotals(pg::Tx& tx, const Range& range) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kTotals, range.tenant, range.from, range.to, range.store));
  return GroupsFrom(rows);
}

absl::StatusOr<std::map<std::string, std::string>> SelectNames(pg::Tx& tx,
                                                               const base::Uuid& tenant,
                                                               v1::SalesGrouping grouping,
                                                               const std::vector<Group>& groups) {
  std::map<std::string, std::string> names;
  const pg::Query* query = NamesOf(grouping);
  std::vector<base::Uuid> ids;
  for (const Group& group : groups) {
    if (const auto id = base::Uuid::Parse(group.key)) ids.push_back(*id);
  }
  if (query == nullptr || ids.empty()) return names;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(*query, tenant, ids));
  for (const pg::Row row : rows) {
    names[row.Get<std::string>("id")] = row.Get<std::string>("name");
  }
  return names;
}

}  // namespace cloudpos::reporting
