#pragma once

// One JSON object per line on stderr: time, level, service, message, then the fields given. Thread
// safe; a line is one write. Values are escaped; secrets and personal data are never passed in.
//
//   log::Info("store created", {{"tenant", tenant}, {"store", id}});

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace cloudpos::log {

enum class Level { kDebug, kInfo, kWarn, kError };

using Value = std::variant<std::string_view, int64_t, bool>;

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <typename Int>
    requires std::is_integral_v<Int>
  Field(std::string_view k, Int v) : key(k), value(static_cast<int64_t>(v)) {}

  std::string_view key;
  Value value;
};

using Fields = std::initializer_list<Field>;

/// Names the process in every line and sets the lowest level written. Call once, first in main.
void Init(std::string_view service, Level minimum);
Level ParseLevel(std::string_view text);  // debug, info, warn, error; anything else is info
bool Enabled(Level level);

void Write(Level level, std::string_view message, const Field* fields, size_t count);

inline void Debug(std::string_view m, Fields f = {}) {
  Write(Level::kDebug, m, f.begin(), f.size());
}
inline void Info(std::string_view m, Fields f = {}) { Write(Level::kInfo, m, f.begin(), f.size()); }
inline void Warn(std::string_view m, Fields f = {}) { Write(Level::kWarn, m, f.begin(), f.size()); }
inline void Error(std::string_view m, Fields f = {}) {
  Write(Level::kError, m, f.begin(), f.size());
}

/// The line Write would put out; for tests.
std::string Format(Level level, std::string_view message, const Field* fields, size_t count);

}  // namespace cloudpos::log
