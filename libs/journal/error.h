// The errors of libs/journal: a code and a place. No exceptions: runs in WebAssembly, too.
#pragma once

#include <cstdint>
#include <string_view>

namespace cloudpos::journal {

enum class ErrorCode : std::uint8_t {
  kOk = 0,
  kSyntax,        // not JSON, or a kind of value outside the subset (floats)
  kNotCanonical,  // JSON, but not the canonical form of it
  kBadUtf8,       // invalid UTF-8 or an unpaired surrogate
  kNumberRange,   // an integer beyond +-(2^53 - 1)
  kDuplicateKey,  // a key twice in one object
  kKeyOrder,      // the writer was given keys out of order
  kDepth,         // nested deeper than kMaxDepth, or brackets that do not match
  kTooLarge,      // text or value beyond a limit
  kMissingField,  // a required field is absent
  kWrongType,     // a field is of another type than its schema says
  kBadValue,      // a field's value is outside what its schema allows
  kBadChain,      // n is not the next number, or the hash is another than the entry's
  kBadSignature,  // a signature does not fit
  kBadTrailer,    // the last line is missing, or its counts, heads or digest differ
};

// UPPER_CASE name, e.g. "NOT_CANONICAL".
std::string_view ErrorName(ErrorCode code);

// What went wrong; `offset` is the byte it was noticed at, where that applies.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kOk;
  std::size_t offset = 0;

  bool ok() const { return code == ErrorCode::kOk; }
};

inline constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53) - 1;
inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kMaxTextBytes = 8u << 20;  // one document: the largest gRPC message

}  // namespace cloudpos::journal
