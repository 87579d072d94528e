#pragma once

// Rows told field by field, either as a 64-bit sum or in words. Sums of rows are added up, so that
// two sets of rows can be compared in any order and without keeping one: equal sets have equal
// sums. Only then words are made, of the few that differ.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "libs/base/ids.h"

namespace cloudpos::chaos {

__extension__ using Uint128 = unsigned __int128;

/// Spreads 128 bits of product over 64: good enough where nobody makes collisions on purpose.
inline uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<Uint128>(a ^ 0x9e3779b97f4a7c15u) * (b | 1);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashOf(std::string_view bytes) {
  uint64_t hash = 0xa0761d6478bd642f ^ bytes.size();
  size_t at = 0;
  uint64_t word = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::memcpy(&word, bytes.data() + at, 8);
    hash = Mix(hash ^ word, 0xe7037ed1a0b428db);
  }
  word = 0;
  std::memcpy(&word, bytes.data() + at, bytes.size() - at);
  return Mix(Mix(hash ^ word, 0x8ebc6af09c88c6e3), 0x589965cc75374cc3);
}

/// The fields' names do not count, their order does.
class Sum {
 public:
  void operator()(const char*, int64_t value) { Add(static_cast<uint64_t>(value)); }
  void operator()(const char*, int value) { Add(static_cast<uint64_t>(int64_t{value})); }
  void operator()(const char*, bool value) { Add(value ? 1 : 0); }
  void operator()(const char*, std::string_view value) { Add(HashOf(value)); }
  void operator()(const char*, const base::Uuid& id) {
    uint64_t halves[2];
    std::memcpy(halves, id.bytes().data(), sizeof halves);
    Add(halves[0]);
    Add(halves[1]);
  }
  uint64_t value() const { return Mix(state_, 0x1d8e4e27c47d124f); }

 private:
  void Add(uint64_t word) { state_ = Mix(state_ ^ word, 0xe7037ed1a0b428db) + 0x94d049bb133111eb; }
  uint64_t state_ = 0;
};

/// "name=value name=value"; what is zero, false, empty or nil is left out.
class Words {
 public:
  void operator()(const char* name, int64_t value) {
    if (value != 0) Put(name, std::to_string(value));
  }
  void operator()(const char* name, int value) { (*this)(name, int64_t{value}); }
  void operator()(const char* name, bool value) {
    if (value) Put(name, "yes");
  }
  void operator()(const char* name, std::string_view value) {
    if (!value.empty()) Put(name, value);
  }
  void operator()(const char* name, const base::Uuid& id) {
    if (!id.is_nil()) Put(name, id.ToString());
  }
  const std::string& text() const { return text_; }

 private:
  void Put(const char* name, std::string_view value) {
    if (!text_.empty()) text_ += ' ';
    text_.append(name).append("=").append(value);
  }
  std::string text_;
};

template <typename T>
uint64_t SumOf(const T& thing) {
  Sum sum;
  Tell(thing, sum);
  return sum.value();
}

template <typename T>
std::string WordsOf(const T& thing) {
  Words words;
  Tell(thing, words);
  return words.text();
}

/// Of two texts made by Words, the words that only one of them has: "total=5 instead of total=6".
std::string Difference(std::string_view found, std::string_view expected);

}  // namespace cloudpos::chaos
