#include "tests/chaos/harness/dice.h"

#include <array>

#include "libs/base/ids.h"

namespace cloudpos::chaos {

std::string Dice::Id(int64_t millis) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  const uint64_t high = Next();
  const uint64_t low = Next();
  bytes[6] = static_cast<uint8_t>(0x70 | (high & 0x0f));
  bytes[7] = static_cast<uint8_t>(high >> 8);
  for (size_t i = 8; i < 16; ++i) bytes[i] = static_cast<uint8_t>(low >> (8 * (i - 8)));
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));
  return base::Uuid(bytes).ToString();
}

}  // namespace cloudpos::chaos
