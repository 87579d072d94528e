#include "services/reporting/rebuild.h"

#include <functional>
#include <thread>

#include "libs/base/status_macros.h"
#include "libs/config/service.h"
#include "libs/faults/faults.h"
#include "libs/log/log.h"
#include "libs/rpc/client.h"
#include "services/reporting/consumers.h"
#include "services/reporting/sets.h"

namespace cloudpos::reporting {
namespace {

constexpr absl::Duration kSnapshotTime = absl::Hours(2);
constexpr absl::Duration kCatchUpTime = absl::Minutes(1);
constexpr int kConnections = 2;
constexpr int kAttempts = 30;
// Emptying waits for readers of the old set; they are short, but never quite gone.
constexpr int kEmptyAttempts = 10;
constexpr std::chrono::seconds kEmptyPause{1};

/// Each step can be repeated: a build begins anew, what was applied is not applied twice, and a
/// switch that happened all the same (its answer was lost) finds nothing to switch.
absl::Status Patiently(std::chrono::milliseconds pause, const std::function<absl::Status()>& step) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) {
      log::Warn("the rebuild waits", {{"error", status.ToString()}});
      std::this_thread::sleep_for(pause);
    }
    status = step();
    const bool is_passing =
        pg::IsTransient(status) || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
    if (!is_passing || pg::IsOutcomeUnknown(status)) return status;
  }
  return status;
}

absl::Status EmptyOldSet(pg::Pool& pool) {
  absl::Status status;
  for (int attempt = 0; attempt < kEmptyAttempts; ++attempt) {
    status = EmptyIdleSet(pool);
    if (status.ok() || !pg::IsTransient(status)) return status;
    std::this_thread::sleep_for(kEmptyPause);
  }
  return status;
}

}  // namespace

absl::Status Rebuild(const RebuildOptions& options) {
  const base::Uuid build_id = options.ids->NewId();
  const base::SystemClock clock;  // of deadlines: real time
  CLOUDPOS_RETURN_IF_ERROR(
      Patiently(options.pause, [&] { return BeginBuild(*options.worker_pool, build_id); }));
  log::Info("rebuilding reports", {{"build", build_id.ToString()}});
  Consumers consumers({.auth = options.auth,
                       .inventory = options.inventory,
                       .transaction = options.transaction,
                       .worker_pool = options.worker_pool,
                       .clock = options.clock,
                       .target = {.build_id = build_id}});
  const absl::Time end = clock.Now() + kSnapshotTime;
  CLOUDPOS_RETURN_IF_ERROR(Patiently(options.pause, [&] { return consumers.CatchUp(end); }));
  // The snapshots took their time: once more, so that the switch loses nothing of what is shown.
  CLOUDPOS_RETURN_IF_ERROR(
      Patiently(options.pause, [&] { return consumers.CatchUp(clock.Now() + kCatchUpTime); }));
  FAIL_POINT("rebuild.before_switch");
  CLOUDPOS_RETURN_IF_ERROR(
      Patiently(options.pause, [&] { return FinishBuild(*options.worker_pool, build_id); }));
  log::Info("rebuilt reports are live", {{"build", build_id.ToString()}});
  const absl::Status emptied = EmptyOldSet(*options.worker_pool);
  if (!emptied.ok()) {
    // Room only: the next rebuild empties it, too.
    log::Warn("the old reports were not removed", {{"error", emptied.ToString()}});
  }
  return absl::OkStatus();
}

absl::Status RunRebuild(config::Values values) {
  config::Reader reader(std::move(values));
  const config::ServiceSettings settings = config::ReadServiceSettings(reader);
  const std::string auth = config::ReadPeerAddress(reader, "auth");
  const std::string inventory = config::ReadPeerAddress(reader, "inventory");
  const std::string transaction = config::ReadPeerAddress(reader, "transaction");
  CLOUDPOS_RETURN_IF_ERROR(reader.Finish());
  log::Init("reporting", log::ParseLevel(settings.log_level));
  const rpc::TlsFiles tls{
      .ca = settings.tls_ca, .certificate = settings.tls_certificate, .key = settings.tls_key};
  CLOUDPOS_ASSIGN_OR_RETURN(const auto to_auth, rpc::Connect("auth", auth, tls));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto to_inventory, rpc::Connect("inventory", inventory, tls));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto to_transaction,
                            rpc::Connect("transaction", transaction, tls));
  pg::Pool pool({.dsn = settings.pg_worker_dsn,
                 .application_name = "cloudpos-reporting-rebuild",
                 .connections = kConnections});
  const base::SystemClock clock;
  base::RandomIdSource ids;
  return Rebuild({.auth = events::RemoteSource(to_auth),
                  .inventory = events::RemoteSource(to_inventory),
                  .transaction = events::RemoteSource(to_transaction),
                  .worker_pool = &pool,
                  .clock = &clock,
                  .ids = &ids});
}

}  // namespace cloudpos::reporting
