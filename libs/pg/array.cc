#include "libs/pg/array.h"

#include <charconv>

#include "libs/base/encoding.h"
#include "libs/pg/text.h"

namespace cloudpos::pg {

void Array::Separate() {
  if (!elements_.empty()) elements_.push_back(',');
}

void Array::Add(std::string_view text) {
  Separate();
  AppendElement(text, &elements_);
}

void Array::Add(const base::Uuid& id) {
  Separate();
  id.AppendTo(&elements_);
}

void Array::Add(bool value) {
  Separate();
  elements_.push_back(value ? 't' : 'f');
}

void Array::AddNumber(int64_t value) {
  Separate();
  char digits[24];
  elements_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

void Array::AddNull() {
  Separate();
  elements_.append("NULL");
}

void Array::AddBytes(std::string_view bytes) {
  Separate();
  elements_.append("\"\\\\x");
  base::AppendHex(bytes, &elements_);
  elements_.push_back('"');
}

}  // namespace cloudpos::pg
