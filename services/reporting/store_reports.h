#pragma once

// What reports read from the live set. Every function runs in the caller's read-only transaction,
// so that the parts of an answer agree.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "cloudpos/reporting/v1/report.pb.h"
#include "libs/pg/pg.h"
#include "services/reporting/domain/figures.h"

namespace cloudpos::reporting {

/// Business dates, both included, of one store or of all.
struct Range {
  base::Uuid tenant;
  absl::CivilDay from, to;
  std::optional<base::Uuid> store;
};

struct StoreInfo {
  base::Uuid id;
  std::string name;
  absl::TimeZone zone;
  std::string currency;
  int cutoff_minutes = 0;
  bool archived = false;
};

/// All stores, or one; by name.
absl::StatusOr<std::vector<StoreInfo>> SelectStores(pg::Tx& tx, const base::Uuid& tenant,
                                                    const std::optional<base::Uuid>& store);

struct DayFigures {
  std::string business_date;
  std::string currency;
  Figures figures;
};
absl::StatusOr<std::vector<DayFigures>> SelectDays(pg::Tx& tx, const Range& range);

/// Corrections of a store in one minute; the caller dates them.
struct MinuteCorrections {
  base::Uuid store;
  absl::Time minute;
  int64_t count = 0;
  int64_t units_milli = 0;
};
/// Those of the range and of some days around it: a business date begins and ends with the store's
/// own clock.
absl::StatusOr<std::vector<MinuteCorrections>> SelectCorrections(pg::Tx& tx, const Range& range);

struct Group {
  std::string key;
  std::string currency;
  Figures figures;
};
/// One page of a grouping, in its order.
absl::StatusOr<std::vector<Group>> SelectGroups(pg::Tx& tx, const Range& range,
                                                v1::SalesGrouping grouping, int64_t limit,
                                                int64_t offset);
/// Over everything in the range, by currency.
absl::StatusOr<std::vector<Group>> SelectTotals(pg::Tx& tx, const Range& range);
/// Names of stores, registers, products or categories; those unknown are left out.
absl::StatusOr<std::map<std::string, std::string>> SelectNames(pg::Tx& tx,
                                                               const base::Uuid& tenant,
                                                               v1::SalesGrouping grouping,
                                                               const std::vector<Group>& groups);

absl::StatusOr<std::vector<v1::TaxFigures>> SelectTaxes(pg::Tx& tx, const Range& range);

/// A store on its own business date.
using StoreDay = std::pair<base::Uuid, absl::CivilDay>;
/// Key: the store.
absl::StatusOr<std::vector<Group>> SelectStoreDays(pg::Tx& tx, const base::Uuid& tenant,
                                                   const std::vector<StoreDay>& days);
absl::StatusOr<std::vector<Group>> SelectTopProducts(pg::Tx& tx, const base::Uuid& tenant,
                                                     const std::vector<StoreDay>& days,
                                                     int64_t limit);

struct HourFigures {
  absl::Time hour_start;
  std::string currency;
  Figures figures;
};
absl::StatusOr<std::vector<HourFigures>> SelectHours(pg::Tx& tx, const base::Uuid& tenant,
                                                     const std::optional<base::Uuid>& store,
                                                     absl::Time since);

/// Stock on hand: how many variants, how many of them empty, the lowest ones.
absl::StatusOr<v1::StockOverview> SelectStock(pg::Tx& tx, const base::Uuid& tenant,
                                              const std::optional<base::Uuid>& store,
                                              int64_t limit);

struct JournalSeen {
  base::Uuid journal, store;
  int64_t dense_no = 0;
  int64_t highest_no = 0;
};
/// Journals after `after`, by id.
absl::StatusOr<std::vector<JournalSeen>> SelectJournals(pg::Tx& tx, const base::Uuid& tenant,
                                                        const std::optional<base::Uuid>& store,
                                                        const base::Uuid& after, int64_t limit);
/// Those of `ids` that are not there.
absl::StatusOr<std::vector<base::Uuid>> SelectMissingAdjustments(
    pg::Tx& tx, const base::Uuid& tenant, const std::optional<base::Uuid>& store,
    const std::vector<base::Uuid>& ids);

}  // namespace cloudpos::reporting
