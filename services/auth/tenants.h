#pragma once

// Making a tenant with what every tenant has.

#include <string_view>

#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/domain/organisation.h"

namespace cloudpos::auth {

/// The tenant of `./pos replay`: always the same id, and a slug nobody else can have.
constexpr std::string_view kReplaySlug = "replay";
base::Uuid ReplayTenantId();

/// The tenant, its slug, its built-in roles, its event. A slug that is taken: ALREADY_EXISTS.
absl::Status CreateTenant(pg::Tx& tx, const Deps& deps, const Actor& actor, const Tenant& tenant);

}  // namespace cloudpos::auth
