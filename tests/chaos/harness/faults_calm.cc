// What clients must not notice: a process told to end, and everything gone that a sale does not
// need.

#include "libs/base/status_macros.h"
#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {
namespace {

/// A request that was sent earlier than this before the signal has reached the process.
constexpr Micros kArrived = 20 * kMilli;
/// A process has 10 s to answer what it has begun.
constexpr Micros kDrainMax = 12 * kSecond;
constexpr Micros kAloneTime = 6 * kSecond;
constexpr Micros kShortAloneTime = 2 * kSecond;

/// Whatever was under way is answered; the process ends and is started again.
absl::StatusOr<Effect> Terminate(Field& field, const std::string& process) {
  const pid_t before = field.suite->Pid(process);
  field.load->TakeLost();
  const Micros begin = Now();
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGTERM));
  Effect effect{.proof = {}, .over_at = field.Over(), .awaited = {process}};
  if (!WaitFor(kDrainMax, 2 * kMilli, [&] { return kill(before, 0) != 0; })) {
    return absl::DeadlineExceededError(process + " does not end");
  }
  effect.proof = "ended in " + std::to_string((Now() - begin) / kMilli) + " ms, ";
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string restarted, AwaitNewPid(field, process, before));
  effect.proof += restarted;
  int64_t lost = 0;
  for (const LostRequest& request : field.load->TakeLost()) {
    if (request.sent < begin - kArrived && request.why != Loss::kRefused) ++lost;
  }
  if (lost > 0) {
    effect.complaints.push_back(std::to_string(lost) +
                                " requests that were under way got no answer");
  }
  return effect;
}

/// Sales go on, every one, while inventory, reporting, auth and Redis are down.
absl::StatusOr<Effect> SellAlone(Field& field) {
  const std::vector<std::string> gone = {"inventory", "reporting", "auth", "redis"};
  const int64_t unknown = field.load->Get(Load::kUnknown);
  const int64_t sales = field.load->Get(Load::kSales);
  std::vector<std::string> words = {"stop"};
  words.insert(words.end(), gone.begin(), gone.end());
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Ctl(words));
  for (const std::string& process : gone) {
    if (field.suite->Pid(process) != 0) return absl::InternalError(process + " still runs");
  }
  const int64_t before = field.load->Get(Load::kSales);
  SleepFor(field.is_short ? kShortAloneTime : kAloneTime);
  const int64_t alone = field.load->Get(Load::kSales) - before;
  words[0] = "start";
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Ctl(words));
  const int64_t failed = field.load->Get(Load::kUnknown) - unknown;
  Effect effect{.proof = std::to_string(alone) + " sales with nothing else there, " +
                         std::to_string(field.load->Get(Load::kSales) - sales) + " in all, " +
                         std::to_string(failed) + " requests failed",
                .over_at = field.Over(),
                .awaited = gone};
  if (failed > 0) effect.complaints.push_back(std::to_string(failed) + " requests failed");
  if (alone == 0) effect.complaints.push_back("nothing was sold");
  return effect;
}

}  // namespace

std::vector<Fault> CalmFaults() {
  std::vector<Fault> faults = {{.name = "sell-alone", .run = SellAlone}};
  for (const std::string process : {"gateway", "auth", "inventory", "transaction", "reporting"}) {
    faults.push_back({.name = "cp34-sigterm-" + process,
                      .run = [process](Field& field) { return Terminate(field, process); }});
  }
  return faults;
}

}  // namespace cloudpos::chaos
