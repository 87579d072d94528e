#pragma once

// Values on their way to PostgreSQL.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/pg/array.h"

namespace cloudpos::pg {

/// Bytes bound as bytea (std::string and string_view bind as text).
struct Bytes {
  std::string value;
};

/// JSON text bound as it is; a type of its own so that call sites say what they pass.
struct Json {
  std::string value;
};

/// One bound value; everything travels as text, bytea as hex. NULL for nullopt and nullptr.
class Param {
 public:
  Param(std::nullptr_t) : is_null_(true) {}
  Param(std::nullopt_t) : is_null_(true) {}
  Param(std::string_view text) : text_(text) {}
  Param(const std::string& text) : text_(text) {}
  Param(std::string&& text) : text_(std::move(text)) {}
  Param(const char* text) : text_(text) {}
  Param(bool value) : text_(value ? "t" : "f") {}
  template <typename Int>
  requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>) Param(Int value)
      : text_(std::to_string(value)) {}
  Param(const base::Uuid& id) : text_(id.ToString()) {}
  Param(absl::Time time);
  Param(absl::CivilDay day);
  Param(const Bytes& bytes);
  Param(const Json& json) : text_(json.value) {}
  /// PostgreSQL array literals: '{...}', elements quoted and escaped as needed.
  Param(const std::vector<int64_t>& values);
  Param(const std::vector<int32_t>& values);
  Param(const std::vector<bool>& values);
  Param(const std::vector<std::string>& values);
  Param(const std::vector<base::Uuid>& values);
  Param(const std::vector<Bytes>& values);
  Param(const Array& array) : text_(array.Text()) {}
  /// Arrays with NULL elements.
  Param(const std::vector<std::optional<std::string>>& values);
  Param(const std::vector<std::optional<int64_t>>& values);
  Param(const std::vector<std::optional<base::Uuid>>& values);
  template <typename T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(nullptr)) {}

  const char* c_str() const { return is_null_ ? nullptr : text_.c_str(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool is_null_ = false;
};

}  // namespace cloudpos::pg
