#pragma once

// The one error vocabulary: an absl::Status whose canonical code follows from a
// reason of common/v1/error.proto, with the field it is about and a hint, carried as payloads.
// libs/rpc turns it into google.rpc details on the wire, the gateway into problem+json.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cloudpos/common/v1/error.pb.h"

namespace cloudpos::base {

using common::v1::ErrorCode;

struct FieldViolation {
  std::string field;   // path in JSON names: "lines[2].quantityMilli"
  std::string detail;  // one safe sentence
};

struct ErrorInfo {
  ErrorCode code = common::v1::INTERNAL;
  std::string detail;  // one safe sentence for people; never internals
  std::vector<FieldViolation> fields;
  std::string hint;                                      // what to do about it; may be empty
  std::vector<std::pair<std::string, std::string>>
      data;  // machine-readable extras, e.g. {"head","17"}
  std::optional<std::chrono::milliseconds> retry_after;
};

/// A refusal with `code`; the canonical code is the one error.proto names for it.
absl::Status Fail(ErrorCode code, std::string_view detail);
/// The same about one field, e.g. Fail(OUT_OF_RANGE, "lines[2].quantityMilli", "must be 1 or
/// more").
absl::Status Fail(ErrorCode code, std::string_view field, std::string_view detail,
                  std::string_view hint = {});
absl::Status Fail(const ErrorInfo& info);

/// Reads back what Fail put in. A status made elsewhere yields the generic code of its canonical
/// code. What machines say (INTERNAL, UNKNOWN, UNAVAILABLE, DEADLINE_EXCEEDED and the like) is
/// replaced by a fixed sentence, and so is the text of Fail(INTERNAL, ...): status.message() keeps
/// it for the log.
ErrorInfo InfoOf(const absl::Status& status);

/// The reason of a status; ERROR_CODE_UNSPECIFIED for OK.
ErrorCode CodeOf(const absl::Status& status);

/// What error.proto says of a code.
struct Meaning {
  absl::StatusCode status;
  std::string title;
  int http_status;  // 0: follows from `status`
};
const Meaning& MeaningOf(ErrorCode code);

}  // namespace cloudpos::base
