#include "libs/journal/chain.h"

namespace cloudpos::journal {

Hash ChainHashOf(std::uint64_t n, const Hash& previous, const Hash& payload_hash) {
  std::array<char, 8> number;
  for (std::size_t i = 0; i < number.size(); ++i) {
    number[i] = static_cast<char>(n >> (56 - 8 * i));
  }
  Sha256 sha;
  sha.Update("posjournal/1\n");
  sha.Update(std::string_view(number.data(), number.size()));
  sha.Update(previous);
  sha.Update(payload_hash);
  return sha.Finish();
}

Hash ChainHash(std::uint64_t n, const Hash& previous, std::string_view payload) {
  return ChainHashOf(n, previous, Sha256Of(payload));
}

}  // namespace cloudpos::journal
