// Randomness of property tests: every run takes a new seed and prints it; POS_TEST_SEED=<seed>
// repeats a run exactly.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace cloudpos::testing {

// The seed of this process.
inline std::uint64_t Seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("POS_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "POS_TEST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return seed;
}

class Random {
 public:
  // `stream` keeps test cases apart, so that each can be repeated alone.
  explicit Random(std::uint64_t stream) : engine_(Seed() * 0x9e3779b97f4a7c15u + stream) {}

  // A number of [low, high].
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  std::size_t Index(std::size_t size) {
    return static_cast<std::size_t>(Between(0, static_cast<std::int64_t>(size) - 1));
  }
  // True once in `n`.
  bool OneIn(int n) { return Between(1, n) == 1; }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace cloudpos::testing
