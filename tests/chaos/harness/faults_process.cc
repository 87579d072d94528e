// kill -9, SIGSTOP, FLUSHALL: what happens to processes.

#include <algorithm>
#include <set>

#include "libs/base/status_macros.h"
#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {
namespace {

constexpr Micros kRestartTime = 30 * kSecond;
/// Every deadline in the suite is shorter (10 s for writes; 5 s for T1).
constexpr Micros kLongStop = 12 * kSecond;
constexpr Micros kShortStop = 3 * kSecond;
constexpr Micros kShortestStop = 1500 * kMilli;
constexpr Micros kLongestStop = 15 * kSecond;
/// A few turns of PostgreSQL's own writer of the log.
constexpr Micros kSilence = 450 * kMilli;

constexpr pg::Query kBackend{"chaos_backend", R"sql(
  SELECT pid FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND application_name LIKE 'cloudpos-%' AND state <> 'idle'
  ORDER BY random() LIMIT 1)sql"};
constexpr pg::Query kAnyBackend{"chaos_any_backend", R"sql(
  SELECT pid FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND application_name = 'cloudpos-transaction'
  ORDER BY random() LIMIT 1)sql"};

absl::StatusOr<Effect> Kill(Field& field, const std::vector<std::string>& processes) {
  std::vector<pid_t> before;
  for (const std::string& process : processes) before.push_back(field.suite->Pid(process));
  for (const std::string& process : processes) {
    CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGKILL));
  }
  Effect effect{.proof = {}, .over_at = field.Over(), .awaited = processes};
  for (size_t i = 0; i < processes.size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::string proof, AwaitNewPid(field, processes[i], before[i]));
    effect.proof += (i == 0 ? "" : ", ") + proof;
    // Sessions outlive the postmaster for a moment and may still record a sale.
    if (processes[i] == "postgres") field.Over();
  }
  return effect;
}

absl::StatusOr<Effect> KillTwo(Field& field) {
  std::vector<std::string> all = kServices;
  all.push_back("gateway");
  field.dice->Shuffle(&all);
  return Kill(field, {all[0], all[1]});
}

/// One of the server's own processes: PostgreSQL then restarts all of them.
absl::StatusOr<Effect> KillBackend(Field& field) {
  pid_t backend = 0;
  for (int i = 0; i < 50 && backend == 0; ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                              field.suite->sql().Exec({}, i < 40 ? kBackend : kAnyBackend));
    if (!rows.empty()) backend = rows[0].Get<int32_t>("pid");
  }
  if (backend == 0) return absl::UnavailableError("PostgreSQL has no session of a service");
  if (!field.suite->IsPostgres(backend) || kill(backend, SIGKILL) != 0)
    return absl::UnavailableError("the session had ended");
  Effect effect{.proof = "backend " + std::to_string(backend) + " died",
                .over_at = field.Over(),
                .awaited = {"postgres"}};
  const std::string entry = "/proc/" + std::to_string(backend);
  const bool is_gone =
      WaitFor(5 * kSecond, 10 * kMilli, [&] { return !ReadFile(entry + "/stat").ok(); });
  if (!is_gone) return absl::InternalError("the session did not end");
  // The others go a moment later, and until then they may record a sale.
  WaitFor(kSecond, kMilli, [&] { return !field.suite->sql().Ping(); });
  field.Over();
  return effect;
}

/// All processes of PostgreSQL at once, while nobody but the sales commits: what was not written to
/// files by then is lost, as if the machine had lost its power but for its disk cache.
absl::StatusOr<Effect> KillUnflushed(Field& field) {
  const std::vector<std::string> silenced = {"inventory", "reporting", "auth"};
  for (const std::string& process : silenced) {
    CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGSTOP));
  }
  SleepFor(kSilence);
  const pid_t before = field.suite->Pid("postgres");
  const std::vector<pid_t> all = field.suite->PostgresPids();
  for (const pid_t pid : all) kill(pid, SIGKILL);
  Effect effect{.proof = std::to_string(all.size()) + " processes killed, ",
                .over_at = field.Over(),
                .awaited = {"postgres", "inventory", "reporting", "auth"}};
  for (const std::string& process : silenced) {
    CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGCONT));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string proof, AwaitNewPid(field, "postgres", before));
  effect.proof += proof;
  return effect;
}

char StateOf(pid_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const size_t at = stat.rfind(") ");
  return at == std::string::npos ? '?' : stat[at + 2];
}

absl::StatusOr<Effect> Stop(Field& field, const std::string& process, bool always_long) {
  const pid_t pid = field.suite->Pid(process);
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGSTOP));
  const bool is_stopped = WaitFor(kSecond, kMilli, [&] { return StateOf(pid) == 'T'; });
  const Micros time = !field.is_short ? field.dice->Between(kShortStop, kLongestStop)
                      : always_long   ? kLongStop
                                      : kShortestStop;
  SleepFor(time);
  CLOUDPOS_RETURN_IF_ERROR(field.suite->Signal(process, SIGCONT));
  if (!is_stopped) return absl::InternalError(process + " did not stop");
  return Effect{.proof = "pid " + std::to_string(pid) + " stopped for " +
                         std::to_string(time / kMilli) + " ms",
                .over_at = field.Over(),
                .awaited = {process}};
}

absl::StatusOr<Effect> FlushRedis(Field& field) {
  const std::string answer = field.suite->Redis("FLUSHALL");
  if (answer != "+OK") return absl::UnavailableError("FLUSHALL: " + answer);
  return Effect{.proof = "FLUSHALL answered +OK", .over_at = field.Over()};
}

}  // namespace

absl::StatusOr<std::string> AwaitNewPid(Field& field, const std::string& process, pid_t before) {
  pid_t after = 0;
  const bool is_new = WaitFor(kRestartTime, 5 * kMilli, [&] {
    after = field.suite->Pid(process);
    return after != 0 && after != before;
  });
  if (!is_new) return absl::DeadlineExceededError(process + " was not started again");
  return process + " pid " + std::to_string(before) + " -> " + std::to_string(after);
}

std::vector<Fault> ProcessFaults() {
  std::vector<Fault> faults;
  for (const std::string& process : kProcesses) {
    faults.push_back({.name = "kill-" + process,
                      .run = [process](Field& field) { return Kill(field, {process}); },
                      .weight = 3});
  }
  faults.push_back({.name = "kill-two", .run = KillTwo, .weight = 2});
  faults.push_back({.name = "kill-postgres-unflushed", .run = KillUnflushed, .weight = 2});
  faults.push_back({.name = "kill-postgres-backend", .run = KillBackend, .weight = 2});
  for (const std::string& process : kProcesses) {
    const bool always_long = process == "transaction";
    faults.push_back({.name = "stop-" + process, .run = [process, always_long](Field& field) {
                        return Stop(field, process, always_long);
                      }});
  }
  faults.push_back({.name = "flush-redis", .run = FlushRedis});
  return faults;
}

}  // namespace cloudpos::chaos
