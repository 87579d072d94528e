#include "services/auth/domain/grants.h"

#include <algorithm>
#include <map>

#include "libs/base/error.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions
using token::PermissionSet;

// Namespace of ids derived from a tenant and a name; fixed for ever.
constexpr std::string_view kRoleSpace = "role:";

PermissionSet Of(std::initializer_list<Permission> list) {
  PermissionSet set;
  for (const Permission p : list) set.Add(p);
  return set;
}

PermissionSet All() {
  PermissionSet set;
  for (int number = Permission_MIN + 1; number <= Permission_MAX; ++number) {
    if (Permission_IsValid(number)) set.Add(static_cast<Permission>(number));
  }
  return set;
}

void AddAll(PermissionSet& into, const PermissionSet& from) {
  for (const Permission p : from.ToList()) into.Add(p);
}

bool Contains(const PermissionSet& outer, const PermissionSet& inner) {
  const auto list = inner.ToList();
  return std::all_of(list.begin(), list.end(), [&](Permission p) { return outer.Has(p); });
}

std::string NameOf(Permission p) {
  return Permission_descriptor()->FindValueByNumber(p)->options().GetExtension(permission_name);
}

absl::Status NotYours(Permission p) {
  return base::Fail(PERMISSION_DENIED, "grants",
                    "You do not hold " + NameOf(p) + " there yourself.");
}

}  // namespace

std::string_view BuiltInName(BuiltInRole role) {
  switch (role) {
    case BuiltInRole::kAdmin: return "admin";
    case BuiltInRole::kManager: return "manager";
    case BuiltInRole::kCashier: return "cashier";
    case BuiltInRole::kNone: return "";
  }
  return "";
}

BuiltInRole BuiltInByName(std::string_view name) {
  for (const BuiltInRole role : kBuiltInRoles) {
    if (BuiltInName(role) == name) return role;
  }
  return BuiltInRole::kNone;
}

PermissionSet BuiltInPermissions(BuiltInRole role) {
  switch (role) {
    case BuiltInRole::kAdmin:
      return All();
    case BuiltInRole::kManager:
      return Of({STAFF_READ, ROLE_READ, STORE_READ, REGISTER_READ, REGISTER_WRITE, DEVICE_READ,
                 DEVICE_WRITE, AUDIT_READ, CATALOGUE_READ, CATALOGUE_WRITE, PRICE_WRITE, STOCK_READ,
                 STOCK_ADJUST, SALE_CREATE, SALE_READ, SALE_DISCOUNT_LINE, SALE_DISCOUNT_ORDER,
                 SALE_PRICE_OVERRIDE, SALE_VOID, RETURN_CREATE, RETURN_UNLINKED, JOURNAL_READ,
                 JOURNAL_UPLOAD, JOURNAL_RESOLVE, TAX_READ, REPORT_READ});
    case BuiltInRole::kCashier:
      return Of({STORE_READ, REGISTER_READ, DEVICE_READ, CATALOGUE_READ, STOCK_READ, SALE_CREATE,
                 SALE_READ, RETURN_CREATE, TAX_READ});
    case BuiltInRole::kNone:
      return {};
  }
  return {};
}

PermissionSet ReplayPermissions() {
  return Of({STORE_READ, REGISTER_READ, DEVICE_READ, CATALOGUE_READ, CATALOGUE_WRITE, PRICE_WRITE,
             STOCK_READ, STOCK_ADJUST, SALE_CREATE, SALE_READ, SALE_IMPORT, SALE_DISCOUNT_LINE,
             SALE_DISCOUNT_ORDER, SALE_PRICE_OVERRIDE, RETURN_CREATE, RETURN_UNLINKED, JOURNAL_READ,
             TAX_READ, TAX_WRITE, REPORT_READ});
}

PermissionSet DevicePermissions() {
  return Of({JOURNAL_UPLOAD, CATALOGUE_READ, STORE_READ, REGISTER_READ, TAX_READ});
}

base::Uuid BuiltInRoleId(const base::Uuid& tenant, BuiltInRole role) {
  return base::DeriveUuidV5(tenant, std::string(kRoleSpace) + std::string(BuiltInName(role)));
}

std::vector<token::Grant> EffectiveGrants(const std::vector<RoleGrant>& held) {
  PermissionSet everywhere;
  std::map<base::Uuid, PermissionSet> by_store;
  for (const RoleGrant& grant : held) {
    if (grant.all_stores) AddAll(everywhere, grant.permissions);
    for (const base::Uuid& store : grant.store_ids) AddAll(by_store[store], grant.permissions);
  }
  std::map<std::string, token::Grant> groups;  // by bit set, so that the order is fixed
  for (const auto& [store, permissions] : by_store) {
    if (Contains(everywhere, permissions)) continue;
    token::Grant& group = groups[permissions.ToBase64Url()];
    group.permissions = permissions;
    group.stores.push_back(store);
  }
  std::vector<token::Grant> grants;
  if (!everywhere.empty()) grants.push_back({.stores = {}, .permissions = everywhere});
  for (auto& [bits, grant] : groups) grants.push_back(std::move(grant));
  return grants;
}

absl::Status CheckTokenSize(const std::vector<token::Grant>& grants) {
  size_t bytes = 2;
  for (const token::Grant& grant : grants) {
    // {"s":["<36>",...],"p":"..."}, as libs/token writes it.
    bytes += 16 + grant.stores.size() * 39 + grant.permissions.ToBase64Url().size();
  }
  if (bytes <= kTokenGrantBytesMax) return absl::OkStatus();
  return base::Fail(LIMIT_EXCEEDED, "grants", "are too many different stores for one token",
                    "Grant the role in all stores, or in fewer of them.");
}

absl::Status CheckMayGive(const token::Claims& giver, const std::vector<RoleGrant>& given) {
  for (const RoleGrant& grant : given) {
    for (const Permission p : grant.permissions.ToList()) {
      if (giver.HasForTenant(p)) continue;
      const bool everywhere_needed = grant.all_stores;
      const bool ok = !everywhere_needed &&
                      std::all_of(grant.store_ids.begin(), grant.store_ids.end(),
                                  [&](const base::Uuid& s) { return giver.HasForStore(p, s); });
      if (!ok) return NotYours(p);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMayGive(const token::Claims& giver, const PermissionSet& given) {
  for (const Permission p : given.ToList()) {
    if (!giver.HasForTenant(p)) return NotYours(p);
  }
  return absl::OkStatus();
}

bool IsAdministrator(const base::Uuid& tenant, const std::vector<RoleGrant>& held) {
  const base::Uuid admin = BuiltInRoleId(tenant, BuiltInRole::kAdmin);
  return std::any_of(held.begin(), held.end(), [&](const RoleGrant& grant) {
    return grant.all_stores && grant.role_id == admin;
  });
}

}  // namespace cloudpos::auth
