#pragma once

// The suite under test: its processes, as the machine sees them, and its database, as a superuser
// sees it.

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "libs/rpc/tls.h"
#include "tests/chaos/harness/command.h"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

/// Names of the suite's processes, as supervisor has them.
extern const std::vector<std::string> kServices;   // with gRPC: auth, inventory, ...
extern const std::vector<std::string> kProcesses;  // and gateway, postgres, redis

struct SuiteOptions {
  std::string state;    // folder
  int shift = 0;        // of all ports
  std::string pos;      // the command ./pos
  std::string faults;   // folder of libs/faults' switches
  std::string scripts;  // folder of *.sql
};

class Suite {
 public:
  explicit Suite(SuiteOptions options);

  const SuiteOptions& options() const { return options_; }
  /// Of the process itself, not of a proxy before it.
  int port(std::string_view process) const;
  std::string address(const std::string& service) const;
  rpc::TlsFiles operator_tls() const;
  /// Connection string of the superuser.
  std::string admin_dsn() const;
  std::string owner_dsn_file(const std::string& service) const;
  pg::Pool& sql() { return *pool_; }

  /// 0 when it does not run. Finds the program that the state folder holds.
  pid_t Pid(std::string_view process) const;
  /// Whether it is one of this suite's PostgreSQL.
  bool IsPostgres(pid_t pid) const;
  /// PostgreSQL's, all of them.
  std::vector<pid_t> PostgresPids() const;
  absl::Status Signal(std::string_view process, int signal) const;
  /// It answers, and says that it can serve.
  bool IsReady(const std::string& process);
  /// The gateway says that all parts are ready.
  bool IsServing() const;
  /// supervisorctl WORDS...
  absl::Status Ctl(std::vector<std::string> words) const;
  /// ./pos WORDS...
  absl::Status Pos(std::vector<std::string> words, Micros limit) const;

  /// One of the scripts, as superuser.
  absl::Status Script(const std::string& name) const;
  /// Every consumer has read what its producers had written before the call. (A cursor at the end
  /// of a log may lie beyond its last event.)
  bool HasCaughtUp();
  /// One word to Redis: its answer's first line.
  std::string Redis(const std::string& command) const;

 private:
  bool GatewayAnswers(const std::string& path) const;

  const SuiteOptions options_;
  std::string redis_password_;
  std::unique_ptr<pg::Pool> pool_;
};

}  // namespace cloudpos::chaos
