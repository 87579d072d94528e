#pragma once

// A fuzz target: one function that takes bytes as an attacker would send them and throws when
// something that must always hold does not. entry.cc gives it to libFuzzer, corpus_test.cc feeds it
// the kept inputs in the ordinary tests.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cloudpos::fuzz {

struct Target {
  void (*run)(std::string_view input);
  /// Makes an input anew out of `seed`; nullptr: libFuzzer's own mutations are enough.
  std::string (*invent)(std::string_view input, unsigned seed) = nullptr;
};

extern const Target kHttp;
extern const Target kJson;
extern const Target kToken;
extern const Target kRoute;
extern const Target kPricing;
extern const Target kJournal;

/// `detail` is what one needs to see when it does not hold.
inline void Check(bool holds, std::string_view what, std::string_view detail = {}) {
  if (!holds) throw std::logic_error(std::string(what) + "\n" + std::string(detail));
}

}  // namespace cloudpos::fuzz
