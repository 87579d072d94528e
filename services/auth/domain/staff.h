#pragma once

// People. Their rights are in grants.h, their passwords never leave store_staff and the hasher.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace cloudpos::auth {

struct StaffMember {
  base::Uuid tenant_id;
  base::Uuid staff_id;
  int64_t version = 1;
  std::string display_name;
  std::string email;  // normalised; empty = cannot sign in
  bool active = true;
  bool password_change_required = false;
  absl::Time not_before = absl::UnixEpoch();  // tokens issued earlier do not count
  absl::Time created_at;
  absl::Time updated_at;
};

struct StaffChange {
  std::optional<std::string> display_name;
  std::optional<std::string> email;
  std::optional<bool> active;
};

/// `staff` with the change applied and checked; the e-mail address is normalised.
absl::StatusOr<StaffMember> Apply(const StaffMember& staff, const StaffChange& change);

struct Session {
  base::Uuid tenant_id;
  base::Uuid session_id;
  base::Uuid staff_id;
  absl::Time created_at;
  absl::Time last_used_at;
  absl::Time expires_at;
  std::string client_ip;
  std::string user_agent;
};

}  // namespace cloudpos::auth
