#pragma once

// A service's program in one call, so that its main.cc is a list:
//
//   int main(int argc, char** argv) {
//     return cloudpos::service::Main(argc, argv, {
//         .name = "inventory",
//         .migrations = {events::Migrations(), {"inventory", &inventory::Migrations()}},
//         .schema_version = 3,
//         .peers = {"auth", "transaction"},
//         .make = [] { return std::make_unique<inventory::InventoryService>(); },
//     });
//   }
//
// Main reads the settings, opens pools, keeps tokens verifiable, applies migrations when started
// with --migrate, serves until SIGTERM and drains.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/config/config.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"
#include "libs/redis/redis.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"
#include "libs/token/token.h"

namespace cloudpos::service {

/// What the program offers to its service; lives longer than the service.
class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual const std::string& name() const = 0;
  /// Requests: role <name>_rw, row-level security, as many connections as workers.
  virtual pg::Pool& pool() = 0;
  /// Consumers, feed, reapers: role <name>_worker, few connections.
  virtual pg::Pool& worker_pool() = 0;
  virtual redis::Client& redis() = 0;
  virtual const redis::Options& redis_options() const = 0;
  virtual const base::Clock& clock() const = 0;
  virtual base::IdSource& ids() = 0;
  virtual token::Verifier& verifier() = 0;
  /// A channel to one of Spec::peers.
  virtual std::shared_ptr<grpc::Channel> channel(std::string_view peer) = 0;
  /// Where Start adds its methods.
  virtual rpc::Server& server() = 0;
  /// A folder of the service's own that survives restarts.
  virtual const std::string& state_dir() const = 0;
};

/// The service itself. Main calls Configure, Start and Stop once each, in this order.
class Service {
 public:
  virtual ~Service() = default;

  /// Reads settings of its own; those every service has are read already.
  virtual void Configure(config::Reader&) {}
  /// Builds handlers, adds their methods, starts consumers and reapers. Must not need a peer,
  /// the database or Redis to answer: they may come later.
  virtual absl::Status Start(Runtime& runtime) = 0;
  /// Beyond what is checked for every service (database answers, schema is new enough, keys known).
  virtual bool IsReady() { return true; }
  /// The server has drained: stops consumers and reapers.
  virtual void Stop() {}
};

struct Spec {
  std::string name{};  // "inventory": schema, roles, certificate, metrics
  /// In this order; the last is the service's own.
  std::vector<pg::MigrationSet> migrations{};
  /// Lowest version of the last set that this program can work on; 0 = the newest it carries.
  int schema_version = 0;
  std::vector<std::string> peers{};  // services it calls
  /// Handlers that run at once by default: more where they mostly wait (for the next batch).
  int workers = 8;
  /// True for auth alone: it feeds the verifier itself instead of asking auth.
  bool is_identity_source = false;
  std::function<std::unique_ptr<Service>()> make{};
};

/// The program: [--migrate | --print-config | --version | --probe liveness|readiness|startup].
/// Answers the exit code.
int Main(int argc, char** argv, const Spec& spec);

}  // namespace cloudpos::service
