#include "services/auth/identity_state.h"

#include <set>
#include <vector>

#include "boost/json.hpp"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/log/log.h"
#include "services/auth/convert.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {

IdentityState::IdentityState(Options options) : options_(std::move(options)) {
  const absl::Status status = options_.verifier->SetKeys(options_.jwks);
  if (!status.ok()) {
    log::Error("own keys are unusable", {{"cause", std::string(status.message())}});
    std::abort();
  }
}

void IdentityState::Start() {
  reader_ = std::make_unique<Periodic>(std::chrono::seconds(1), [this] {
    const bool is_readable = Refresh().ok();
    if (is_readable == was_readable_) return;
    was_readable_ = is_readable;
    if (is_readable) {
      log::Info("revocations can be read again");
    } else {
      log::Warn("revocations cannot be read");
    }
  });
}

void IdentityState::Poke() {
  if (reader_ != nullptr) reader_->Poke();
}

absl::Status IdentityState::Refresh() {
  // The time before the read: what is revoked after it may be missing.
  const absl::Time as_of = options_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(const token::Revocations revocations,
                            SelectRevocations(*options_.worker_pool, as_of));
  options_.verifier->SetRevocations(revocations);
  auto answer = std::make_shared<v1::GetIdentityResponse>();
  answer->set_jwks(options_.jwks);
  for (const base::Uuid& session : revocations.sessions) {
    answer->add_revoked_sessions(session.ToString());
  }
  for (const auto& subject : revocations.subjects) {
    v1::SubjectNotBefore* entry = answer->add_subjects();
    entry->set_subject_id(subject.subject.ToString());
    base::SetTime(subject.not_before, entry->mutable_not_before());
  }
  base::SetTime(as_of, answer->mutable_as_of());
  const std::lock_guard lock(mutex_);
  current_ = std::move(answer);
  return absl::OkStatus();
}

std::shared_ptr<const v1::GetIdentityResponse> IdentityState::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

absl::StatusOr<std::string> MergeJwks(const std::string& signing_jwk, const std::string& more) {
  std::vector<std::string> jwks{signing_jwk};
  if (more.empty()) return token::MakeJwks(jwks);
  const absl::Status bad = base::Fail(common::v1::INVALID_ARGUMENT,
                                      "The file of retired keys is not a JSON Web Key Set.");
  boost::json::error_code error;
  const boost::json::value set = boost::json::parse(more, error);
  if (error || !set.is_object()) return bad;
  const boost::json::value* keys = set.get_object().if_contains("keys");
  if (keys == nullptr || !keys->is_array()) return bad;
  std::set<std::string> seen{boost::json::serialize(boost::json::parse(signing_jwk))};
  for (const boost::json::value& key : keys->get_array()) {
    const std::string text = boost::json::serialize(key);
    if (seen.insert(text).second) jwks.push_back(text);
  }
  return token::MakeJwks(jwks);
}

}  // namespace cloudpos::auth
