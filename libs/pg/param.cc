#include "libs/pg/pg.h"
#include "libs/pg/text.h"

namespace cloudpos::pg {
namespace {

void AddTo(Array* array, const Bytes& value) { array->AddBytes(value.value); }
template <typename T>
void AddTo(Array* array, const T& value) {
  array->Add(value);
}

template <typename T>
std::string ArrayText(const std::vector<T>& values) {
  Array array;
  for (const auto& value : values) AddTo(&array, value);
  return array.Text();
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
  Array array;
  for (const bool value : values) array.Add(value);
  text_ = array.Text();
}

}  // namespace cloudpos::pg
