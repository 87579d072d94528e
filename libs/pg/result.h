#pragma once

// Values on their way from PostgreSQL.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/pg/param.h"

namespace pqxx {
class result;
}  // namespace pqxx

namespace cloudpos::pg {

namespace internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// Reads PostgreSQL's text form of a value; false when `text` is not one. `out` of a string_view
/// points into `text`.
bool Decode(std::string_view text, bool* out);
bool Decode(std::string_view text, int32_t* out);
bool Decode(std::string_view text, int64_t* out);
bool Decode(std::string_view text, std::string* out);
bool Decode(std::string_view text, std::string_view* out);
bool Decode(std::string_view text, base::Uuid* out);
bool Decode(std::string_view text, absl::Time* out);
bool Decode(std::string_view text, absl::CivilDay* out);
bool Decode(std::string_view text, Bytes* out);
bool Decode(std::string_view text, Json* out);
bool Decode(std::string_view text, std::vector<bool>* out);
bool Decode(std::string_view text, std::vector<int32_t>* out);
bool Decode(std::string_view text, std::vector<int64_t>* out);
bool Decode(std::string_view text, std::vector<std::string>* out);
bool Decode(std::string_view text, std::vector<base::Uuid>* out);
bool Decode(std::string_view text, std::vector<Bytes>* out);
bool Decode(std::string_view text, std::vector<std::optional<std::string>>* out);
bool Decode(std::string_view text, std::vector<std::optional<int64_t>>* out);
bool Decode(std::string_view text, std::vector<std::optional<base::Uuid>>* out);

[[noreturn]] void BadColumn(std::string_view column, const char* what);

}  // namespace internal

/// A row of a Result; valid while the Result lives. A column that does not exist or does not hold a
/// T is a bug of ours and aborts with its name. Columns are found quickest in the order selected.
class Row {
 public:
  Row(const pqxx::result* result, size_t index) : result_(result), index_(index) {}

  bool is_null(std::string_view column) const;
  /// T: bool, int32_t, int64_t, std::string, std::string_view, base::Uuid, absl::Time,
  /// absl::CivilDay, Bytes, Json, a std::vector of bool, int32_t, int64_t, std::string, base::Uuid
  /// or Bytes (without NULLs, or of std::optional of string, int64_t or Uuid), or std::optional of
  /// one of them (nullopt for NULL).
  template <typename T>
  T Get(std::string_view column) const {
    size_t size = 0;
    const char* text = Text(column, &size);
    if constexpr (internal::IsOptional<T>::value) {
      if (text == nullptr) return std::nullopt;
      typename T::value_type value{};
      if (!internal::Decode({text, size}, &value)) internal::BadColumn(column, "has another type");
      return value;
    } else {
      T value{};
      if (text == nullptr) internal::BadColumn(column, "is NULL");
      if (!internal::Decode({text, size}, &value)) internal::BadColumn(column, "has another type");
      return value;
    }
  }

 private:
  const char* Text(std::string_view column, size_t* size) const;  // nullptr for NULL
  const pqxx::result* result_;
  size_t index_;
  mutable int next_column_ = 0;  // where the search for a name begins
};

class Result {
 public:
  Result();
  explicit Result(std::shared_ptr<const pqxx::result> result);
  size_t size() const;
  bool empty() const { return size() == 0; }
  Row operator[](size_t index) const { return Row(result_.get(), index); }
  /// Rows changed by INSERT, UPDATE or DELETE.
  size_t affected() const;

  class Iterator {
   public:
    Iterator(const Result* result, size_t index) : result_(result), index_(index) {}
    Row operator*() const { return (*result_)[index_]; }
    Iterator& operator++() { ++index_; return *this; }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }
   private:
    const Result* result_;
    size_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  std::shared_ptr<const pqxx::result> result_;
};

}  // namespace cloudpos::pg
