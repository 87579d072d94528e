#include "gateway/program.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/linked_protos.h"
#include "gateway/openapi.h"
#include "gateway/settings.h"
#include "gateway/tls_certificates.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/redis/redis.h"
#include "libs/rpc/client.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/signals.h"

namespace cloudpos::gateway {
namespace {

constexpr std::chrono::milliseconds kExchangePeriod{100};
constexpr std::chrono::seconds kHealthPeriod{1};

/// Asks every upstream for its health each second.
class HealthWatch {
 public:
  explicit HealthWatch(Upstreams* upstreams) : thread_([this, upstreams] { Loop(upstreams); }) {}
  ~HealthWatch() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Loop(Upstreams* upstreams) {
    std::unique_lock lock(mutex_);
    do {
      for (const auto& [name, upstream] : *upstreams) upstream->CheckHealth();
    } while (!changed_.wait_for(lock, kHealthPeriod, [this] { return is_stopping_; }));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;

absl::StatusOr<Channels> ConnectAll(const Settings& settings) {
  Channels channels;
  for (const auto& [service, address] : settings.addresses) {
    CLOUDPOS_ASSIGN_OR_RETURN(channels[service], rpc::Connect(service, address, settings.tls));
  }
  return channels;
}

absl::StatusOr<std::shared_ptr<TlsCertificates>> LoadCertificates(const Settings& settings,
                                                                  const base::Clock& clock) {
  if (settings.http_certificate.empty()) return nullptr;
  return TlsCertificates::Load(settings.http_certificate, settings.http_key, clock);
}

/// Blocks until the process is asked to end.
void WaitForStop() {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_asked = false;
  const rpc::StopListener listener([&] {
    const std::lock_guard lock(mutex);
    is_asked = true;
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&is_asked] { return is_asked; });
}

absl::Status Serve(const Settings& settings, const RouteTable& routes) {
  const base::SystemClock clock;
  CLOUDPOS_ASSIGN_OR_RETURN(const auto metrics_endpoint,
                            metrics::Endpoint::Listen(settings.metrics_listen));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto redis, redis::Client::Create({.url = settings.redis_url}));
  CLOUDPOS_ASSIGN_OR_RETURN(const Channels channels, ConnectAll(settings));
  const auto identity = channels.find(settings.identity_service);
  if (identity == channels.end()) {
    return absl::InvalidArgumentError("CLOUDPOS_IDENTITY_SERVICE names no service with routes: " +
                                      settings.identity_service);
  }
  token::Verifier verifier(clock);
  const rpc::IdentityFeed feed({.auth = identity->second,
                                .state_dir = settings.state_dir,
                                .clock = &clock,
                                .verifier = &verifier});
  Upstreams upstreams;
  for (const auto& [service, channel] : channels) {
    upstreams[service] = std::make_unique<Upstream>(service, channel, settings.admission, clock);
  }
  const HealthWatch health(&upstreams);
  RateLimiter limiter(clock, redis.get());
  limiter.StartExchange(kExchangePeriod);
  Site site({.web_root = settings.web_root,
             .docs_root = settings.docs_root,
             .openapi = MakeOpenApi(routes),
             .has_keys = [&feed] { return feed.has_keys(); },
             .upstreams = &upstreams});
  Gateway gateway(settings.gateway, {.routes = &routes,
                                     .verifier = &verifier,
                                     .upstreams = &upstreams,
                                     .limiter = &limiter,
                                     .site = &site,
                                     .clock = &clock});
  CLOUDPOS_ASSIGN_OR_RETURN(auto certificates, LoadCertificates(settings, clock));
  HttpServer server({.listen = settings.http_listen,
                     .threads = settings.threads,
                     .limits = settings.limits,
                     .tls = std::move(certificates),
                     .clock = &clock},
                    &gateway);
  CLOUDPOS_RETURN_IF_ERROR(server.Start());
  log::Info("serving", {{"listen", settings.http_listen}, {"routes", routes.routes().size()}});
  WaitForStop();
  log::Info("draining");
  server.Stop(settings.drain);
  return absl::OkStatus();
}

absl::StatusOr<RouteTable> Routes() { return RouteTable::Build(LinkedProtoFiles()); }

int Failed(const absl::Status& status) {
  std::fprintf(stderr, "cloudpos-gateway: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace

int Run(config::Reader* reader) {
  const auto routes = Routes();
  if (!routes.ok()) return Failed(routes.status());
  const auto settings = ReadSettings(reader, routes->Services());
  if (!settings.ok()) return Failed(settings.status());
  log::Init("gateway", log::ParseLevel(settings->log_level));
  const absl::Status status = Serve(*settings, *routes);
  if (!status.ok()) return Failed(status);
  log::Info("stopped");
  return 0;
}

int PrintRoutes() {
  const auto routes = Routes();
  if (!routes.ok()) return Failed(routes.status());
  std::fputs(routes->Print().c_str(), stdout);
  return 0;
}

int PrintOpenApi() {
  const auto routes = Routes();
  if (!routes.ok()) return Failed(routes.status());
  std::fputs(MakeOpenApi(*routes).c_str(), stdout);
  return 0;
}

int PrintConfig() {
  const auto routes = Routes();
  if (!routes.ok()) return Failed(routes.status());
  config::Reader reader({});
  // Every value is missing here; only the table that reading makes is wanted.
  (void)ReadSettings(&reader, routes->Services());
  std::fputs(config::FormatTable(reader.settings()).c_str(), stdout);
  return 0;
}

}  // namespace cloudpos::gateway
