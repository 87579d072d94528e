#include "tests/chaos/harness/round.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "boost/json/array.hpp"
#include "tests/chaos/harness/workload.h"

namespace cloudpos::chaos {
namespace {

constexpr int64_t kSalesMin = 1000;
constexpr double kRateMin = 100;
constexpr int64_t kDefiniteMinPercent = 95;
/// The rate is measured over the end of the warm-up.
constexpr Micros kRateTime = 3 * kSecond;
constexpr Micros kWarmUpMore = 20 * kSecond;
constexpr Micros kQuiesceMax = 60 * kSecond;
constexpr Micros kRecoveryMax = 45 * kSecond;
constexpr Micros kCheckerMax = 600 * kSecond;

class Round {
 public:
  explicit Round(const RoundOptions& options) : options_(options), dice_(options.seed, 1) {
    result_.name = options.name;
    result_.seed = options.seed;
  }

  RoundResult Run(const std::vector<Fault>& faults) {
    if (const absl::Status status = Prepare(); !status.ok()) {
      result_.invalid.push_back("the round cannot begin: " + std::string(status.message()));
      return std::move(result_);
    }
    WarmUp();
    for (const Fault& fault : faults) {
      if (options_.until != 0 && Now() >= options_.until) break;
      if (!Inject(fault)) break;
      SleepFor(options_.gap);
    }
    Quiesce();
    Count();
    Check();
    return std::move(result_);
  }

 private:
  absl::Status Prepare();
  void WarmUp();
  bool Inject(const Fault& fault);
  void MeasureRecovery(const Effect& effect, FaultResult* result);
  void Quiesce();
  void Count();
  void Check();

  const RoundOptions& options_;
  Dice dice_;
  RoundResult result_;
  std::unique_ptr<World> world_;
  Load load_;
  std::unique_ptr<Workload> workload_;
};

absl::Status Round::Prepare() {
  Suite& suite = *options_.suite;
  auto world = MakeWorld({.gateway_port = options_.gateway_port,
                          .auth_address = suite.address("auth"),
                          .tls = suite.operator_tls()},
                         options_.name, &dice_);
  if (!world.ok()) return world.status();
  world_ = *std::move(world);
  auto workload = Workload::Start({.world = world_.get(),
                                   .load = &load_,
                                   .gateway_port = options_.gateway_port,
                                   .seed = options_.seed,
                                   .logs = options_.logs,
                                   .clients = options_.clients,
                                   .rate = options_.rate});
  if (!workload.ok()) return workload.status();
  workload_ = *std::move(workload);
  return absl::OkStatus();
}

/// The rate is that of the last seconds; a machine that is busy with other things gets some more.
void Round::WarmUp() {
  const Micros end = Now() + options_.warm_up + kWarmUpMore;
  SleepFor(std::max<Micros>(options_.warm_up - kRateTime, 0));
  do {
    const Micros begin = Now();
    const int64_t before = load_.Get(Load::kSales);
    SleepFor(kRateTime);
    const double seconds = static_cast<double>(Now() - begin) / kSecond;
    result_.rate_before = static_cast<double>(load_.Get(Load::kSales) - before) / seconds;
  } while (result_.rate_before < kRateMin && Now() < end);
  if (result_.rate_before < kRateMin) {
    result_.invalid.push_back("only " + std::to_string(static_cast<int>(result_.rate_before)) +
                              " sales a second before the faults");
  }
}

/// False when the suite did not come back: nothing more can be learned from this round.
bool Round::Inject(const Fault& fault) {
  Field field{.suite = options_.suite,
              .proxy = options_.proxy,
              .world = world_.get(),
              .load = &load_,
              .dice = &dice_,
              .is_short = options_.is_short};
  load_.TakeLost();
  const Micros begin = Now();
  const absl::StatusOr<Effect> effect = fault.run(field);
  FaultResult result{.name = fault.name};
  if (!effect.ok()) {
    result_.invalid.push_back(fault.name +
                              " did not happen: " + std::string(effect.status().message()));
    std::cerr << "  " << fault.name << ": " << effect.status().message() << std::endl;
    return true;
  }
  result.proof = effect->proof;
  result.complaints = effect->complaints;
  MeasureRecovery(*effect, &result);
  for (const std::string& complaint : result.complaints) {
    result_.broken.push_back(fault.name + ": " + complaint);
  }
  std::cerr << "  " << fault.name << ": " << result.proof << " (" << (begin - Now()) / -kMilli
            << " ms, ready " << result.ready / kMilli << ", sale " << result.sale / kMilli << ")"
            << std::endl;
  const bool is_back = result.sale >= 0;
  result_.faults.push_back(std::move(result));
  return is_back;
}

void Round::MeasureRecovery(const Effect& effect, FaultResult* result) {
  if (!effect.awaited.empty()) {
    const auto is_ready = [&](const std::string& process) {
      return options_.suite->IsReady(process);
    };
    const bool is_back = WaitFor(kRecoveryMax, 10 * kMilli, [&] {
      return std::all_of(effect.awaited.begin(), effect.awaited.end(), is_ready);
    });
    if (is_back) result->ready = Now() - effect.over_at;
    if (!is_back) result->complaints.push_back("not ready again after 45 s");
  }
  if (WaitFor(kRecoveryMax, kMilli, [&] { return load_.first_sale() != 0; })) {
    result->sale = load_.first_sale() - effect.over_at;
  } else {
    result->complaints.push_back("no sale was acknowledged for 45 s");
  }
}

void Round::Quiesce() {
  const Micros begin = Now();
  workload_->Close(kQuiesceMax / 2);
  const bool is_quiet = WaitFor(kQuiesceMax - (Now() - begin), 100 * kMilli,
                                [&] { return options_.suite->HasCaughtUp(); });
  result_.quiesce = Now() - begin;
  if (!is_quiet) result_.broken.push_back("the events were not all applied after 60 s of quiet");
}

void Round::Count() {
  const std::pair<const char*, Load::Count> names[] = {
      {"planned", Load::kPlanned},   {"definite", Load::kDefinite}, {"sales", Load::kSales},
      {"returns", Load::kReturns},   {"abandons", Load::kAbandons}, {"refused", Load::kRefused},
      {"requests", Load::kRequests}, {"replays", Load::kReplays},   {"unknown", Load::kUnknown},
      {"verified", Load::kVerified}};
  for (const auto& [name, count] : names) result_.counts[name] = load_.Get(count);
  result_.problems = load_.problems();
  if (load_.Get(Load::kSales) < kSalesMin) {
    result_.invalid.push_back("only " + std::to_string(load_.Get(Load::kSales)) + " sales");
  }
  if (load_.Get(Load::kDefinite) * 100 < load_.Get(Load::kPlanned) * kDefiniteMinPercent) {
    result_.invalid.push_back("only " + std::to_string(load_.Get(Load::kDefinite)) + " of " +
                              std::to_string(load_.Get(Load::kPlanned)) +
                              " documents came to an end");
  }
  for (const std::string& surprise : load_.surprises()) result_.broken.push_back(surprise);
}

void Round::Check() {
  absl::Status status = WriteFile(options_.logs + "/run.json", RunJson(*world_, options_.seed));
  if (status.ok()) {
    absl::StatusOr<boost::json::object> checker = RunChecker(options_);
    status = checker.status();
    if (checker.ok()) result_.checker = *std::move(checker);
  }
  if (!status.ok()) result_.invalid.push_back(std::string(status.message()));
  for (const std::string& name : BrokenOf(result_.checker)) {
    result_.broken.push_back("the checker: " + name + " does not hold");
  }
  if (!result_.is_good() || options_.keep_logs) return;
  std::error_code error;
  std::filesystem::remove_all(options_.logs, error);
}

}  // namespace

absl::StatusOr<boost::json::object> RunChecker(const RoundOptions& options) {
  const auto result = RunCommand(
      {options.checker, "--logs", options.logs, "--dsn", options.suite->admin_dsn(), "--json"},
      kCheckerMax);
  if (!result.ok()) return result.status();
  boost::json::object report = ParseObject(result->out);
  if (result->exit_code > 2 || report.empty()) {
    return absl::UnavailableError("the checker failed: " + result->out.substr(0, 2000));
  }
  return report;
}

std::vector<std::string> BrokenOf(const boost::json::object& checker) {
  std::vector<std::string> names;
  const boost::json::value* invariants = checker.if_contains("invariants");
  if (invariants == nullptr || !invariants->is_array()) return names;
  for (const boost::json::value& value : invariants->get_array()) {
    if (NumberOf(value.get_object(), "violations") > 0) {
      names.push_back(TextOf(value.get_object(), "name"));
    }
  }
  return names;
}

RoundResult RunRound(const RoundOptions& options, const std::vector<Fault>& faults) {
  return Round(options).Run(faults);
}

}  // namespace cloudpos::chaos
