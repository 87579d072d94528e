#include "services/auth/domain/staff.h"

#include "libs/base/status_macros.h"
#include "services/auth/domain/fields.h"

namespace cloudpos::auth {

absl::StatusOr<StaffMember> Apply(const StaffMember& staff, const StaffChange& change) {
  StaffMember changed = staff;
  if (change.display_name) {
    CLOUDPOS_RETURN_IF_ERROR(CheckName(*change.display_name, "displayName"));
    changed.display_name = *change.display_name;
  }
  if (change.email && change.email->empty()) {
    changed.email.clear();
  } else if (change.email) {
    CLOUDPOS_ASSIGN_OR_RETURN(changed.email, NormalizeEmail(*change.email, "email"));
  }
  if (change.active) changed.active = *change.active;
  return changed;
}

}  // namespace cloudpos::auth
