#pragma once

// What came back, over either way in.

#include <string>
#include <string_view>

#include "libs/base/error.h"

namespace cloudpos::strangers {

struct Answer {
  base::ErrorCode code = common::v1::ERROR_CODE_UNSPECIFIED;  // unspecified: it was served
  std::string detail;                                         // of a refusal
  std::string field{};  // the first one it is about, as a path of the contract: "lines.variant_id"
  std::string text;     // all of it: what must not hold anything of others

  bool ok() const { return code == common::v1::ERROR_CODE_UNSPECIFIED; }
  bool IsNotFound() const;
  /// "NOT_FOUND there is no such store"
  std::string ToString() const;
};

/// "lines[0].variantId" -> "lines.variant_id".
std::string ContractPath(std::string_view json_path);

/// The same answer where ids and times are the same word: what remains tells two things apart.
std::string WithoutIds(const Answer& answer);

}  // namespace cloudpos::strangers
