#include "libs/service/program.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/config/service.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/status.h"

namespace cloudpos::service {
namespace {

struct Settings {
  config::ServiceSettings service;
  std::map<std::string, std::string, std::less<>> peers;  // addresses
  int worker_pool = 4;  // connections: few, and never at the cost of requests
};

Settings ReadSettings(const Spec& spec, config::Reader& reader, Service& service) {
  Settings settings{.service = config::ReadServiceSettings(reader, spec.workers), .peers = {}};
  std::vector<std::string> peers = spec.peers;
  if (!spec.is_identity_source) peers.emplace_back("auth");
  for (const std::string& peer : peers) {
    if (!settings.peers.contains(peer)) settings.peers[peer] = ReadPeerAddress(reader, peer);
  }
  settings.worker_pool =
      static_cast<int>(reader.Int("CLOUDPOS_PG_WORKER_POOL", settings.worker_pool, {1, 50},
                                  "PostgreSQL connections for consumers, feed and reapers"));
  service.Configure(reader);
  return settings;
}

int VersionWanted(const Spec& spec) {
  if (spec.schema_version > 0 || spec.migrations.empty()) return spec.schema_version;
  const auto& all = *spec.migrations.back().migrations;
  return all.empty() ? 0 : all.back().version;
}

class ProgramImpl final : public Program, public Runtime {
 public:
  ProgramImpl(const Spec& spec, Settings settings, std::unique_ptr<Service> service)
      : spec_(spec),
        settings_(std::move(settings)),
        tls_{.ca = settings_.service.tls_ca,
             .certificate = settings_.service.tls_certificate,
             .key = settings_.service.tls_key},
        redis_options_{.url = settings_.service.redis_url},
        verifier_(clock_),
        service_(std::move(service)) {}

  ~ProgramImpl() override {
    server_.reset();  // drains
    if (is_started_) service_->Stop();
  }

  absl::Status Start();

  rpc::Server& server() override { return *server_; }
  void Wait() override {
    server_->Wait();
    service_->Stop();
    is_started_ = false;
  }
  void Stop() override { server_->Stop(); }

  const std::string& name() const override { return spec_.name; }
  pg::Pool& pool() override { return *pool_; }
  pg::Pool& worker_pool() override { return *worker_pool_; }
  redis::Client& redis() override { return *redis_; }
  const redis::Options& redis_options() const override { return redis_options_; }
  const base::Clock& clock() const override { return clock_; }
  base::IdSource& ids() override { return ids_; }
  token::Verifier& verifier() override { return verifier_; }
  std::shared_ptr<grpc::Channel> channel(std::string_view peer) override;
  const std::string& state_dir() const override { return settings_.service.state_dir; }

 private:
  absl::Status OpenStores();
  absl::Status ConnectPeers();
  void MakeServer();
  bool IsReady();
  bool IsSchemaNewEnough();

  const Spec spec_;
  const Settings settings_;
  const rpc::TlsFiles tls_;
  const redis::Options redis_options_;
  base::SystemClock clock_;
  base::RandomIdSource ids_;
  token::Verifier verifier_;
  std::unique_ptr<metrics::Endpoint> metrics_;
  std::unique_ptr<pg::Pool> pool_;
  std::unique_ptr<pg::Pool> worker_pool_;
  std::unique_ptr<redis::Client> redis_;
  std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>> channels_;
  std::unique_ptr<rpc::IdentityFeed> identity_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<rpc::Server> server_;  // goes first: its handlers use all of the above
  std::atomic<bool> is_schema_new_enough_{false};
  bool is_started_ = false;
};

absl::Status ProgramImpl::OpenStores() {
  const config::ServiceSettings& s = settings_.service;
  pool_ = std::make_unique<pg::Pool>(pg::PoolOptions{
      .dsn = s.pg_dsn, .application_name = "cloudpos-" + spec_.name, .connections = s.pg_pool});
  worker_pool_ = std::make_unique<pg::Pool>(
      pg::PoolOptions{.dsn = s.pg_worker_dsn,
                      .application_name = "cloudpos-" + spec_.name + "-worker",
                      .connections = settings_.worker_pool});
  CLOUDPOS_ASSIGN_OR_RETURN(redis_, redis::Client::Create(redis_options_));
  return absl::OkStatus();
}

absl::Status ProgramImpl::ConnectPeers() {
  for (const auto& [peer, address] : settings_.peers) {
    CLOUDPOS_ASSIGN_OR_RETURN(channels_[peer], rpc::Connect(peer, address, tls_));
  }
  if (spec_.is_identity_source) return absl::OkStatus();
  identity_ = std::make_unique<rpc::IdentityFeed>(
      rpc::IdentityFeed::Options{.service = spec_.name,
                                 .auth = channel("auth"),
                                 .state_dir = settings_.service.state_dir,
                                 .clock = &clock_,
                                 .verifier = &verifier_});
  return absl::OkStatus();
}

void ProgramImpl::MakeServer() {
  rpc::ServerDeps deps{.verifier = &verifier_, .clock = &clock_};
  deps.is_ready = [this] { return IsReady(); };
  if (identity_ != nullptr) {
    deps.is_identity_fresh = [this] { return identity_->is_fresh(); };
  }
  server_ = std::make_unique<rpc::Server>(rpc::ServerOptions{.name = spec_.name,
                                                             .listen = settings_.service.listen,
                                                             .tls = tls_,
                                                             .workers = settings_.service.workers,
                                                             .queue = settings_.service.queue},
                                          deps);
}

absl::Status ProgramImpl::Start() {
  CLOUDPOS_ASSIGN_OR_RETURN(metrics_, metrics::Endpoint::Listen(settings_.service.metrics_listen));
  CLOUDPOS_RETURN_IF_ERROR(OpenStores());
  CLOUDPOS_RETURN_IF_ERROR(ConnectPeers());
  MakeServer();
  is_started_ = true;
  CLOUDPOS_RETURN_IF_ERROR(service_->Start(*this));
  CLOUDPOS_RETURN_IF_ERROR(server_->Start());
  log::Info("serving", {{"listen", settings_.service.listen}});
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> ProgramImpl::channel(std::string_view peer) {
  const auto found = channels_.find(peer);
  // A peer that is missing in Spec::peers is missing on every machine: found at the first start.
  if (found == channels_.end()) {
    log::Error("channel to a peer that is not in the spec", {{"peer", peer}});
    std::abort();
  }
  return found->second;
}

bool ProgramImpl::IsReady() {
  // Under load every connection for requests may be busy: that is not a database that is away.
  const bool is_database_there = pool_->Ping() || worker_pool_->Ping();
  return is_database_there && IsSchemaNewEnough() &&
         (identity_ == nullptr || identity_->has_keys()) && service_->IsReady();
}

// Migrations only go forward: once is enough.
bool ProgramImpl::IsSchemaNewEnough() {
  const int wanted = VersionWanted(spec_);
  if (is_schema_new_enough_ || wanted == 0) return true;
  const auto version =
      pg::SchemaVersion(settings_.service.pg_dsn, spec_.name, spec_.migrations.back().name);
  if (version.ok() && *version >= wanted) {
    is_schema_new_enough_ = true;
  } else if (version.ok()) {
    log::Warn("schema is too old", {{"version", *version}, {"wanted", wanted}});
  } else {
    log::Warn("schema version is unknown", {{"cause", rpc::CauseOf(version.status())}});
  }
  return is_schema_new_enough_;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Program>> StartProgram(const Spec& spec, config::Values values) {
  std::unique_ptr<Service> service = spec.make();
  config::Reader reader(std::move(values));
  Settings settings = ReadSettings(spec, reader, *service);
  CLOUDPOS_RETURN_IF_ERROR(reader.Finish());
  log::Init(spec.name, log::ParseLevel(settings.service.log_level));
  auto program = std::make_unique<ProgramImpl>(spec, std::move(settings), std::move(service));
  CLOUDPOS_RETURN_IF_ERROR(program->Start());
  return program;
}

absl::Status RunMigrations(const Spec& spec, config::Values values) {
  config::Reader reader(std::move(values));
  const config::MigrateSettings settings = config::ReadMigrateSettings(reader);
  reader.Know(SettingsOf(spec));
  CLOUDPOS_RETURN_IF_ERROR(reader.Finish());
  log::Init(spec.name, log::ParseLevel(settings.log_level));
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Migrated migrated,
                            pg::Migrate(settings.pg_owner_dsn, spec.name, spec.migrations));
  log::Info("migrated", {{"applied", migrated.applied}, {"version", migrated.version}});
  return absl::OkStatus();
}

std::vector<config::Setting> SettingsOf(const Spec& spec) {
  config::Reader reader{config::Values()};
  ReadSettings(spec, reader, *spec.make());
  return reader.settings();
}

}  // namespace cloudpos::service
