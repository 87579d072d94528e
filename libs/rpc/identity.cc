#include "libs/rpc/identity.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/status.h"

namespace cloudpos::rpc {
namespace {

using auth::v1::GetIdentityRequest;
using auth::v1::GetIdentityResponse;

constexpr std::chrono::seconds kPeriod{2};
constexpr absl::Duration kFresh = absl::Seconds(60);
// The file is also written when only its age changed, so that a restart finds it fresh.
constexpr absl::Duration kSaveEvery = absl::Seconds(20);
constexpr char kMethod[] = "/cloudpos.auth.v1.IdentityService/GetIdentity";

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

// What counts in an answer: all but its time.
std::string Content(GetIdentityResponse answer) {
  answer.clear_as_of();
  return answer.SerializeAsString();
}

// Skips what is malformed: one bad id must not keep the other revocations out.
token::Revocations RevocationsOf(const GetIdentityResponse& answer) {
  token::Revocations revocations;
  for (const std::string& text : answer.revoked_sessions()) {
    if (const auto id = base::Uuid::Parse(text)) revocations.sessions.push_back(*id);
  }
  for (const auto& entry : answer.subjects()) {
    if (const auto id = base::Uuid::Parse(entry.subject_id())) {
      revocations.subjects.push_back({.subject = *id, .not_before = TimeOf(entry.not_before())});
    }
  }
  return revocations;
}

}  // namespace

struct IdentityFeed::Impl {
  explicit Impl(Options o) : options(std::move(o)), path(options.state_dir + "/identity.bin") {}

  void Load();
  void Save(const GetIdentityResponse& answer);
  absl::Status Apply(const GetIdentityResponse& answer);
  void Ask();
  void Run();
  absl::Duration Age() const { return options.clock->Now() - absl::FromUnixMillis(as_of_ms); }

  const Options options;
  const std::string path;
  std::atomic<bool> has_keys{false};
  std::atomic<int64_t> as_of_ms{0};
  prometheus::Gauge* age = nullptr;
  std::string saved;  // of the asking thread
  absl::Time saved_at = absl::InfinitePast();
  bool was_reachable = true;

  std::mutex mutex;
  std::condition_variable changed;
  bool is_stopping = false;
  std::thread thread;
};

absl::Status IdentityFeed::Impl::Apply(const GetIdentityResponse& answer) {
  CLOUDPOS_RETURN_IF_ERROR(options.verifier->SetKeys(answer.jwks()));
  options.verifier->SetRevocations(RevocationsOf(answer));
  // A clock ahead of ours must not make the list look fresh for longer.
  as_of_ms = absl::ToUnixMillis(std::min(TimeOf(answer.as_of()), options.clock->Now()));
  has_keys = true;
  return absl::OkStatus();
}

void IdentityFeed::Impl::Load() {
  std::ifstream file(path, std::ios::binary);
  if (!file) return;  // the first start
  std::ostringstream bytes;
  bytes << file.rdbuf();
  GetIdentityResponse answer;
  absl::Status status = answer.ParseFromString(bytes.str())
                            ? Apply(answer)
                            : absl::DataLossError("not what was written");
  if (status.ok()) {
    saved = Content(answer);
  } else {
    log::Warn("kept keys are unusable", {{"file", path}, {"cause", CauseOf(status)}});
  }
}

void IdentityFeed::Impl::Save(const GetIdentityResponse& answer) {
  std::string content = Content(answer);
  if (content == saved && options.clock->Now() < saved_at + kSaveEvery) return;
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    answer.SerializeToOstream(&file);
    if (!file.flush()) {
      log::Warn("keys cannot be kept", {{"file", fresh}});
      return;
    }
  }
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  if (error) {
    log::Warn("keys cannot be kept", {{"file", path}, {"cause", error.message()}});
    return;
  }
  saved = std::move(content);
  saved_at = options.clock->Now();
}

void IdentityFeed::Impl::Ask() {
  GetIdentityResponse answer;
  absl::Status status =
      Call(options.auth, kMethod, {.deadline = base::SystemClock().Now() + absl::Seconds(2)},
           GetIdentityRequest(), &answer);
  if (status.ok()) status = Apply(answer);
  if (status.ok()) Save(answer);
  if (status.ok() != was_reachable) {
    was_reachable = status.ok();
    if (status.ok()) {
      log::Info("auth answers again", {});
    } else {
      log::Warn("auth does not answer", {{"cause", CauseOf(status)}});
    }
  }
  if (age != nullptr) age->Set(has_keys ? absl::ToDoubleSeconds(Age()) : -1);
}

void IdentityFeed::Impl::Run() {
  std::unique_lock lock(mutex);
  while (!is_stopping) {
    lock.unlock();
    Ask();
    lock.lock();
    changed.wait_for(lock, kPeriod, [this] { return is_stopping; });
  }
}

IdentityFeed::IdentityFeed(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {
  if (!impl_->options.service.empty()) {
    impl_->age = &metrics::Gauge("cloudpos_" + impl_->options.service + "_identity_age_seconds",
                                 "Age of the revocation list; -1 without keys.");
  }
  impl_->Load();
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

IdentityFeed::~IdentityFeed() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
    impl_->changed.notify_all();
  }
  impl_->thread.join();
}

bool IdentityFeed::has_keys() const { return impl_->has_keys; }

bool IdentityFeed::is_fresh() const { return impl_->has_keys && impl_->Age() <= kFresh; }

}  // namespace cloudpos::rpc
