#include "libs/rpc/trace.h"

#include <algorithm>
#include <random>

#include "libs/base/ids.h"

namespace cloudpos::rpc {
namespace {

constexpr size_t kTraceparentSize = 55;  // 00-<32 hex>-<16 hex>-<2 hex>
constexpr size_t kRequestIdMax = 64;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool IsTraceparent(std::string_view text) {
  return text.size() == kTraceparentSize && text.substr(0, 3) == "00-" && text[35] == '-' &&
         text[52] == '-' && IsHex(text.substr(3, 32)) && IsHex(text.substr(36, 16)) &&
         IsHex(text.substr(53, 2)) && !IsZero(text.substr(3, 32)) && !IsZero(text.substr(36, 16));
}

// Ids that need to be unique, not unguessable: a system call per request is saved.
std::string RandomHex(size_t digits) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  while (text.size() < digits) {
    uint64_t bits = random();
    for (int i = 0; i < 16 && text.size() < digits; ++i, bits >>= 4) text += kDigits[bits & 15];
  }
  if (IsZero(text)) text.back() = '1';
  return text;
}

}  // namespace

std::string RequestIdFrom(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kRequestIdMax &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
                    });
  return fits ? std::string(text) : base::RandomIdSource().NewId().ToString();
}

std::string TraceparentFrom(std::string_view text) {
  if (!IsTraceparent(text)) return "00-" + RandomHex(32) + '-' + RandomHex(16) + "-01";
  std::string own(text);
  own.replace(36, 16, RandomHex(16));
  return own;
}

std::string_view TraceIdOf(std::string_view traceparent) {
  return IsTraceparent(traceparent) ? traceparent.substr(3, 32) : std::string_view();
}

}  // namespace cloudpos::rpc
