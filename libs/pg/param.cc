#include "libs/pg/pg.h"
#include "libs/pg/text.h"

namespace cloudpos::pg {
namespace {

std::string ElementText(int64_t value) { return std::to_string(value); }
std::string ElementText(const base::Uuid& value) { return value.ToString(); }
std::string ElementText(const Bytes& value) { return FormatBytes(value.value); }
const std::string& ElementText(const std::string& value) { return value; }

template <typename T>
std::string ArrayText(const std::vector<T>& values) {
  std::string text = "{";
  for (const auto& value : values) {
    if (text.size() > 1) text.push_back(',');
    AppendElement(ElementText(value), &text);
  }
  text.push_back('}');
  return text;
}

template <typename T>
std::string ArrayText(const std::vector<std::optional<T>>& values) {
  std::string text = "{";
  for (const auto& value : values) {
    if (text.size() > 1) text.push_back(',');
    if (value) {
      AppendElement(ElementText(*value), &text);
    } else {
      text += "NULL";
    }
  }
  text.push_back('}');
  return text;
}

}  // namespace

Param::Param(absl::Time time) : text_(FormatTimestamp(time)) {}
Param::Param(absl::CivilDay day) : text_(FormatDay(day)) {}
Param::Param(const Bytes& bytes) : text_(FormatBytes(bytes.value)) {}
Param::Param(const std::vector<int64_t>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<int32_t>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<std::string>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<base::Uuid>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<Bytes>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<std::optional<std::string>>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<std::optional<int64_t>>& values) : text_(ArrayText(values)) {}
Param::Param(const std::vector<std::optional<base::Uuid>>& values) : text_(ArrayText(values)) {}

Param::Param(const std::vector<bool>& values) {
  text_.push_back('{');
  for (const bool value : values) {
    if (text_.size() > 1) text_.push_back(',');
    text_.push_back(value ? 't' : 'f');
  }
  text_.push_back('}');
}

}  // namespace cloudpos::pg
