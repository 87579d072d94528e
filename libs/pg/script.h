#pragma once

// SQL scripts as text.

#include <string>
#include <string_view>
#include <vector>

namespace cloudpos::pg {

/// `sql` with each {{schema}} replaced.
std::string WithSchema(std::string_view sql, std::string_view schema);

/// True when line 1 is "-- no-transaction".
bool IsNoTransaction(std::string_view sql);

/// The statements of a script, without the semicolons between them; knows quotes, dollar quotes and
/// comments. Needed where each must be sent alone (CREATE INDEX CONCURRENTLY).
std::vector<std::string> SplitStatements(std::string_view sql);

}  // namespace cloudpos::pg
