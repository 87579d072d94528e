#include "tests/chaos/harness/bugs.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "tests/chaos/harness/workload.h"

namespace cloudpos::chaos {
namespace {

/// Enough for some hundred documents; what is to be reached by chance is reached many times.
constexpr Micros kLoadTime = 1200 * kMilli;
constexpr Micros kAfterTime = 700 * kMilli;
constexpr Micros kEndTime = 6 * kSecond;
constexpr Micros kQuietTime = 20 * kSecond;
constexpr Micros kPricePause = 200 * kMilli;
constexpr Micros kNever = 3600 * kSecond;

/// Shares that reach the mistakes of repeated requests soon.
constexpr Mix kMix = {.returns = 12,
                      .double_returns = 6,
                      .abandons = 8,
                      .races = 4,
                      .repeats = 60,
                      .at_once = 50,
                      .other_payloads = 15};

class BugRun {
 public:
  BugRun(RoundOptions options, const SeededBug& bug)
      : options_(std::move(options)), bug_(bug), dice_(options_.seed, 3) {}

  absl::StatusOr<std::vector<std::string>> Run() {
    const absl::Status status = Reach();
    CLOUDPOS_RETURN_IF_ERROR(Switch(false));
    CLOUDPOS_RETURN_IF_ERROR(status);
    CLOUDPOS_RETURN_IF_ERROR(
        WriteFile(options_.logs + "/run.json", RunJson(*world_, options_.seed)));
    CLOUDPOS_ASSIGN_OR_RETURN(const boost::json::object report, RunChecker(options_));
    std::error_code error;
    if (!options_.keep_logs) std::filesystem::remove_all(options_.logs, error);
    return BrokenOf(report);
  }

 private:
  absl::Status Reach();
  absl::Status Switch(bool on);
  absl::Status Restart();

  const RoundOptions options_;
  const SeededBug& bug_;
  Dice dice_;
  std::unique_ptr<World> world_;
  Load load_;
};

absl::Status BugRun::Switch(bool on) {
  std::vector<const char*> names = bug_.others;
  if (!bug_.expected.empty()) names.push_back(bug_.name);
  for (const char* name : names) {
    const std::string file = options_.suite->options().faults + "/bug/" + name;
    if (on) CLOUDPOS_RETURN_IF_ERROR(WriteFile(file, ""));
    if (!on) unlink(file.c_str());
  }
  return absl::OkStatus();
}

absl::Status BugRun::Restart() {
  if (bug_.restart == nullptr) return absl::OkStatus();
  Field field{.suite = options_.suite, .load = &load_, .dice = &dice_};
  const pid_t before = options_.suite->Pid(bug_.restart);
  CLOUDPOS_RETURN_IF_ERROR(options_.suite->Signal(bug_.restart, SIGKILL));
  return AwaitNewPid(field, bug_.restart, before).status();
}

absl::Status BugRun::Reach() {
  Suite& suite = *options_.suite;
  CLOUDPOS_ASSIGN_OR_RETURN(world_, MakeWorld({.gateway_port = options_.gateway_port,
                                               .auth_address = suite.address("auth"),
                                               .tls = suite.operator_tls(),
                                               .stores = 1,
                                               .tills_per_store = 8,
                                               .variants = 12},
                                              options_.name, &dice_));
  CLOUDPOS_RETURN_IF_ERROR(Switch(true));
  CLOUDPOS_RETURN_IF_ERROR(Restart());
  CLOUDPOS_ASSIGN_OR_RETURN(
      const auto workload,
      Workload::Start({.world = world_.get(),
                       .load = &load_,
                       .gateway_port = options_.gateway_port,
                       .seed = options_.seed,
                       .logs = options_.logs,
                       .clients = options_.clients,
                       .rate = options_.rate,
                       .mix = kMix,
                       .price_pause = bug_.changes_prices ? kPricePause : kNever,
                       .verifies = false}));
  SleepFor(kLoadTime);
  Field field{.suite = options_.suite,
              .proxy = options_.proxy,
              .world = world_.get(),
              .load = &load_,
              .dice = &dice_,
              .is_short = true};
  for (const char* name : bug_.faults) {
    const absl::StatusOr<Effect> effect = FaultNamed(name).run(field);
    if (!effect.ok()) return effect.status();
    SleepFor(kAfterTime);
  }
  workload->Close(kEndTime);
  WaitFor(kQuietTime, 50 * kMilli, [&] { return suite.HasCaughtUp(); });
  return absl::OkStatus();
}

}  // namespace

const std::vector<SeededBug>& SeededBugs() {
  static const std::vector<SeededBug> bugs = {
      {.name = "none", .expected = {}, .faults = {"slow-commits"}},
      {.name = "ack_before_commit", .expected = {"I14", "I11"}, .faults = {"cp3-t1-before"}},
      {.name = "ack_before_flush",
       .expected = {"I14", "I11"},  // I11: what was lost is a tombstone
       .faults = {"kill-postgres-unflushed"},
       .restart = "transaction"},
      {.name = "stale_acknowledged", .expected = {"I14"}},
      {.name = "unknown_is_failure_new_id", .expected = {"I15"}, .faults = {"cut-reply-t1"}},
      {.name = "batch_failed_by_one",
       .expected = {"I13"},
       .faults = {"cp3-t1-error", "cp3-t1-error", "cp3-t1-error"}},
      {.name = "refusal_before_lookup", .expected = {"I13"}},
      {.name = "fingerprint_ignored", .expected = {"I13"}},
      {.name = "replay_not_identical", .expected = {"I13"}},
      {.name = "tombstone_not_written", .expected = {"I11", "I14"}},
      {.name = "wrong_change", .expected = {"I1"}},
      {.name = "receipt_number_lost", .expected = {"I8"}},
      {.name = "hash_of_other_bytes", .expected = {"I9"}},
      {.name = "refund_not_counted", .expected = {"I12"}},
      {.name = "cursor_bare_sequence", .expected = {"I7", "I4"}, .faults = {"slow-commits"}},
      {.name = "cursor_before_apply",
       .expected = {"I7", "I4"},
       .faults = {"cp13-consumer-before-commit-inventory"}},
      {.name = "no_unique_key",
       .expected = {"I3"},
       .faults = {"cp14-consumer-after-commit-inventory"},
       .others = {"cursor_outside_transaction"}},
      {.name = "rollup_without_fact",
       .expected = {"I7"},
       .faults = {"cp14-consumer-after-commit-reporting"},
       .others = {"cursor_outside_transaction"},
       .changes_prices = false},
      {.name = "snapshot_cursor_late", .expected = {"I7"}, .faults = {"snapshot-late"}},
      {.name = "poison_skipped", .expected = {"I7"}, .faults = {"cp15-poison-sales"}},
  };
  return bugs;
}

std::vector<BugResult> RunBugs(const RoundOptions& options, std::string_view only) {
  std::vector<BugResult> results;
  for (const SeededBug& bug : SeededBugs()) {
    if (std::string_view(bug.name).find(only) == std::string_view::npos) continue;
    const Micros begin = Now();
    RoundOptions run = options;
    run.seed = options.seed + results.size();
    run.name = "b" + std::to_string(results.size() + 1) + "-" +
               std::to_string(absl::ToUnixMillis(base::SystemClock().Now()));
    run.logs = options.logs + "-" + bug.name;
    const auto caught = BugRun(run, bug).Run();
    BugResult result{.name = bug.name, .expected = bug.expected};
    if (caught.ok()) result.caught = *caught;
    if (!caught.ok()) result.error = std::string(caught.status().message());
    std::cerr << "  " << (result.is_good() ? "caught " : "MISSED ") << bug.name << ":";
    for (const std::string& name : result.caught) std::cerr << " " << name;
    std::cerr << " " << result.error << " (" << (Now() - begin) / kMilli << " ms)" << std::endl;
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace cloudpos::chaos
