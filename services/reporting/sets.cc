#include "services/reporting/sets.h"

#include <array>

#include "libs/base/status_macros.h"

namespace cloudpos::reporting {
namespace {

constexpr pg::Query kSelectLive{"select_live_set", R"sql(
  SELECT set_id::integer FROM report_sets WHERE state = 'LIVE')sql"};

constexpr pg::Query kSelectBuilding{"select_building_set", R"sql(
  SELECT set_id::integer FROM report_sets WHERE build_id = $1)sql"};

constexpr pg::Query kLockSets{"lock_report_sets", R"sql(
  SELECT set_id::integer, state FROM report_sets ORDER BY set_id FOR UPDATE)sql"};

constexpr pg::Query kBegin{"begin_build", R"sql(
  UPDATE report_sets SET state = 'BUILDING', build_id = $1, changed_at = now()
  WHERE state <> 'LIVE' RETURNING set_id::integer)sql"};

constexpr pg::Query kDropBuildCursors{"drop_build_cursors", R"sql(
  DELETE FROM consumer_cursors WHERE name LIKE '%@%')sql"};

constexpr pg::Query kDropBuildLetters{"drop_build_dead_letters", R"sql(
  DELETE FROM dead_letter WHERE cursor_name LIKE '%@%')sql"};

// Deleting a cursor waits for the batch that holds it.
constexpr pg::Query kDropLiveCursors{"drop_live_cursors", R"sql(
  DELETE FROM consumer_cursors
  WHERE name IN (SELECT split_part(name, '@', 1) FROM consumer_cursors
                 WHERE name LIKE '%@' || $1::text))sql"};

constexpr pg::Query kRenameCursors{"rename_build_cursors", R"sql(
  UPDATE consumer_cursors SET name = split_part(name, '@', 1)
  WHERE name LIKE '%@' || $1::text)sql"};

constexpr pg::Query kDropLiveLetters{"drop_live_dead_letters", R"sql(
  DELETE FROM dead_letter WHERE cursor_name NOT LIKE '%@%')sql"};

constexpr pg::Query kRenameLetters{"rename_build_dead_letters", R"sql(
  UPDATE dead_letter SET cursor_name = split_part(cursor_name, '@', 1)
  WHERE cursor_name LIKE '%@' || $1::text)sql"};

constexpr pg::Query kRetireLive{"retire_live_set", R"sql(
  UPDATE report_sets SET state = 'IDLE', changed_at = now() WHERE state = 'LIVE')sql"};

constexpr pg::Query kMakeLive{"make_set_live", R"sql(
  UPDATE report_sets SET state = 'LIVE', build_id = NULL, changed_at = now()
  WHERE build_id = $1)sql"};

// Names of partitions cannot be parameters: one statement for each set.
#define CLOUDPOS_TRUNCATE(n)                                                                 \
  "TRUNCATE stores_" n ", registers_" n ", products_" n ", categories_" n ", journals_" n    \
  ", fact_sales_" n ", fact_corrections_" n ", rollup_days_" n ", rollup_hours_" n           \
  ", rollup_products_" n ", rollup_customers_" n ", rollup_taxes_" n ", variants_" n         \
  ", rollup_stock_" n
constexpr std::array<pg::Query, 2> kEmpty{
    {{"empty_set_1", CLOUDPOS_TRUNCATE("1")}, {"empty_set_2", CLOUDPOS_TRUNCATE("2")}}};
#undef CLOUDPOS_TRUNCATE

absl::Status Empty(pg::Tx& tx, int set) {
  return tx.Exec(kEmpty[static_cast<size_t>(set - 1)]).status();
}

// CANCELLED: consumers take it for a fault of the moment and park nothing.
absl::Status GivenUp() {
  return absl::CancelledError("the rebuild was given up for a newer one");
}

/// What builds left behind that never ended.
absl::Status DropBuilds(pg::Tx& tx) {
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDropBuildCursors).status());
  return tx.Exec(kDropBuildLetters).status();
}

}  // namespace

absl::StatusOr<int> SetOf(pg::Tx& tx, const Target& target) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, target.build_id
                                                       ? tx.Exec(kSelectBuilding, *target.build_id)
                                                       : tx.Exec(kSelectLive));
  if (rows.empty()) return GivenUp();
  return rows[0].Get<int32_t>("set_id");
}

std::string CursorName(std::string_view producer, const Target& target) {
  std::string name(producer);
  if (target.build_id) name += "@" + target.build_id->ToString();
  return name;
}

absl::Status BeginBuild(pg::Pool& pool, const base::Uuid& build_id) {
  return pg::TransactRaw(pool, {}, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kLockSets).status());
    CLOUDPOS_RETURN_IF_ERROR(DropBuilds(tx));
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kBegin, build_id));
    return Empty(tx, rows[0].Get<int32_t>("set_id"));
  });
}

absl::Status FinishBuild(pg::Pool& pool, const base::Uuid& build_id) {
  const std::string id = build_id.ToString();
  return pg::TransactRaw(pool, {}, [&](pg::Tx& tx) -> absl::Status {
    // Cursors first, as the consumers lock them: then no batch is half-way in the old set.
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDropLiveCursors, id).status());
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kLockSets).status());
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kRenameCursors, id).status());
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDropLiveLetters).status());
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kRenameLetters, id).status());
    CLOUDPOS_RETURN_IF_ERROR(DropBuilds(tx));
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kRetireLive).status());
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result made, tx.Exec(kMakeLive, build_id));
    return made.affected() == 1 ? absl::OkStatus() : GivenUp();
  });
}

absl::Status EmptyIdleSet(pg::Pool& pool) {
  return pg::TransactRaw(pool, {}, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result sets, tx.Exec(kLockSets));
    for (const pg::Row row : sets) {
      if (row.Get<std::string>("state") != "IDLE") continue;
      CLOUDPOS_RETURN_IF_ERROR(Empty(tx, row.Get<int32_t>("set_id")));
    }
    return absl::OkStatus();
  });
}

}  // namespace cloudpos::reporting
