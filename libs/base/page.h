#pragma once

// Pages of lists: the size asked for, and the opaque token that says where the next one begins.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cloudpos::base {

/// `otherwise` for 0; OUT_OF_RANGE beyond 1..most.
absl::StatusOr<int> PageSize(int32_t asked, int most = 200, int otherwise = 50);

/// The sort key of the last row of a page, as texts. `list` names the list and whatever else the
/// token must not outlive (its filters).
std::string MakePageToken(std::string_view list, const std::vector<std::string>& key);
/// The key, of `parts` texts, or an empty vector for an empty token; INVALID_PAGE_TOKEN otherwise.
absl::StatusOr<std::vector<std::string>> ParsePageToken(std::string_view token,
                                                        std::string_view list, size_t parts);
/// What a token of ours that does not hold what it should is answered with.
absl::Status BadPageToken();

}  // namespace cloudpos::base
