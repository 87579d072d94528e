#pragma once

// The one place where what PostgreSQL says becomes an absl::Status.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cloudpos::pg {

/// The code in PostgreSQL's error text in verbose form ("ERROR:  23505: ..."); empty when there is
/// none. libpqxx 6 keeps it for some of its exceptions only.
std::string_view SqlStateIn(std::string_view message);

/// `message` as above; its first line is kept for the log, never for users. `query` names the
/// statement.
absl::Status StatusOfSqlError(std::string_view sqlstate, std::string_view message,
                              std::string_view query);

/// The connection broke or could not be made.
absl::Status StatusOfLostConnection(std::string_view message, std::string_view query);

/// PostgreSQL's first line for people who run migrations; never for users.
std::string MessageOf(const absl::Status& status);

/// Adds the mark that IsOutcomeUnknown reads.
absl::Status MarkOutcomeUnknown(absl::Status status);

/// True when the session is over with this error, or its prepared statements are of no more use.
bool EndsSession(std::string_view sqlstate);
/// Serialization failure or deadlock: the same transaction may succeed the next time.
bool IsRollbackSqlState(std::string_view sqlstate);

}  // namespace cloudpos::pg
