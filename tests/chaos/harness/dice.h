#pragma once

// Randomness of a run: everything drawn follows from the seed (SplitMix64).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cloudpos::chaos {

class Dice {
 public:
  /// Streams of one seed are independent: each client, and the schedule, has its own.
  Dice(uint64_t seed, uint64_t stream) : state_(seed * 0x9e3779b97f4a7c15u + stream) { Next(); }

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// [low, high].
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  size_t Index(size_t size) { return static_cast<size_t>(Next() % size); }
  bool Percent(int chance) { return Between(1, 100) <= chance; }
  template <typename T>
  const T& Pick(const std::vector<T>& all) {
    return all[Index(all.size())];
  }
  template <typename T>
  void Shuffle(std::vector<T>* all) {
    for (size_t i = all->size(); i > 1; --i) std::swap((*all)[i - 1], (*all)[Index(i)]);
  }
  /// A UUIDv7-shaped id, of this stream alone: the same in every run of the seed but for `millis`.
  std::string Id(int64_t millis);

 private:
  uint64_t state_;
};

}  // namespace cloudpos::chaos
