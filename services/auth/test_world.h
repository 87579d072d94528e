#pragma once

// A ready auth service on a database of its own, for the tests of this folder.

#include <memory>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/testing/database.h"
#include "libs/token/token.h"
#include "services/auth/audit_handler.h"
#include "services/auth/auth_handler.h"
#include "services/auth/auth_service.h"
#include "services/auth/context.h"
#include "services/auth/domain/grants.h"
#include "services/auth/enrolment_handler.h"
#include "services/auth/identity_handler.h"
#include "services/auth/identity_state.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/staff_handler.h"

namespace cloudpos::auth {

/// A call as the server would make it, for handlers called directly.
class TestCall final : public rpc::CallContext {
 public:
  TestCall() = default;
  explicit TestCall(token::Claims claims) : claims_(std::move(claims)), has_claims_(true) {}

  const token::Claims& claims() const override { return claims_; }
  bool has_claims() const override { return has_claims_; }
  absl::Status RequireStore(const base::Uuid&) override { return absl::OkStatus(); }
  absl::Status RequirePermission(token::Permission, const base::Uuid&) override {
    return absl::OkStatus();
  }
  void MarkStoresChecked() override {}
  const std::string& peer() const override { return peer_; }
  absl::Time deadline() const override { return deadline_; }
  bool cancelled() const override { return false; }
  const std::string& token() const override { return empty_; }
  const std::string& request_id() const override { return request_id_; }
  const std::string& traceparent() const override { return empty_; }
  const std::string& client_ip() const override { return client_ip_; }
  const std::string& idempotency_key() const override { return empty_; }
  std::string header(std::string_view name) const override {
    return name == "user-agent" ? "test browser" : "";
  }
  void SetReplayed() override { is_replayed = true; }
  void Note(std::string_view, std::string_view) override {}

  bool is_replayed = false;

 private:
  token::Claims claims_;
  bool has_claims_ = false;
  std::string peer_ = "gateway";
  std::string request_id_ = "request-1";
  std::string client_ip_ = "192.0.2.7";
  std::string empty_;
  absl::Time deadline_ = base::SystemClock().Now() + absl::Minutes(1);
};

class World {
 public:
  World();
  ~World();

  static constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
  static constexpr char kPassword[] = "correct horse 1";

  /// The first administrator, signed in.
  v1::BootstrapAdminResponse Bootstrap(const std::string& email = "owner@example.com");
  absl::StatusOr<v1::SignInResponse> SignIn(const std::string& email, const std::string& password);
  absl::StatusOr<v1::RefreshSessionResponse> Refresh(const std::string& refresh_token);
  /// What an access token says; reads revocations first, as every second.
  absl::StatusOr<token::Claims> Verify(const std::string& access_token);
  /// A call with this token's claims, whether it still counts or not.
  TestCall As(const std::string& access_token);

  std::string NewId() { return ids.NewId().ToString(); }
  /// A store made by the holder of the token.
  v1::Store MakeStore(const std::string& access_token, const std::string& code);
  /// A person who can sign in with kPassword, holding a built-in role (in these stores, or in all).
  v1::StaffMember MakeStaff(const std::string& admin_token, const std::string& email,
                            BuiltInRole role, const std::vector<std::string>& stores = {});
  /// One number from the database, as superuser.
  int64_t Count(const std::string& sql);

  testing::Database database;
  pg::Pool pool;
  pg::Pool worker;
  base::FakeClock clock;
  base::RandomIdSource ids;
  token::Signer signer;
  token::Verifier verifier;
  PasswordHasher hasher;
  IdentityState identity;
  Deps deps;
  AuthHandler auth{deps};
  OrganisationHandler organisation{deps};
  EnrolmentHandler enrolment{deps};
  StaffHandler staff{deps};
  AuditHandler audit{deps};
  IdentityHandler identity_handler{deps};
  OperatorHandler operator_handler{deps};
};

}  // namespace cloudpos::auth
