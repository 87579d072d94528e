// Poison events, rebuilds, migrations, full disks, wrong clocks.

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/pg/migrate.h"
#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {
namespace {

constexpr Micros kParkTime = 15 * kSecond;
constexpr Micros kRebuildTime = 120 * kSecond;
constexpr Micros kSlowTime = 2 * kSecond;
constexpr Micros kDiskTime = 2 * kSecond;
constexpr Micros kClockTime = 1500 * kMilli;
constexpr Micros kClockProofTime = 10 * kSecond;
constexpr const char* kHour = "3600";

// --- poison: an event that nobody can read ---

constexpr pg::Query kPoisonStores{"chaos_poison_stores", R"sql(
  INSERT INTO auth.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload)
  VALUES (gen_random_uuid(), $1, 'poison', $2, 'cloudpos.auth.v1.StoreChanged', '\xffffff'))sql"};
constexpr pg::Query kPoisonVariants{"chaos_poison_variants", R"sql(
  INSERT INTO inventory.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type,
                                payload)
  VALUES (gen_random_uuid(), $1, 'poison', $2, 'cloudpos.inventory.v1.VariantChanged',
          '\xffffff'))sql"};
constexpr pg::Query kPoisonEntries{"chaos_poison_entries", R"sql(
  INSERT INTO transaction.outbox (event_id, tenant_id, aggregate_type, aggregate_id, event_type,
                                  payload)
  VALUES (gen_random_uuid(), $1, 'poison', $2, 'cloudpos.transaction.v1.JournalEntryRecorded',
          '\xffffff'))sql"};
constexpr pg::Query kParked{"chaos_parked", R"sql(
  SELECT (SELECT count(*) FROM inventory.dead_letter WHERE aggregate_id = $1)
       + (SELECT count(*) FROM transaction.dead_letter WHERE aggregate_id = $1)
       + (SELECT count(*) FROM reporting.dead_letter WHERE aggregate_id = $1) AS parked)sql"};

struct Poison {
  const pg::Query* insert;
  const char* producer;
  int64_t consumers;
};
constexpr Poison kPoisons[] = {{&kPoisonStores, "auth", 3},
                               {&kPoisonVariants, "inventory", 2},
                               {&kPoisonEntries, "transaction", 2}};

/// Two events of one key: the second waits behind the first.
absl::StatusOr<Effect> PoisonEvents(Field& field) {
  const Poison& poison = kPoisons[field.dice->Index(std::size(kPoisons))];
  const std::string aggregate = field.dice->Id(absl::ToUnixMillis(base::SystemClock().Now()));
  const auto tenant = base::Uuid::Parse(field.world->tenant);
  if (!tenant) return absl::InternalError("the tenant's id is none");
  field.world->expect_parked.push_back(aggregate);
  for (int i = 0; i < 2; ++i) {
    CLOUDPOS_RETURN_IF_ERROR(
        field.suite->sql().Exec({}, *poison.insert, *tenant, aggregate).status());
  }
  const Micros over = field.Over();
  int64_t parked = 0;
  const bool is_parked = WaitFor(kParkTime, 50 * kMilli, [&] {
    const auto rows = field.suite->sql().Exec({}, kParked, aggregate);
    if (rows.ok()) parked = (*rows)[0].Get<int64_t>("parked");
    return parked == 2 * poison.consumers;
  });
  Effect effect{.proof = std::string("2 events of ") + poison.producer + " parked " +
                         std::to_string(parked) + " times",
                .over_at = over};
  if (!is_parked) {
    effect.complaints.push_back("parked " + std::to_string(parked) + " times, not " +
                                std::to_string(2 * poison.consumers));
  }
  return effect;
}

constexpr std::string_view kPoison = "a poison event of a test";
/// A sale is refused in its batch and again alone: then one at least was met alone.
constexpr int64_t kRefusals = 4;

int64_t CountIn(const std::string& path, std::string_view text) {
  const std::string all = ReadFile(path).value_or("");
  int64_t count = 0;
  for (size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
  return count;
}

/// Reporting cannot apply one sale in forty for a while, and can once the cure has come.
absl::StatusOr<Effect> PoisonSales(Field& field) {
  const std::string log = field.suite->options().state + "/log/postgres.log";
  const int64_t before = CountIn(log, kPoison);
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Script("poison.sql"));
  int64_t refused = 0;
  WaitFor(kParkTime, 50 * kMilli,
          [&] { return (refused = CountIn(log, kPoison) - before) >= kRefusals; });
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Script("poison-off.sql"));
  const pid_t pid = field.suite->Pid("reporting");
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal("reporting", SIGTERM));
  Effect effect{.proof = "refused " + std::to_string(refused) + " times, then cured: ",
                .over_at = field.Over(),
                .awaited = {"reporting"}};
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string restarted, AwaitNewPid(field, "reporting", pid));
  effect.proof += restarted;
  if (refused < kRefusals) return absl::DeadlineExceededError("too few sales were refused");
  return effect;
}

/// Transactions end in another order than they began.
absl::StatusOr<Effect> SlowCommits(Field& field) {
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Script("slow-commit.sql"));
  const Micros begin = Now();
  SleepFor(kSlowTime);
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Script("slow-commit-off.sql"));
  return Effect{.proof = "for " + std::to_string((Now() - begin) / kMilli) + " ms",
                .over_at = field.Over()};
}

// --- rebuild, migration ---

constexpr pg::Query kLiveSet{"chaos_live_set", R"sql(
  SELECT set_id::text AS id FROM reporting.report_sets WHERE state = 'LIVE')sql"};

absl::StatusOr<std::string> LiveSet(Field& field) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, field.suite->sql().Exec({}, kLiveSet));
  return rows.empty() ? "" : rows[0].Get<std::string>("id");
}

absl::StatusOr<Effect> Rebuild(Field& field) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string before, LiveSet(field));
  const Micros begin = field.Over();
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Pos({"rebuild", "reporting"}, kRebuildTime));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string after, LiveSet(field));
  if (before == after) return absl::InternalError("the rebuild did not switch");
  return Effect{.proof = "set " + before + " -> " + after + " in " +
                         std::to_string((Now() - begin) / kMilli) + " ms",
                .over_at = begin};
}

constexpr const char* kMigrationSet = "chaos";

/// Columns and an index more in the busiest tables, as the next release would add them.
absl::StatusOr<Effect> Migrate(Field& field) {
  const Micros begin = field.Over();
  std::string proof;
  for (const std::string schema : {"transaction", "inventory", "reporting"}) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::string dsn, ReadFile(field.suite->owner_dsn_file(schema)));
    CLOUDPOS_ASSIGN_OR_RETURN(const int version, pg::SchemaVersion(dsn, schema, kMigrationSet));
    const char* const table = schema == "transaction" ? "sales"
                              : schema == "inventory" ? "stock_movements"
                                                      : "fact_sales";
    std::vector<pg::Migration> migrations;
    for (int i = 1; i <= version + 1; ++i) {
      // tidy: allow sql: the name of a column cannot be a parameter
      migrations.push_back({.version = i,
                            .name = "chaos",
                            .sql = std::string("ALTER TABLE ") + "{{schema}}." + table +
                                   " ADD COLUMN chaos_" + std::to_string(i) + " text"});
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Migrated migrated,
                              pg::Migrate(dsn, schema, {{kMigrationSet, &migrations}}));
    if (migrated.applied != 1) return absl::InternalError(schema + ": nothing was migrated");
    proof += schema + "." + table + " ";
  }
  return Effect{
      .proof = proof + "have a column more, in " + std::to_string((Now() - begin) / kMilli) + " ms",
      .over_at = begin};
}

// --- disk full ---

/// Processes of PostgreSQL that were refused leave a file each.
int64_t TakeRefused(const std::string& folder) {
  int64_t count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with("full.refused.") &&
        std::filesystem::remove(entry.path(), error)) {
      ++count;
    }
  }
  return count;
}

/// `how`: empty, every write fails; "grow", those that make a file longer.
absl::StatusOr<Effect> FillDisk(Field& field, const char* how) {
  const std::string folder = field.suite->options().faults + "/disk";
  const std::string full = folder + "/full";
  TakeRefused(folder);
  CLOUDPOS_RETURN_IF_ERROR(WriteFile(full, how));
  SleepFor(field.is_short ? kDiskTime : field.dice->Between(kDiskTime, 4 * kDiskTime));
  int64_t refused = 0;
  WaitFor(kParkTime, 100 * kMilli, [&] { return (refused += TakeRefused(folder)) > 0; });
  if (unlink(full.c_str()) != 0) return absl::InternalError(full + " cannot be removed");
  if (refused == 0) return absl::DeadlineExceededError("PostgreSQL wrote nothing");
  return Effect{.proof = std::to_string(refused) + " processes found no space",
                .over_at = field.Over(),
                .awaited = {"postgres", "transaction"}};
}

// --- clocks ---

int64_t RefusedTokens(const Field& field) {
  int64_t refused = 0;
  for (const auto& [name, count] : field.load->problems()) {
    if (name.starts_with("401 ")) refused += count;
  }
  return refused;
}

/// A program whose clock is out by an hour refuses good tokens, as it must; nothing else breaks,
/// and all is well once its clock is right again.
absl::StatusOr<Effect> TurnClock(Field& field, const std::string& program, bool ahead) {
  const std::string& folder = field.suite->options().faults;
  const std::string file = folder + "/clock/cloudpos-" + program;
  const std::string seen = folder + "/fired/clock." + std::to_string(field.suite->Pid(program));
  const std::string shift = (ahead ? "" : "-") + std::string(kHour);
  const int64_t refused = RefusedTokens(field);
  const Micros begin = Now();
  CLOUDPOS_RETURN_IF_ERROR(WriteFile(file, shift));
  const bool is_out =
      WaitFor(kClockProofTime, 50 * kMilli, [&] { return ReadFile(seen).value_or("") == shift; });
  if (is_out) SleepUntil(begin + (field.is_short ? kClockTime : 4 * kClockTime));
  if (unlink(file.c_str()) != 0) return absl::InternalError(file + " cannot be removed");
  if (!is_out) return absl::DeadlineExceededError("the clock of " + program + " did not turn");
  const bool is_back =
      WaitFor(kClockProofTime, 10 * kMilli, [&] { return ReadFile(seen).value_or("") == "0"; });
  if (!is_back) return absl::DeadlineExceededError("the clock of " + program + " stays out");
  return Effect{.proof = program + (ahead ? " an hour ahead" : " an hour behind") + ", " +
                         std::to_string(RefusedTokens(field) - refused) + " tokens refused",
                .over_at = field.Over(),
                .awaited = {program}};
}

}  // namespace

std::vector<Fault> DataFaults() {
  std::vector<Fault> faults = {
      {.name = "cp15-poison-event", .run = PoisonEvents},
      {.name = "cp15-poison-sales", .run = PoisonSales},
      {.name = "slow-commits", .run = SlowCommits},
      {.name = "rebuild-reporting", .run = Rebuild, .is_early = true},
      {.name = "cp35-migration", .run = Migrate},
      {.name = "cp32-disk-full", .run = [](Field& field) { return FillDisk(field, ""); }},
      {.name = "cp32-disk-cannot-grow",
       .run = [](Field& field) { return FillDisk(field, "grow"); }}};
  for (const std::string program : {"gateway", "auth", "inventory", "transaction", "reporting"}) {
    for (const bool ahead : {true, false}) {
      const std::string kind = std::string("cp33-clock-") + (ahead ? "ahead" : "behind");
      faults.push_back(
          {.name = kind + "-" + program,
           .run = [program, ahead](Field& field) { return TurnClock(field, program, ahead); },
           .kind = kind});
    }
  }
  return faults;
}

}  // namespace cloudpos::chaos
