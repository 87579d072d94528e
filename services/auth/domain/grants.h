#pragma once

// Roles and what follows from them: the rights in a token, who may give what to whom. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/token/token.h"

namespace cloudpos::auth {

/// Roles every tenant has; their permissions follow the software.
enum class BuiltInRole { kNone, kAdmin, kManager, kCashier };

constexpr BuiltInRole kBuiltInRoles[] = {BuiltInRole::kAdmin, BuiltInRole::kManager,
                                         BuiltInRole::kCashier};

/// "admin", "manager", "cashier"; empty for kNone.
std::string_view BuiltInName(BuiltInRole role);
/// kNone for any other text.
BuiltInRole BuiltInByName(std::string_view name);
token::PermissionSet BuiltInPermissions(BuiltInRole role);
/// The id of a built-in role in a tenant: the same everywhere, made from both.
base::Uuid BuiltInRoleId(const base::Uuid& tenant, BuiltInRole role);
/// What `./pos replay` may do in its tenant.
token::PermissionSet ReplayPermissions();
/// What an enrolled device may do in its store, whoever is signed in.
token::PermissionSet DevicePermissions();

struct Role {
  base::Uuid tenant_id;
  base::Uuid role_id;
  int64_t version = 1;
  std::string name;
  BuiltInRole built_in = BuiltInRole::kNone;
  token::PermissionSet permissions;  // of a built-in role: BuiltInPermissions
  absl::Time created_at;
  absl::Time updated_at;
};

/// A role held in some stores.
struct RoleGrant {
  base::Uuid role_id;
  bool all_stores = false;
  std::vector<base::Uuid> store_ids;  // empty when all_stores
  token::PermissionSet permissions;   // the role's
};

constexpr size_t kGrantRolesMax = 20;
constexpr size_t kGrantStoresMax = 200;
/// Size of the grants in a token, as JSON (architecture section 5).
constexpr size_t kTokenGrantBytesMax = 2048;

/// The grants a token carries: one for the whole tenant, one for each group of stores with the same
/// rights beyond it.
std::vector<token::Grant> EffectiveGrants(const std::vector<RoleGrant>& held);

/// LIMIT_EXCEEDED when a token could not carry them.
absl::Status CheckTokenSize(const std::vector<token::Grant>& grants);

/// PERMISSION_DENIED when `given` holds a right, anywhere, that `giver` does not hold there.
absl::Status CheckMayGive(const token::Claims& giver, const std::vector<RoleGrant>& given);
/// The same for bare permissions, which may be given in any store later.
absl::Status CheckMayGive(const token::Claims& giver, const token::PermissionSet& given);

/// True when the person administers the tenant: the built-in role admin in every store.
bool IsAdministrator(const base::Uuid& tenant, const std::vector<RoleGrant>& held);

}  // namespace cloudpos::auth
