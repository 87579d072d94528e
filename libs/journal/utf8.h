// UTF-8 as RFC 3629 defines it. Internal to libs/journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudpos::journal {

// Length of the well-formed sequence at the start of `bytes`: 1..4; 0 if there is none (overlong
// forms, surrogates, beyond U+10FFFF, cut short, empty).
std::size_t SequenceLength(std::string_view bytes);

// Writes a code point (no surrogate, <= U+10FFFF) as UTF-8 to `out`; answers its length.
std::size_t PutCodePoint(std::uint32_t code_point, char* out);

}  // namespace cloudpos::journal
