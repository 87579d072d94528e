#include "gateway/json_wellknown.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace cloudpos::gateway {
namespace {

constexpr int64_t kMinSeconds = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxSeconds = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315576000000;
constexpr int32_t kNanosPerSecond = 1000000000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Takes exactly `n` digits from the front of `text`.
std::optional<int> TakeDigits(std::string_view* text, size_t n) {
  if (text->size() < n) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!IsDigit((*text)[i])) return std::nullopt;
    value = value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(n);
  return value;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

/// ".123" -> 123000000; nothing there is 0; nullopt when malformed or longer than nine digits.
std::optional<int32_t> TakeFraction(std::string_view* text) {
  if (!Take(text, '.')) return 0;
  int32_t nanos = 0;
  int digits = 0;
  while (!text->empty() && IsDigit(text->front()) && digits < 9) {
    nanos = nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

/// Offset in seconds of "Z", "+01:00" ...; must be all that is left.
std::optional<int> TakeOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  std::string_view hours = text.substr(1, 2);
  std::string_view minutes = text.substr(4, 2);
  const auto h = TakeDigits(&hours, 2);
  const auto m = TakeDigits(&minutes, 2);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  return sign * (*h * 3600 + *m * 60);
}

void AppendFraction(int32_t nanos, std::string* out) {
  if (nanos == 0) return;
  int digits = 9;
  if (nanos % 1000000 == 0) {
    digits = 3;
    nanos /= 1000000;
  } else if (nanos % 1000 == 0) {
    digits = 6;
    nanos /= 1000;
  }
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), ".%0*d", digits, nanos);
  out->append(text.data());
}

void AppendTwo(unsigned value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10 % 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (IsDigit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

/// Whether `path` is names of letters and digits (and underscores) with dots between.
bool IsPath(std::string_view path) {
  char last = '.';
  for (const char c : path) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !IsDigit(c) && c != '_' && (c != '.' || last == '.')) return false;
    last = c;
  }
  return last != '.';
}

/// Whether a capital may follow `camel` in a path. No name begins with one and no two stand
/// together: readers differ on what that means.
bool TakesCapital(std::string_view camel) {
  const char last = camel.empty() ? '.' : camel.back();
  return last != '.' && !(last >= 'A' && last <= 'Z');
}

}  // namespace

std::optional<std::string> FormatTimestamp(TimeParts time) {
  if (time.seconds < kMinSeconds || time.seconds > kMaxSeconds) return std::nullopt;
  if (time.nanos < 0 || time.nanos >= kNanosPerSecond) return std::nullopt;
  const std::chrono::sys_seconds point{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<unsigned>((point - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  std::string out;
  out.reserve(30);
  AppendTwo(year / 100, &out);
  AppendTwo(year % 100, &out);
  out.push_back('-');
  AppendTwo(static_cast<unsigned>(date.month()), &out);
  out.push_back('-');
  AppendTwo(static_cast<unsigned>(date.day()), &out);
  out.push_back('T');
  AppendTwo(second / 3600, &out);
  out.push_back(':');
  AppendTwo(second / 60 % 60, &out);
  out.push_back(':');
  AppendTwo(second % 60, &out);
  AppendFraction(time.nanos, &out);
  out.push_back('Z');
  return out;
}

std::optional<TimeParts> ParseTimestamp(std::string_view text) {
  const auto year = TakeDigits(&text, 4);
  if (!year || !Take(&text, '-')) return std::nullopt;
  const auto month = TakeDigits(&text, 2);
  if (!month || !Take(&text, '-')) return std::nullopt;
  const auto day = TakeDigits(&text, 2);
  if (!day || (!Take(&text, 'T') && !Take(&text, 't'))) return std::nullopt;
  const auto hour = TakeDigits(&text, 2);
  if (!hour || !Take(&text, ':')) return std::nullopt;
  const auto minute = TakeDigits(&text, 2);
  if (!minute || !Take(&text, ':')) return std::nullopt;
  const auto second = TakeDigits(&text, 2);
  const auto nanos = second ? TakeFraction(&text) : std::nullopt;
  if (!nanos || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto offset = TakeOffset(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86400 + *hour * 3600 + *minute * 60 + *second - *offset;
  if (seconds < kMinSeconds || seconds > kMaxSeconds) return std::nullopt;
  return TimeParts{seconds, *nanos};
}

std::optional<std::string> FormatDuration(TimeParts d) {
  if (d.seconds < -kMaxDuration || d.seconds > kMaxDuration) return std::nullopt;
  if (d.nanos <= -kNanosPerSecond || d.nanos >= kNanosPerSecond) return std::nullopt;
  if ((d.seconds < 0 && d.nanos > 0) || (d.seconds > 0 && d.nanos < 0)) return std::nullopt;
  const bool is_negative = d.seconds < 0 || d.nanos < 0;
  std::string out = is_negative ? "-" : "";
  out += std::to_string(d.seconds < 0 ? -d.seconds : d.seconds);
  AppendFraction(d.nanos < 0 ? -d.nanos : d.nanos, &out);
  out.push_back('s');
  return out;
}

std::optional<TimeParts> ParseDuration(std::string_view text) {
  const bool is_negative = Take(&text, '-');
  int64_t seconds = 0;
  int digits = 0;
  while (!text.empty() && IsDigit(text.front()) && digits < 12) {
    seconds = seconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  const auto nanos = digits > 0 ? TakeFraction(&text) : std::nullopt;
  if (!nanos || text != "s" || seconds > kMaxDuration) return std::nullopt;
  if (is_negative) return TimeParts{-seconds, -*nanos};
  return TimeParts{seconds, *nanos};
}

std::optional<std::string> PathToCamel(std::string_view path) {
  if (!IsPath(path)) return std::nullopt;
  std::string out;
  bool is_upper_next = false;
  for (const char c : path) {
    if (c >= 'A' && c <= 'Z') return std::nullopt;
    if (is_upper_next && !(c >= 'a' && c <= 'z')) return std::nullopt;
    if (c == '_') {
      if (!TakesCapital(out)) return std::nullopt;
      is_upper_next = true;
      continue;
    }
    out.push_back(is_upper_next ? static_cast<char>(c - 'a' + 'A') : c);
    is_upper_next = false;
  }
  if (is_upper_next) return std::nullopt;
  return out;
}

std::optional<std::string> PathToSnake(std::string_view path) {
  if (!IsPath(path)) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '_') return std::nullopt;
    if (c >= 'A' && c <= 'Z') {
      if (!TakesCapital(path.substr(0, i))) return std::nullopt;
      out.push_back('_');
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::string> DecodeBase64Any(std::string_view text) {
  size_t padding = 0;
  while (!text.empty() && text.back() == '=' && padding < 2) {
    text.remove_suffix(1);
    ++padding;
  }
  const size_t tail = text.size() % 4;
  if (tail == 1 || (padding > 0 && (tail + padding) != 4)) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = Base64Value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> count) & 0xFF));
    }
  }
  return out;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) {
      bits = (bits << 8) | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out->push_back(k <= n ? kAlphabet[(bits >> (18 - 6 * k)) & 63] : '=');
    }
  }
}

}  // namespace cloudpos::gateway
