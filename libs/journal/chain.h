// The hash chain of a journal (features 5.13, architecture 6).
#pragma once

#include <cstdint>
#include <string_view>

#include "libs/journal/sha256.h"

namespace cloudpos::journal {

// h_0: what the first entry of a journal is chained to.
inline constexpr Hash kGenesis{};

// h_n = SHA256("posjournal/1\n" || u64be(n) || h_(n-1) || SHA256(payload_n)), n >= 1.
Hash ChainHash(std::uint64_t n, const Hash& previous, std::string_view payload);
// The same where the payload's own hash is known.
Hash ChainHashOf(std::uint64_t n, const Hash& previous, const Hash& payload_hash);

}  // namespace cloudpos::journal
