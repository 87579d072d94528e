#include "libs/rpc/server.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "grpcpp/ext/health_check_service_server_builder_option.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/rpc/call.h"
#include "libs/rpc/metadata.h"
#include "libs/rpc/signals.h"
#include "libs/rpc/tuning.h"

namespace cloudpos::rpc {
namespace {

constexpr std::chrono::seconds kHealthPeriod{1};
// A token of 4 KiB, the trace and some forwarded headers.
constexpr int kMetadataBytesMax = 16 << 10;

class Dispatcher final : public grpc::CallbackGenericService {
 public:
  explicit Dispatcher(ServerCore* core) : core_(core) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    auto* call = new Call(core_, context);  // deletes itself in OnDone
    call->Begin();
    return call;
  }

 private:
  ServerCore* core_;
};

void ApplyLimits(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kMessageBytesMax);
  builder->SetMaxSendMessageSize(kMessageBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  // Room for everything that may run or wait, and for the refusals beyond.
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                              2 * (options.workers + options.queue + options.streams) + 64);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  // Clients look the name up again now and then, and so find replicas that came later.
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 600000);
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions o, ServerDeps d) : core(std::move(o), std::move(d)) {}

  absl::Status Listen();
  void WatchHealth();
  void ReportHealth(bool is_ready);
  void ReportCertificate();
  void Drain();

  ServerCore core;
  std::vector<MethodTable> tables;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::atomic<bool> was_ready{false};
  absl::Time certificate_read_at = absl::InfinitePast();  // of the health thread

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  bool is_stop_asked = false;
  bool is_drained = false;
  std::thread health;
  std::unique_ptr<StopListener> stop_listener;
};

Server::Server(ServerOptions options, ServerDeps deps)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(deps))) {
  TuneOnce();
}

Server::~Server() {
  Stop();
  if (impl_->server != nullptr) impl_->Drain();
}

void Server::Add(const MethodTable& table) { impl_->tables.push_back(table); }

absl::Status Server::Start() {
  ServerCore& core = impl_->core;
  if (core.deps.verifier == nullptr || core.deps.clock == nullptr) {
    return absl::FailedPreconditionError("the server needs a verifier and a clock");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(core.methods, BindMethods(core.options.name, impl_->tables));
  core.unknown_method = std::make_unique<MethodMetrics>(core.options.name, "unknown");
  std::string prefix = "cloudpos_" + core.options.name;
  std::replace(prefix.begin(), prefix.end(), '-', '_');
  core.in_flight = &metrics::Gauge(prefix + "_rpc_in_flight", "Calls begun and not yet answered.");
  core.queue_depth = &metrics::Gauge(prefix + "_rpc_queue_depth", "Calls that wait for a worker.");
  core.certificate_expiry = &metrics::Gauge(prefix + "_certificate_expiry_timestamp_seconds",
                                            "When this server's certificate ends.");
  core.workers =
      std::make_unique<WorkerPool>(core.real_clock, core.options.workers, core.options.queue);
  core.streams = std::make_unique<WorkerPool>(core.real_clock, core.options.streams, 0);
  CLOUDPOS_RETURN_IF_ERROR(impl_->Listen());
  impl_->health = std::thread([this] { impl_->WatchHealth(); });
  impl_->stop_listener = std::make_unique<StopListener>([this] { Stop(); });
  return absl::OkStatus();
}

absl::Status Server::Impl::Listen() {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto credentials, ServerCredentials(core.options.tls));
  grpc::EnableDefaultHealthCheckService(true);
  dispatcher = std::make_unique<Dispatcher>(&core);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(core.options.listen, credentials, &port);
  builder.RegisterCallbackGenericService(dispatcher.get());
  ApplyLimits(core.options, &builder);
  server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError("cannot listen on " + core.options.listen);
  }
  server->GetHealthCheckService()->SetServingStatus("liveness", true);
  ReportHealth(false);
  return absl::OkStatus();
}

void Server::Impl::ReportHealth(bool is_ready) {
  auto* service = server->GetHealthCheckService();
  was_ready = was_ready || is_ready;
  service->SetServingStatus("startup", was_ready);
  service->SetServingStatus("readiness", is_ready);
  service->SetServingStatus("", is_ready);
  for (const MethodTable& table : tables) service->SetServingStatus(table.service(), is_ready);
}

void Server::Impl::WatchHealth() {
  prometheus::Gauge& depth = *core.queue_depth;
  std::unique_lock lock(mutex);
  while (!is_stop_asked) {
    lock.unlock();
    const bool is_ready = !core.deps.is_ready || core.deps.is_ready();
    depth.Set(static_cast<double>(core.workers->depth()));
    ReportCertificate();
    if (!core.is_draining) ReportHealth(is_ready);
    lock.lock();
    changed.wait_for(lock, kHealthPeriod, [this] { return is_stop_asked; });
  }
}

void Server::Impl::ReportCertificate() {
  const absl::Time now = core.real_clock.Now();
  if (now < certificate_read_at + absl::Minutes(1)) return;
  certificate_read_at = now;
  const auto expiry = CertificateExpiry(core.options.tls);
  if (expiry.ok()) core.certificate_expiry->Set(static_cast<double>(absl::ToUnixSeconds(*expiry)));
}

int Server::port() const { return impl_->port; }

void Server::Stop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->is_stop_asked = true;
  impl_->changed.notify_all();
}

void Server::Wait() {
  {
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait(lock, [this] { return impl_->is_stop_asked; });
  }
  impl_->Drain();
}

void Server::Impl::Drain() {
  if (is_drained) return;
  is_drained = true;
  stop_listener.reset();
  core.is_draining = true;
  ReportHealth(false);
  log::Info("draining", {{"service", core.options.name}});
  // Refuses what is new, waits for what runs, cuts it off at the deadline.
  // tidy: allow banned: gRPC takes deadlines by this clock
  server->Shutdown(std::chrono::system_clock::now() + core.options.drain);
  core.workers->Stop();
  core.streams->Stop();
  health.join();
}

}  // namespace cloudpos::rpc
