// The compression function of SHA-256. Internal to libs/journal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cloudpos::journal {

using Sha256State = std::array<std::uint32_t, 8>;

extern const std::array<std::uint32_t, 64> kSha256Round;

// Takes `count` blocks of 64 bytes into `state` (FIPS 180-4 section 6.2.2).
void CompressPortable(const std::uint8_t* blocks, std::size_t count, Sha256State* state);

// The same by the processor's own instructions, seven times as fast. Only if HasShaInstructions().
bool HasShaInstructions();
void CompressNative(const std::uint8_t* blocks, std::size_t count, Sha256State* state);

}  // namespace cloudpos::journal
