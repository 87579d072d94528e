#pragma once

// Pieces that the reading statements share.

#include <string>
#include <vector>

#include "libs/pg/pg.h"
#include "services/reporting/domain/figures.h"
#include "services/reporting/store_reports.h"

#define CLOUDPOS_LIVE "(SELECT set_id FROM report_sets WHERE state = 'LIVE')"

#define CLOUDPOS_SUMS                                                                          \
  "sum(sales_minor)::bigint AS sales_minor, sum(returns_minor)::bigint AS returns_minor, "     \
  "sum(gross_minor)::bigint AS gross_minor, sum(discount_minor)::bigint AS discount_minor, "   \
  "sum(net_minor)::bigint AS net_minor, sum(tax_minor)::bigint AS tax_minor, "                 \
  "sum(units_sold_milli)::bigint AS units_sold_milli, "                                        \
  "sum(units_returned_milli)::bigint AS units_returned_milli, "                                \
  "sum(sale_count)::bigint AS sale_count, sum(return_count)::bigint AS return_count"

// Parameters 1 to 4: see RangeParams.
#define CLOUDPOS_IN_RANGE                                                              \
  " WHERE tenant_id = $1 AND set_id = " CLOUDPOS_LIVE                                  \
  " AND business_date BETWEEN $2::date AND $3::date"                                   \
  " AND ($4::uuid IS NULL OR store_id = $4::uuid) "

namespace cloudpos::reporting {

/// Reads the columns of CLOUDPOS_SUMS.
inline Figures FiguresFrom(const pg::Row& row) {
  return {.sales = row.Get<int64_t>("sales_minor"),
          .returns = row.Get<int64_t>("returns_minor"),
          .gross = row.Get<int64_t>("gross_minor"),
          .discount = row.Get<int64_t>("discount_minor"),
          .net = row.Get<int64_t>("net_minor"),
          .tax = row.Get<int64_t>("tax_minor"),
          .units_sold = row.Get<int64_t>("units_sold_milli"),
          .units_returned = row.Get<int64_t>("units_returned_milli"),
          .sale_count = row.Get<int64_t>("sale_count"),
          .return_count = row.Get<int64_t>("return_count")};
}

/// Reads key, currency and the columns of CLOUDPOS_SUMS.
inline std::vector<Group> GroupsFrom(const pg::Result& rows) {
  std::vector<Group> groups;
  for (const pg::Row row : rows) {
    groups.push_back(
        {row.Get<std::string>("key"), row.Get<std::string>("currency_code"), FiguresFrom(row)});
  }
  return groups;
}

}  // namespace cloudpos::reporting
