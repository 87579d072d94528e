#pragma once

// Making a tenant with what every tenant has.

#include <string>
#include <string_view>

#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/domain/organisation.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

/// The tenant of `./pos replay`: always the same id, and a slug nobody else can have.
constexpr std::string_view kReplaySlug = "replay";
base::Uuid ReplayTenantId();

/// The tenant, its slug, its built-in roles, its event. A slug that is taken: ALREADY_EXISTS.
absl::Status CreateTenant(pg::Tx& tx, const Deps& deps, const Actor& actor, const Tenant& tenant);

/// A tenant and the person who is to administer it, as somebody asked for them.
struct Founding {
  std::string tenant_name;
  std::string tenant_slug;
  std::string email;  // CheckFounding makes it the form that is stored
  std::string password;
  std::string display_name;
};
/// How the request that asked calls the tenant's fields.
struct FoundingFields {
  std::string_view tenant_name;
  std::string_view tenant_slug;
};
/// FIELD_REQUIRED, INVALID_ARGUMENT or WEAK_PASSWORD naming the field.
absl::Status CheckFounding(Founding& founding, const FoundingFields& fields);

/// The administrator-to-be, with new ids for the tenant and the person.
StaffMember FounderOf(const Deps& deps, const Founding& founding, absl::Time now);

/// CreateTenant with its administrator, whose making is audited as `action`. ALREADY_EXISTS or
/// EMAIL_TAKEN for names in use.
absl::Status Found(pg::Tx& tx, const Deps& deps, const Actor& actor, const Founding& founding,
                   const StaffMember& founder, const std::string& password_hash,
                   std::string_view action);

}  // namespace cloudpos::auth
