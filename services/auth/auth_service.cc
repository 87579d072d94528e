#include "services/auth/auth_service.h"

#include <fstream>
#include <set>
#include <sstream>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/events/payload.h"
#include "libs/log/log.h"
#include "services/auth/bootstrap.h"
#include "services/auth/feed.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {
namespace {

constexpr std::chrono::seconds kSweepEvery{60};
constexpr std::chrono::seconds kWatchEvery{5};
constexpr int kSweepRows = 1000;
constexpr size_t kSecretMin = 32;         // characters: 128 bits as hex
constexpr size_t kSecretDistinctMin = 8;  // fewer is somebody's placeholder

absl::Duration Seconds(int64_t seconds) { return absl::Seconds(seconds); }

/// Refuses what nobody should run with: short secrets and obvious placeholders.
absl::Status CheckSecret(std::string_view name, const std::string& secret) {
  const std::set<char> distinct(secret.begin(), secret.end());
  if (secret.size() >= kSecretMin && distinct.size() >= kSecretDistinctMin) {
    return absl::OkStatus();
  }
  return base::Fail(common::v1::INVALID_ARGUMENT,
                    std::string(name) + " must hold 32 random characters or more.");
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return base::Fail(common::v1::INVALID_ARGUMENT, "Cannot read " + path + ".");
  return text.str();
}

void Sweep(const Deps& deps, pg::Pool& worker) {
  while (true) {
    const auto deleted = DeleteExpired(worker, deps.clock->Now(), kSweepRows);
    if (!deleted.ok()) {
      log::Warn("sweep failed", {{"cause", std::string(deleted.status().message())}});
      return;
    }
    if (*deleted < kSweepRows) return;
  }
}

}  // namespace

void AuthService::Configure(config::Reader& reader) {
  settings_.signing_key = reader.SecretFile(
      "CLOUDPOS_SIGNING_KEY_FILE", "Ed25519 private key (PKCS#8 PEM) that signs access tokens");
  settings_.retired_keys_file = reader.OptionalPath(
      "CLOUDPOS_RETIRED_KEYS_FILE",
      "JSON Web Key Set of further public keys to accept: retired ones and the next one");
  settings_.bootstrap_secret = reader.SecretFile(
      "CLOUDPOS_BOOTSTRAP_SECRET_FILE", "One-time secret that makes the first administrator");
  settings_.hash.pepper = reader.SecretFile("CLOUDPOS_PASSWORD_PEPPER_FILE",
                                            "Key mixed into passwords before they are hashed");
  settings_.hash.operations = static_cast<unsigned long long>(
      reader.Int("CLOUDPOS_PASSWORD_PASSES", 3, {2, 20}, "Argon2id passes"));
  settings_.hash.memory_bytes =
      1024 * static_cast<size_t>(reader.Int("CLOUDPOS_PASSWORD_MEMORY_KIB", 19456, {19456, 1048576},
                                            "Argon2id memory per hash"));
  settings_.hash.concurrent = static_cast<int>(
      reader.Int("CLOUDPOS_PASSWORD_HASHERS", 2, {1, 16}, "Passwords hashed at once"));
  settings_.rules.session.life = Seconds(
      reader.Int("CLOUDPOS_SESSION_LIFE_S", 43200, {300, 86400}, "Life of a session from sign-in"));
  settings_.rules.session.idle =
      Seconds(reader.Int("CLOUDPOS_SESSION_IDLE_S", 7200, {60, 86400},
                         "A session that is not refreshed for so long is over"));
  settings_.rules.session.access_token =
      Seconds(reader.Int("CLOUDPOS_ACCESS_TOKEN_S", 600, {30, 600}, "Life of an access token"));
  settings_.rules.lockout.failures =
      static_cast<int>(reader.Int("CLOUDPOS_LOCKOUT_FAILURES", 5, {3, 100},
                                  "Failed sign-ins in a row that bring the first delay"));
  settings_.rules.lockout.first_delay = Seconds(reader.Int(
      "CLOUDPOS_LOCKOUT_FIRST_S", 30, {1, 900}, "First delay; each further failure doubles it"));
  settings_.rules.lockout.delay_max =
      Seconds(reader.Int("CLOUDPOS_LOCKOUT_MAX_S", 900, {1, 3600}, "Longest delay"));
}

absl::Status AuthService::LoadKeys(service::Runtime& runtime) {
  CLOUDPOS_RETURN_IF_ERROR(
      CheckSecret("CLOUDPOS_BOOTSTRAP_SECRET_FILE", settings_.bootstrap_secret));
  CLOUDPOS_RETURN_IF_ERROR(CheckSecret("CLOUDPOS_PASSWORD_PEPPER_FILE", settings_.hash.pepper));
  CLOUDPOS_ASSIGN_OR_RETURN(auto signer, token::Signer::FromPem(settings_.signing_key));
  signer_ = std::make_unique<token::Signer>(std::move(signer));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string retired, ReadAll(settings_.retired_keys_file));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string jwks, MergeJwks(signer_->PublicJwk(), retired));
  CLOUDPOS_RETURN_IF_ERROR(runtime.verifier().SetKeys(jwks));
  identity_ =
      std::make_unique<IdentityState>(IdentityState::Options{.worker_pool = &runtime.worker_pool(),
                                                             .clock = &runtime.clock(),
                                                             .verifier = &runtime.verifier(),
                                                             .jwks = jwks});
  return absl::OkStatus();
}

absl::Status AuthService::Start(service::Runtime& runtime) {
  CLOUDPOS_RETURN_IF_ERROR(LoadKeys(runtime));
  hasher_ = std::make_unique<PasswordHasher>(settings_.hash);
  doorbell_ = std::make_unique<events::Doorbell>(&runtime.redis(), "auth");
  feed_ = std::make_unique<events::Feed>(events::FeedOptions{.producer = "auth",
                                                             .pool = &runtime.worker_pool(),
                                                             .clock = &runtime.clock(),
                                                             .page_query = nullptr,
                                                             .snapshot = SendSnapshot});
  deps_ = {.pool = &runtime.pool(),
           .clock = &runtime.clock(),
           .ids = &runtime.ids(),
           .signer = signer_.get(),
           .hasher = hasher_.get(),
           .identity = identity_.get(),
           .doorbell = doorbell_.get(),
           .rules = settings_.rules,
           .bootstrap_secret = settings_.bootstrap_secret,
           .state_dir = runtime.state_dir(),
           .device_secret = base::HmacSha256(settings_.hash.pepper, "cloudpos-devices/1")};
  rpc::Server& server = runtime.server();
  server.Add(auth_.Methods());
  server.Add(organisation_.Methods());
  server.Add(enrolment_.Methods());
  server.Add(staff_.Methods());
  server.Add(audit_.Methods());
  server.Add(identity_handler_.Methods());
  server.Add(operator_.Methods());
  server.Add(feed_->Methods());
  StartBackground(runtime);
  return absl::OkStatus();
}

void AuthService::StartBackground(service::Runtime& runtime) {
  identity_->Start();
  pg::Pool* worker = &runtime.worker_pool();
  sweeper_ = std::make_unique<Periodic>(kSweepEvery, [this, worker] { Sweep(deps_, *worker); });
  bootstrap_watch_ = std::make_unique<Periodic>(kWatchEvery, [this, done = false]() mutable {
    if (!done) done = WatchBootstrap(deps_).value_or(false);
  });
  for (const std::string& producer : kAuditedServices) {
    collectors_.push_back(std::make_unique<events::Consumer>(events::ConsumerOptions{
        .consumer = "auth",
        .producer = producer,
        .channel = runtime.channel(producer),
        .pool = worker,
        .redis = runtime.redis_options(),
        .clock = &runtime.clock(),
        // All sales go by here for the sake of a few rows, which may be a second late.
        .pace = std::chrono::seconds(1),
        .apply =
            [this](pg::Tx& tx, const std::vector<events::Event>& events) {
              return CollectAudit(tx, events, deps_.clock->Now());
            },
        .event_types = events::TypesOf<v1::AuditRecorded>(),
        // Rows kept stay; what a producer lost for good must not stop what comes after.
        .cursor_name = {},
        .start_from_snapshot = false,
        .on_resync = [](pg::Tx&) { return absl::OkStatus(); }}));
    collectors_.back()->Start();
  }
}

bool AuthService::IsReady() { return identity_->Current() != nullptr; }

void AuthService::Stop() {
  collectors_.clear();
  bootstrap_watch_.reset();
  sweeper_.reset();
  if (identity_ != nullptr) identity_->Stop();
  feed_.reset();
}

}  // namespace cloudpos::auth
