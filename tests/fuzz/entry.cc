// What libFuzzer calls. FUZZ_TARGET is the one this program is for.

#include <algorithm>
#include <cstring>

#include "tests/fuzz/target.h"

using cloudpos::fuzz::FUZZ_TARGET;

extern "C" {

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FUZZ_TARGET.run({reinterpret_cast<const char*>(data), size});
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (FUZZ_TARGET.invent == nullptr || seed % 16 != 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const std::string input =
      FUZZ_TARGET.invent({reinterpret_cast<const char*>(data), size}, seed / 16);
  const size_t taken = std::min(input.size(), max_size);
  std::memcpy(data, input.data(), taken);
  return taken;
}

}  // extern "C"
