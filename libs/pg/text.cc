#include "libs/pg/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "libs/base/encoding.h"

namespace cloudpos::pg {
namespace {

// Reads exactly `digits` digits at `at`; -1 when they are not there.
int Digits(std::string_view text, size_t at, size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

constexpr std::array<bool, 256> SpecialCharacters() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("{}\",\\ \t\n\r\v\f")) table[static_cast<uint8_t>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kIsSpecial = SpecialCharacters();

bool NeedsQuotes(std::string_view element) {
  if (element.empty()) return true;
  if (element.size() == 4 && (element[0] == 'N' || element[0] == 'n')) return true;  // NULL
  return std::any_of(element.begin(), element.end(),
                     [](char c) { return kIsSpecial[static_cast<uint8_t>(c)]; });
}

// Reads the element at *at, which ends before a comma or the closing brace.
bool ParseElement(std::string_view text, size_t* at, std::optional<std::string>* out) {
  std::string element;
  const bool quoted = text[*at] == '"';
  if (quoted) {
    for (++*at; *at < text.size() && text[*at] != '"'; ++*at) {
      if (text[*at] == '\\') ++*at;
      if (*at >= text.size()) return false;
      element.push_back(text[*at]);
    }
    if (*at >= text.size()) return false;
    ++*at;
  } else {
    const size_t end = text.find_first_of(",}", *at);
    if (end == std::string_view::npos || end == *at) return false;
    element.assign(text.substr(*at, end - *at));
    if (element.find_first_of("{\"") != std::string::npos) return false;
    *at = end;
  }
  if (!quoted && element == "NULL") {
    out->reset();
  } else {
    *out = std::move(element);
  }
  return true;
}

}  // namespace

std::string FormatTimestamp(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%E4Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

std::string FormatDay(absl::CivilDay day) { return absl::FormatCivilTime(day); }

std::optional<absl::Time> ParseTimestamp(std::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  if (text.size() < 22 || text[10] != ' ' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto day = ParseDay(text.substr(0, 10));
  const int hour = Digits(text, 11, 2);
  const int minute = Digits(text, 14, 2);
  const int second = Digits(text, 17, 2);
  if (!day || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  int64_t micros = 0;
  size_t at = 19;
  if (text[at] == '.') {
    int64_t scale = 100'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      micros += (text[at] - '0') * scale;
    }
  }
  if (text.substr(at) != "+00") return std::nullopt;
  const absl::CivilSecond civil(day->year(), day->month(), day->day(), hour, minute, second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) + absl::Microseconds(micros);
}

std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  return absl::CivilDay(year, month, day);
}

std::string FormatBytes(std::string_view bytes) {
  std::string text = "\\x";
  base::AppendHex(bytes, &text);
  return text;
}

std::optional<std::string> ParseBytes(std::string_view text) {
  if (!text.starts_with("\\x")) return std::nullopt;
  return base::HexDecode(text.substr(2));
}

void AppendElement(std::string_view element, std::string* out) {
  if (!NeedsQuotes(element)) {
    out->append(element);
    return;
  }
  out->push_back('"');
  size_t copied = 0;  // runs between characters that need a backslash go at once
  for (size_t i = 0; i < element.size(); ++i) {
    if (element[i] != '"' && element[i] != '\\') continue;
    out->append(element, copied, i - copied);
    out->push_back('\\');
    copied = i;
  }
  out->append(element, copied);
  out->push_back('"');
}

std::optional<std::vector<std::optional<std::string>>> ParseArray(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  std::vector<std::optional<std::string>> elements;
  if (text.size() == 2) return elements;
  size_t at = 0;
  while (text[at] != '}') {
    ++at;  // the opening brace or a comma
    if (at >= text.size()) return std::nullopt;
    if (!ParseElement(text, &at, &elements.emplace_back())) return std::nullopt;
    if (at >= text.size() || (text[at] != ',' && text[at] != '}')) return std::nullopt;
  }
  if (at + 1 != text.size()) return std::nullopt;
  return elements;
}

}  // namespace cloudpos::pg
