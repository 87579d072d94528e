#pragma once

// What others learn of people: what they may do, and since when.

#include <vector>

#include "absl/status/status.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

v1::StaffRightsChanged RightsEvent(const StaffMember& staff, const std::vector<RoleGrant>& grants,
                                   absl::Time changed_at);

/// Tells what `staff` may do from `now` on.
absl::Status RecordRights(pg::Tx& tx, const Deps& deps, const Actor& actor,
                          const StaffMember& staff, const std::vector<RoleGrant>& grants,
                          absl::Time now);

/// The same for all of `holders`, as they are now: a role of theirs has changed.
absl::Status RecordRightsOf(pg::Tx& tx, const Deps& deps, const Actor& actor,
                            const std::vector<base::Uuid>& holders, absl::Time now);

}  // namespace cloudpos::auth
