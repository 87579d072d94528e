#pragma once

// Array literals made element by element: for calls with many columns, where a vector of values per
// column would be copies of what is at hand anyway.
//
//   pg::Array names;
//   for (const Line& line : lines) names.Add(line.name);
//   tx.Exec(kInsertLines, names);

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "libs/base/ids.h"

namespace cloudpos::pg {

class Array {
 public:
  void Add(std::string_view text);
  void Add(const std::string& text) { Add(std::string_view(text)); }
  void Add(const char* text) { Add(std::string_view(text)); }
  void Add(const base::Uuid& id);
  void Add(bool value);
  template <typename Int>
  requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>) void Add(Int value) {
    AddNumber(static_cast<int64_t>(value));
  }
  /// NULL for nullopt.
  template <typename T>
  void Add(const std::optional<T>& value) {
    value ? Add(*value) : AddNull();
  }
  void AddNull();
  void AddBytes(std::string_view bytes);
  /// NULL for empty text.
  void AddOrNull(std::string_view text) { text.empty() ? AddNull() : Add(text); }

  bool empty() const { return elements_.empty(); }
  /// PostgreSQL's text form.
  std::string Text() const { return "{" + elements_ + "}"; }

 private:
  void AddNumber(int64_t value);
  void Separate();

  std::string elements_;
};

}  // namespace cloudpos::pg
