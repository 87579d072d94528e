#include "tests/chaos/harness/suite.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>

#include "absl/strings/strip.h"
#include "libs/events/cursor.h"
#include "libs/service/probe.h"
#include "tests/chaos/harness/http.h"

namespace cloudpos::chaos {

const std::vector<std::string> kServices = {"auth", "inventory", "transaction", "reporting"};
const std::vector<std::string> kProcesses = {"auth",    "inventory", "transaction", "reporting",
                                             "gateway", "postgres",  "redis"};

namespace {

constexpr Micros kCommandTime = 60 * kSecond;
constexpr Micros kAnswerTime = 2 * kSecond;

/// Where each consumer stands, and where each log ends.
constexpr pg::Query kCursors{"chaos_cursors", R"sql(
  SELECT 'inventory' AS consumer, name, cursor FROM inventory.consumer_cursors
  UNION ALL SELECT 'transaction', name, cursor FROM transaction.consumer_cursors
  UNION ALL SELECT 'reporting', name, cursor FROM reporting.consumer_cursors)sql"};
constexpr pg::Query kLogEnds{"chaos_log_ends", R"sql(
  (SELECT 'auth' AS producer, generation, txid::text AS txid, seq FROM auth.outbox
   ORDER BY auth.outbox.generation DESC, auth.outbox.txid DESC, auth.outbox.seq DESC LIMIT 1)
  UNION ALL
  (SELECT 'inventory', generation, txid::text, seq FROM inventory.outbox
   ORDER BY inventory.outbox.generation DESC, inventory.outbox.txid DESC,
            inventory.outbox.seq DESC LIMIT 1)
  UNION ALL
  (SELECT 'transaction', generation, txid::text, seq FROM transaction.outbox
   ORDER BY transaction.outbox.generation DESC, transaction.outbox.txid DESC,
            transaction.outbox.seq DESC LIMIT 1))sql"};

constexpr pg::Query kPing{"chaos_ping", "SELECT 1"};

std::string LinkOf(const std::string& path) {
  char target[4096];
  const ssize_t n = readlink(path.c_str(), target, sizeof(target));
  return n <= 0 ? "" : std::string(target, static_cast<size_t>(n));
}

/// Calls `f` with the pid and the folder of each process, by pid.
template <typename F>
void ForEachProcess(F&& f) {
  std::vector<pid_t> pids;
  DIR* all = opendir("/proc");
  if (all == nullptr) return;
  while (const dirent* entry = readdir(all)) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    std::from_chars(name.data(), name.data() + name.size(), pid);
    if (pid > 0) pids.push_back(pid);
  }
  closedir(all);
  std::sort(pids.begin(), pids.end());
  for (const pid_t pid : pids) f(pid, "/proc/" + std::to_string(pid));
}

}  // namespace

Suite::Suite(SuiteOptions options) : options_(std::move(options)) {
  redis_password_ = ReadFile(options_.state + "/secrets/redis.password").value_or("");
  redis_password_ = std::string(absl::StripSuffix(redis_password_, "\n"));
  pool_ =
      std::make_unique<pg::Pool>(pg::PoolOptions{.dsn = admin_dsn(),
                                                 .application_name = "chaos",
                                                 .connections = 2,
                                                 .statement_timeout = std::chrono::seconds(20)});
}

int Suite::port(std::string_view process) const {
  static const std::map<std::string_view, int> kPorts = {
      {"auth", 7101},    {"inventory", 7102}, {"transaction", 7103}, {"reporting", 7107},
      {"gateway", 8080}, {"postgres", 5440},  {"redis", 6390}};
  return kPorts.at(process) + options_.shift;
}

std::string Suite::address(const std::string& service) const {
  return "127.0.0.1:" + std::to_string(port(service));
}

rpc::TlsFiles Suite::operator_tls() const {
  return {.ca = options_.state + "/ca/ca.pem",
          .certificate = options_.state + "/tls/pos/cert.pem",
          .key = options_.state + "/tls/pos/key.pem"};
}

std::string Suite::admin_dsn() const {
  return "host='" + options_.state + "/sock' port=" + std::to_string(port("postgres")) +
         " user=postgres dbname=cloudpos passfile='" + options_.state + "/secrets/postgres.pgpass'";
}

std::string Suite::owner_dsn_file(const std::string& service) const {
  return options_.state + "/secrets/pg/" + service + "_owner.dsn";
}

pid_t Suite::Pid(std::string_view process) const {
  if (process == "postgres") {
    const std::string file = ReadFile(options_.state + "/postgres/postmaster.pid").value_or("");
    const pid_t pid = std::atoi(file.c_str());
    if (pid <= 0) return 0;
    return IsPostgres(pid) ? pid : 0;  // the file outlives the process, whose number is given anew
  }
  const std::string program = options_.state + "/bin/cloudpos-" + std::string(process);
  const std::string folder = options_.state + "/redis";
  pid_t found = 0;
  ForEachProcess([&](pid_t pid, const std::string& entry) {
    if (found != 0) return;
    const std::string exe = LinkOf(entry + "/exe");
    const bool is_it = process == "redis" ? exe.find("redis") != std::string::npos &&
                                                LinkOf(entry + "/cwd") == folder
                                          : exe == program || exe == program + " (deleted)";
    if (is_it) found = pid;
  });
  return found;
}

bool Suite::IsPostgres(pid_t pid) const {
  const std::string entry = "/proc/" + std::to_string(pid);
  return LinkOf(entry + "/exe").ends_with("/postgres") &&
         LinkOf(entry + "/cwd") == options_.state + "/postgres";
}

std::vector<pid_t> Suite::PostgresPids() const {
  std::vector<pid_t> pids;
  ForEachProcess([&](pid_t pid, const std::string&) {
    if (IsPostgres(pid)) pids.push_back(pid);
  });
  return pids;
}

absl::Status Suite::Signal(std::string_view process, int signal) const {
  const pid_t pid = Pid(process);
  if (pid == 0) return absl::UnavailableError(std::string(process) + " does not run");
  if (kill(pid, signal) == 0) return absl::OkStatus();
  return absl::UnavailableError(std::string(process) + " cannot be signalled");
}

bool Suite::GatewayAnswers(const std::string& path) const {
  Connection connection(port("gateway"));
  if (!connection.Open()) return false;
  connection.Send({.method = "GET", .path = path});
  AwaitAll({&connection}, Now() + kAnswerTime, [](size_t) {});
  return connection.reply && connection.reply->status == 200;
}

bool Suite::IsReady(const std::string& process) {
  if (Pid(process) == 0) return false;
  if (process == "postgres") return pool_->Exec({}, kPing).ok();
  if (process == "redis") return Redis("PING") == "+PONG";
  if (process == "gateway") return GatewayAnswers("/healthz");
  return service::Probe(process, address(process), operator_tls(), "readiness").ok();
}

bool Suite::IsServing() const { return GatewayAnswers("/readyz"); }

absl::Status Suite::Script(const std::string& name) const {
  return MustRun({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", admin_dsn(), "-f",
                  options_.scripts + "/" + name},
                 kCommandTime);
}

absl::Status Suite::Ctl(std::vector<std::string> words) const {
  words.insert(words.begin(), {"supervisorctl", "-c", options_.state + "/supervisord.conf"});
  return MustRun(words, kCommandTime);
}

absl::Status Suite::Pos(std::vector<std::string> words, Micros limit) const {
  words.insert(words.begin(), {"env", "POS_STATE_DIR=" + options_.state,
                               "POS_PORT_SHIFT=" + std::to_string(options_.shift),
                               "POS_TEST_FAULTS=" + options_.faults, options_.pos});
  return MustRun(words, limit);
}

bool Suite::HasCaughtUp() {
  const absl::StatusOr<pg::Result> ends = pool_->Exec({}, kLogEnds);
  const absl::StatusOr<pg::Result> cursors = pool_->Exec({}, kCursors);
  if (!ends.ok() || !cursors.ok() || ends->empty() || cursors->empty()) return false;
  std::map<std::string, events::Position> logs;
  for (const pg::Row row : *ends) {
    logs[row.Get<std::string>("producer")] = {
        .generation = row.Get<int32_t>("generation"),
        .txid = std::strtoull(row.Get<std::string>("txid").c_str(), nullptr, 10),
        .seq = row.Get<int64_t>("seq")};
  }
  for (const pg::Row row : *cursors) {
    const auto log = logs.find(row.Get<std::string>("name"));
    if (log == logs.end()) continue;  // nothing to read, or of a rebuild that was broken off
    const auto cursor = events::DecodeCursor(row.Get<pg::Bytes>("cursor").value);
    if (!cursor.ok() || cursor->at < log->second) return false;
  }
  return true;
}

std::string Suite::Redis(const std::string& command) const {
  // Not HTTP, but the connection is the same: it is read until a line's end has come.
  Connection connection(port("redis"));
  if (!connection.Open()) return "";
  const std::string out = "AUTH " + redis_password_ + "\r\n" + command + "\r\n";
  if (::send(connection.socket(), out.data(), out.size(), MSG_NOSIGNAL) < 0) return "";
  timeval limit{.tv_sec = 2, .tv_usec = 0};
  setsockopt(connection.socket(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string in;
  char buffer[512];
  while (std::count(in.begin(), in.end(), '\n') < 2) {
    const ssize_t n = recv(connection.socket(), buffer, sizeof(buffer), 0);
    if (n <= 0) return "";
    in.append(buffer, static_cast<size_t>(n));
  }
  const size_t begin = in.find("\r\n") + 2;
  return in.substr(begin, in.find("\r\n", begin) - begin);
}

}  // namespace cloudpos::chaos
