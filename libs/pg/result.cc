#include <charconv>
#include <cstring>
#include <pqxx/pqxx>

#include "libs/log/log.h"
#include "libs/pg/pg.h"
#include "libs/pg/text.h"

namespace cloudpos::pg {
namespace internal {
namespace {

template <typename Int>
bool DecodeInt(std::string_view text, Int* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename T>
bool DecodeElement(const std::optional<std::string>& element, T* out) {
  return element && Decode(*element, out);
}

template <typename T>
bool DecodeElement(const std::optional<std::string>& element, std::optional<T>* out) {
  if (!element) return true;  // NULL
  return Decode(*element, &out->emplace());
}

template <typename T>
bool DecodeArray(std::string_view text, std::vector<T>* out) {
  const auto elements = ParseArray(text);
  if (!elements) return false;
  out->clear();
  out->reserve(elements->size());
  for (const auto& element : *elements) {
    T value{};
    if (!DecodeElement(element, &value)) return false;
    out->push_back(std::move(value));
  }
  return true;
}

template <typename T>
bool Take(std::optional<T> parsed, T* out) {
  if (!parsed) return false;
  *out = *std::move(parsed);
  return true;
}

}  // namespace

bool Decode(std::string_view text, bool* out) {
  *out = text == "t";
  return text == "t" || text == "f";
}

bool Decode(std::string_view text, int32_t* out) { return DecodeInt(text, out); }
bool Decode(std::string_view text, int64_t* out) { return DecodeInt(text, out); }

bool Decode(std::string_view text, std::string* out) {
  out->assign(text);
  return true;
}

bool Decode(std::string_view text, std::string_view* out) {
  *out = text;
  return true;
}

bool Decode(std::string_view text, Json* out) {
  out->value.assign(text);
  return true;
}

bool Decode(std::string_view text, base::Uuid* out) { return Take(base::Uuid::Parse(text), out); }
bool Decode(std::string_view text, absl::Time* out) { return Take(ParseTimestamp(text), out); }
bool Decode(std::string_view text, absl::CivilDay* out) { return Take(ParseDay(text), out); }
bool Decode(std::string_view text, Bytes* out) { return Take(ParseBytes(text), &out->value); }

bool Decode(std::string_view text, std::vector<bool>* out) { return DecodeArray(text, out); }
bool Decode(std::string_view text, std::vector<int32_t>* out) { return DecodeArray(text, out); }
bool Decode(std::string_view text, std::vector<int64_t>* out) { return DecodeArray(text, out); }
bool Decode(std::string_view text, std::vector<std::string>* out) {
  return DecodeArray(text, out);
}
bool Decode(std::string_view text, std::vector<base::Uuid>* out) { return DecodeArray(text, out); }
bool Decode(std::string_view text, std::vector<Bytes>* out) { return DecodeArray(text, out); }
bool Decode(std::string_view text, std::vector<std::optional<std::string>>* out) {
  return DecodeArray(text, out);
}
bool Decode(std::string_view text, std::vector<std::optional<int64_t>>* out) {
  return DecodeArray(text, out);
}
bool Decode(std::string_view text, std::vector<std::optional<base::Uuid>>* out) {
  return DecodeArray(text, out);
}

void BadColumn(std::string_view column, const char* what) {
  log::Error("column misread: a bug in the query or its reader",
             {{"column", column}, {"problem", what}});
  std::abort();
}

}  // namespace internal

const char* Row::Text(std::string_view column, size_t* size) const {
  const auto& rows = *result_;
  const int columns = static_cast<int>(rows.columns());
  // Readers mostly take columns in the order selected: the search goes on where the last one ended.
  int at = next_column_;
  for (int tried = 0; tried < columns; ++tried, ++at) {
    if (at >= columns) at = 0;
    const char* name = rows.column_name(static_cast<pqxx::row_size_type>(at));
    if (column != name) continue;
    next_column_ = at + 1;
    const pqxx::field field(rows[static_cast<pqxx::result_size_type>(index_)],
                            static_cast<pqxx::row_size_type>(at));
    if (field.is_null()) return nullptr;
    *size = field.size();
    return field.c_str();
  }
  internal::BadColumn(column, "does not exist");
}

bool Row::is_null(std::string_view column) const {
  size_t size = 0;
  return Text(column, &size) == nullptr;
}

Result::Result() = default;
Result::Result(std::shared_ptr<const pqxx::result> result) : result_(std::move(result)) {}

size_t Result::size() const { return result_ == nullptr ? 0 : result_->size(); }
size_t Result::affected() const { return result_ == nullptr ? 0 : result_->affected_rows(); }

}  // namespace cloudpos::pg
