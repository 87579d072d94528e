#pragma once

// The auth service: its settings, handlers and background work, put together.

#include <memory>
#include <string>
#include <vector>

#include "libs/events/events.h"
#include "libs/service/service.h"
#include "services/auth/audit_handler.h"
#include "services/auth/auth_handler.h"
#include "services/auth/context.h"
#include "services/auth/enrolment_handler.h"
#include "services/auth/identity_handler.h"
#include "services/auth/identity_state.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/periodic.h"
#include "services/auth/staff_handler.h"

namespace cloudpos::auth {

const std::vector<pg::Migration>& Migrations();

/// Services whose audit rows are collected here.
inline const std::vector<std::string> kAuditedServices = {"inventory", "transaction"};

class AuthService final : public service::Service {
 public:
  void Configure(config::Reader& reader) override;
  absl::Status Start(service::Runtime& runtime) override;
  bool IsReady() override;
  void Stop() override;

 private:
  absl::Status LoadKeys(service::Runtime& runtime);
  void StartBackground(service::Runtime& runtime);

  struct Settings {
    std::string signing_key;
    std::string retired_keys_file;
    std::string bootstrap_secret;
    HashOptions hash;
    Rules rules;
  } settings_;

  std::unique_ptr<token::Signer> signer_;
  std::unique_ptr<PasswordHasher> hasher_;
  std::unique_ptr<IdentityState> identity_;
  std::unique_ptr<events::Doorbell> doorbell_;
  std::unique_ptr<events::Feed> feed_;
  Deps deps_{};
  AuthHandler auth_{deps_};
  OrganisationHandler organisation_{deps_};
  EnrolmentHandler enrolment_{deps_};
  StaffHandler staff_{deps_};
  AuditHandler audit_{deps_};
  IdentityHandler identity_handler_{deps_};
  OperatorHandler operator_{deps_};
  std::vector<std::unique_ptr<events::Consumer>> collectors_;
  std::unique_ptr<Periodic> sweeper_;
  std::unique_ptr<Periodic> bootstrap_watch_;
};

}  // namespace cloudpos::auth
