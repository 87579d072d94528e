#pragma once

// A try at a password: whether it may be made, and what a failure leaves behind. Counts per e-mail
// address, known or not, in the database, so that every replica sees it.

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "services/auth/changes.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

/// What failures are counted by.
std::string AccountHash(std::string_view email);

/// ACCOUNT_LOCKED with the time to wait while earlier failures delay this account.
absl::Status CheckMayTry(pg::Tx& tx, const std::string& account, absl::Time now);

/// Counts a failure; with an audit row where the person is known. Answers INVALID_CREDENTIALS,
/// always the same.
absl::Status RecordFailure(const Deps& deps, const rpc::CallContext& ctx,
                           const std::string& account, const std::optional<Actor>& person,
                           absl::Time now);

absl::Status InvalidCredentials();

}  // namespace cloudpos::auth
