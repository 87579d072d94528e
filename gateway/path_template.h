#pragma once

// Path templates of google.api.http: "/v1/toys/{toy_id}:break", "/v1/{name=shops/*/toys/*}",
// "/v1/**".

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cloudpos::gateway {

struct PathTemplate {
  struct Segment {
    enum class Kind { kLiteral, kOne, kRest };
    Kind kind;
    std::string literal;
  };
  struct Variable {
    std::string field;  // as in the proto: "toy.toy_id"
    size_t begin;       // segments [begin, end)
    size_t end;
  };
  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // after the colon; may be empty

  /// INVALID_ARGUMENT naming what is wrong.
  static absl::StatusOr<PathTemplate> Parse(std::string_view text);
};

}  // namespace cloudpos::gateway
