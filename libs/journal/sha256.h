// SHA-256 (FIPS 180-4), standard library only, for code that also runs in WebAssembly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloudpos::journal {

using Hash = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  void Update(std::string_view bytes);
  void Update(const Hash& hash);
  Hash Finish();  // the object may not be used afterwards

 private:
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t size_ = 0;
};

Hash Sha256Of(std::string_view bytes);

// Lower-case hex, 64 digits for a Hash.
std::string ToHex(std::string_view bytes);
std::string ToHex(const Hash& hash);
// False unless `hex` is an even number of lower-case hex digits.
bool ParseHex(std::string_view hex, std::string* bytes);
// False unless `hex` is 64 lower-case hex digits.
bool ParseHash(std::string_view hex, Hash* hash);

}  // namespace cloudpos::journal
