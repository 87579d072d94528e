// The crash points of the design: the programs say where they are, and die or stop there.

#include <dirent.h>

#include <charconv>
#include <thread>

#include "libs/base/status_macros.h"
#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {
namespace {

constexpr Micros kFireTime = 10 * kSecond;
/// A rebuild of all that was sold lies before its last point.
constexpr Micros kRebuildFireTime = 90 * kSecond;
constexpr Micros kStopTime = 3 * kSecond;
constexpr Micros kShortStopTime = kSecond;
constexpr Micros kRebuildTime = 120 * kSecond;
constexpr Micros kServingTime = 30 * kSecond;

struct Point {
  const char* name;  // of the fault
  const char* point;
  const char* order;
  /// Only this program obeys; null: whichever comes first.
  const char* program = nullptr;
};

constexpr Point kPoints[] = {
    {.name = "cp1-gateway-before-forward", .point = "gateway.before_forward", .order = "abort"},
    {.name = "cp2-gateway-after-forward", .point = "gateway.after_forward", .order = "abort"},
    {.name = "cp3-t1-before", .point = "T1.before", .order = "abort"},
    {.name = "cp3-t1-error", .point = "T1.before", .order = "error"},
    {.name = "cp4-t1-after-commit", .point = "T1.after_commit", .order = "abort"},
    {.name = "cp4-t1-after-commit-stop", .point = "T1.after_commit", .order = "stop"},
    {.name = "cp5-t1-in-flight", .point = "T1.in_flight", .order = "abort"},
    {.name = "cp9-feed-before-reply", .point = "feed.before_reply", .order = "abort"},
    {.name = "cp10-feed-after-page", .point = "feed.after_page", .order = "abort"},
    {.name = "cp11-consumer-stop-inventory",
     .point = "consumer.before_hold",
     .order = "stop",
     .program = "cloudpos-inventory"},
    {.name = "cp11-consumer-stop-reporting",
     .point = "consumer.before_hold",
     .order = "stop",
     .program = "cloudpos-reporting"},
    {.name = "cp13-consumer-before-commit-inventory",
     .point = "consumer.before_commit",
     .order = "abort",
     .program = "cloudpos-inventory"},
    {.name = "cp13-consumer-before-commit-reporting",
     .point = "consumer.before_commit",
     .order = "abort",
     .program = "cloudpos-reporting"},
    {.name = "cp13-consumer-before-commit-transaction",
     .point = "consumer.before_commit",
     .order = "abort",
     .program = "cloudpos-transaction"},
    {.name = "cp14-consumer-after-commit-inventory",
     .point = "consumer.after_commit",
     .order = "abort",
     .program = "cloudpos-inventory"},
    {.name = "cp14-consumer-after-commit-reporting",
     .point = "consumer.after_commit",
     .order = "abort",
     .program = "cloudpos-reporting"},
    {.name = "cp14-consumer-after-commit-transaction",
     .point = "consumer.after_commit",
     .order = "abort",
     .program = "cloudpos-transaction"},
};

/// In a rebuild of the reports, which is begun for it.
constexpr Point kRebuildPoints[] = {
    {.name = "snapshot-late",
     .point = "snapshot.begun",
     .order = "sleep 1000",
     .program = "cloudpos-transaction"},
    {.name = "snapshot-begun", .point = "snapshot.begun", .order = "abort"},
    {.name = "snapshot-middle", .point = "snapshot.middle", .order = "abort"},
    {.name = "rebuild-snapshot-middle", .point = "consumer.snapshot_middle", .order = "abort"},
    {.name = "rebuild-before-switch", .point = "rebuild.before_switch", .order = "abort"},
};

/// The pid that took the order; 0 while none has.
pid_t FiredBy(const std::string& folder, const std::string& point) {
  DIR* fired = opendir((folder + "/fired").c_str());
  if (fired == nullptr) return 0;
  pid_t pid = 0;
  const std::string prefix = point + ".";
  while (const dirent* entry = readdir(fired)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid);
  }
  closedir(fired);
  return pid;
}

void Forget(const std::string& folder, const std::string& point) {
  DIR* fired = opendir((folder + "/fired").c_str());
  if (fired == nullptr) return;
  while (const dirent* entry = readdir(fired)) {
    const std::string name = entry->d_name;
    if (name.starts_with(point + ".")) unlink((folder + "/fired/" + name).c_str());
  }
  closedir(fired);
}

/// Gives the order and waits until a process has taken it; withdraws it else.
absl::StatusOr<pid_t> Arm(Field& field, const Point& point, Micros limit) {
  const std::string& folder = field.suite->options().faults;
  Forget(folder, point.point);
  std::string order = folder + "/point/" + point.point;
  if (point.program != nullptr) order += std::string("@") + point.program;
  CLOUDPOS_RETURN_IF_ERROR(WriteFile(order, point.order));
  pid_t pid = 0;
  WaitFor(limit, 2 * kMilli, [&] { return (pid = FiredBy(folder, point.point)) != 0; });
  if (pid != 0) return pid;
  unlink(order.c_str());
  pid = FiredBy(folder, point.point);
  if (pid != 0) return pid;
  return absl::DeadlineExceededError(std::string("nobody came to ") + point.point);
}

/// The name of the process with this pid among those known before.
std::string NameOf(const std::vector<pid_t>& pids, pid_t pid) {
  for (size_t i = 0; i < pids.size(); ++i) {
    if (pids[i] == pid) return kProcesses[i];
  }
  return "";
}

absl::StatusOr<Effect> Fire(Field& field, const Point& point) {
  std::vector<pid_t> before;
  for (const std::string& process : kProcesses) before.push_back(field.suite->Pid(process));
  CLOUDPOS_ASSIGN_OR_RETURN(const pid_t pid, Arm(field, point, kFireTime));
  const std::string process = NameOf(before, pid);
  if (process.empty()) {
    return absl::InternalError("pid " + std::to_string(pid) + " is none of the suite's");
  }
  Effect effect{.proof = std::string(point.point) + " in " + process,
                .over_at = field.Over(),
                .awaited = {process}};
  const std::string_view order = point.order;
  if (order == "error") return effect;
  if (order == "stop") {
    const Micros time = field.is_short ? kShortStopTime : kStopTime;
    SleepFor(time);
    if (kill(pid, SIGCONT) != 0) return absl::InternalError(process + " died where it had to stop");
    effect.over_at = field.Over();
    effect.proof += ", stopped for " + std::to_string(time / kMilli) + " ms";
    return effect;
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string proof, AwaitNewPid(field, process, pid));
  effect.proof += ": " + proof;
  return effect;
}

/// ./pos rebuild wants a suite that is well.
absl::Status AwaitServing(Field& field) {
  if (WaitFor(kServingTime, 50 * kMilli, [&] { return field.suite->IsServing(); })) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError("the suite is not ready");
}

/// The rebuild fails or gets through, whoever died; the next one gets through, in the short form
/// that of the next fault of this kind.
absl::StatusOr<Effect> FireInRebuild(Field& field, const Point& point) {
  std::vector<pid_t> before;
  for (const std::string& process : kProcesses) before.push_back(field.suite->Pid(process));
  CLOUDPOS_RETURN_IF_ERROR(AwaitServing(field));
  absl::Status first;
  std::thread rebuild([&] { first = field.suite->Pos({"rebuild", "reporting"}, kRebuildTime); });
  const absl::StatusOr<pid_t> pid = Arm(field, point, kRebuildFireTime);
  Effect effect{.proof = {}, .over_at = field.Over()};
  rebuild.join();
  if (!pid.ok()) {
    return absl::DeadlineExceededError(std::string(pid.status().message()) +
                                       "; the rebuild: " + first.ToString());
  }
  const std::string process = NameOf(before, *pid);
  effect.proof = std::string(point.point) + " in " + (process.empty() ? "the rebuild" : process) +
                 (first.ok() ? ", which got through" : ", which failed");
  CLOUDPOS_RETURN_IF_ERROR(AwaitServing(field));
  if (field.is_short && first.ok()) return effect;
  const absl::Status again = field.suite->Pos({"rebuild", "reporting"}, kRebuildTime);
  if (!again.ok()) effect.complaints.push_back("the next rebuild: " + std::string(again.message()));
  return effect;
}

}  // namespace

std::vector<Fault> PointFaults() {
  std::vector<Fault> faults;
  for (const Point& point : kPoints) {
    faults.push_back(
        {.name = point.name, .run = [&point](Field& field) { return Fire(field, point); }});
  }
  for (const Point& point : kRebuildPoints) {
    faults.push_back({.name = point.name,
                      .run = [&point](Field& field) { return FireInRebuild(field, point); },
                      .is_early = true});
  }
  return faults;
}

}  // namespace cloudpos::chaos
