#pragma once

// A rpc::CallContext for tests that call a handler's method directly, without a server.
//
//   testing::TestCall call(testing::ClaimsFor(tenant, {SALE_CREATE}));
//   handler.CreateSale(call, request, &response);

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/rpc/access.h"
#include "libs/rpc/server.h"

namespace cloudpos::testing {

/// Claims of a fresh person with `permissions` in `stores` (none: all stores of the tenant).
inline token::Claims ClaimsFor(const base::Uuid& tenant,
                               std::initializer_list<token::Permission> permissions,
                               std::vector<base::Uuid> stores = {}) {
  base::RandomIdSource ids;
  token::Grant grant{.stores = std::move(stores), .permissions = {}};
  for (const token::Permission p : permissions) grant.permissions.Add(p);
  const absl::Time now = base::SystemClock().Now();
  return {.tenant = tenant,
          .subject = ids.NewId(),
          .session = ids.NewId(),
          .device = std::nullopt,
          .grants = {std::move(grant)},
          .issued_at = now,
          .expires_at = now + token::kTokenLifeMax};
}

/// What a server would hand to a handler; public members are what a test may set or look at.
class TestCall final : public rpc::CallContext {
 public:
  TestCall() = default;
  explicit TestCall(token::Claims who, token::Permission permission = {})
      : claims_(std::move(who)), permission_(permission) {}

  const token::Claims& claims() const override { return claims_.value(); }
  bool has_claims() const override { return claims_.has_value(); }
  /// Checks the permission given to the constructor; without one coverage alone.
  absl::Status RequireStore(const base::Uuid& store) override {
    is_store_checked = true;
    return RequirePermission(permission_, store);
  }
  absl::Status RequirePermission(token::Permission permission, const base::Uuid& store) override {
    return rpc::CheckStore(claims(), permission, store);
  }
  void MarkStoresChecked() override { is_store_checked = true; }
  const std::string& peer() const override { return from_peer; }
  absl::Time deadline() const override { return until; }
  bool cancelled() const override { return is_cancelled; }
  const std::string& token() const override { return access_token; }
  const std::string& request_id() const override { return id; }
  const std::string& traceparent() const override { return trace; }
  const std::string& client_ip() const override { return ip; }
  const std::string& idempotency_key() const override { return key; }
  std::string header(std::string_view name) const override {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
  void SetReplayed() override { is_replayed = true; }
  void Note(std::string_view name, std::string_view value) override {
    notes[std::string(name)] = std::string(value);
  }

  std::string from_peer = "gateway";
  absl::Time until = base::SystemClock().Now() + absl::Seconds(30);
  std::string access_token, ip = "192.0.2.1", key;
  std::string id = "test-request";
  std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  std::map<std::string, std::string, std::less<>> headers;
  std::map<std::string, std::string, std::less<>> notes;
  bool is_cancelled = false;
  bool is_replayed = false;
  bool is_store_checked = false;

 private:
  std::optional<token::Claims> claims_;
  token::Permission permission_{};
};

}  // namespace cloudpos::testing
