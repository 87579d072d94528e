#pragma once

// Numbers from the bytes of an input, for targets that take no text. An input that is too short
// goes on with zeros, so that every input means something.

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace cloudpos::fuzz {

class Bytes {
 public:
  explicit Bytes(std::string_view input) : left_(input) {}

  bool empty() const { return left_.empty(); }
  uint8_t Byte() {
    if (left_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }
  bool Flip() { return (Byte() & 1) != 0; }
  /// 0 .. below - 1.
  int Below(int below) { return Byte() % below; }

  /// Any number, as many bytes long as its first byte says, so that small ones are as likely as
  /// large ones.
  int64_t Number() {
    const int size = Byte() % 9;
    uint64_t value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | Byte();
    return static_cast<int64_t>(value);
  }
  /// A number that lies within the bounds, unless one of 16 times, when it may be anything.
  int64_t Between(int64_t low, int64_t high) {
    const int64_t number = Number();
    if (Byte() % 16 == 15) return number;
    const auto range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return low + static_cast<int64_t>(range == 0 ? 0 : static_cast<uint64_t>(number) % range);
  }
  std::string_view Rest() const { return left_; }

 private:
  std::string_view left_;
};

}  // namespace cloudpos::fuzz
