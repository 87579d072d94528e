#include "libs/log/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"

namespace cloudpos::log {
namespace {

constexpr size_t kValueBytesMax = 8192;  // a longer value is cut: no line grows without bound
constexpr char kReplacement[] = "\xef\xbf\xbd";  // U+FFFD in place of bytes that are not UTF-8

std::atomic<const std::string*> service_name{nullptr};
std::atomic<Level> minimum_level{Level::kInfo};

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

void AppendControl(std::string* out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out->append("\\n");
      break;
    case '\r':
      out->append("\\r");
      break;
    case '\t':
      out->append("\\t");
      break;
    default:
      out->append("\\u00");
      out->push_back(kHex[static_cast<uint8_t>(c) >> 4]);
      out->push_back(kHex[c & 15]);
  }
}

// Escapes valid UTF-8, copying runs of plain characters at once.
void AppendEscaped(std::string* out, std::string_view text) {
  size_t run = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(run, i - run));
    run = i + 1;
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else {
      AppendControl(out, c);
    }
  }
  out->append(text.substr(run));
}

// Bytes that a valid character at the front of `text` takes; 0 when there is none.
size_t CharacterSize(std::string_view text) {
  for (size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (base::IsValidUtf8(text.substr(0, size))) return size;
  }
  return 0;
}

void AppendRepaired(std::string* out, std::string_view text) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) {
      out->append(kReplacement);
    } else {
      AppendEscaped(out, text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

void AppendString(std::string* out, std::string_view text) {
  const bool is_cut = text.size() > kValueBytesMax;
  if (is_cut) text = text.substr(0, kValueBytesMax);
  out->push_back('"');
  if (base::IsValidUtf8(text)) {
    AppendEscaped(out, text);
  } else {
    AppendRepaired(out, text);
  }
  out->append(is_cut ? "...\"" : "\"");
}

void AppendValue(std::string* out, const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    AppendString(out, *text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    char digits[24];
    out->append(digits, std::to_chars(digits, digits + sizeof(digits), *number).ptr);
  } else {
    out->append(std::get<bool>(value) ? "true" : "false");
  }
}

void AppendLine(std::string* out, Level level, std::string_view message, const Field* fields,
                size_t count) {
  const std::string* service = service_name.load(std::memory_order_acquire);
  out->append("{\"time\":\"").append(base::FormatTime(base::SystemClock().Now()));
  out->append("\",\"level\":\"").append(NameOf(level)).append("\",\"service\":");
  AppendString(out, service != nullptr ? std::string_view(*service) : std::string_view());
  out->append(",\"message\":");
  AppendString(out, message);
  for (size_t i = 0; i < count; ++i) {
    out->push_back(',');
    AppendString(out, fields[i].key);
    out->push_back(':');
    AppendValue(out, fields[i].value);
  }
  out->push_back('}');
}

}  // namespace

void Init(std::string_view service, Level minimum) {
  // The old name is left alone: another thread may be writing a line with it.
  service_name.store(new std::string(service), std::memory_order_release);
  minimum_level.store(minimum, std::memory_order_relaxed);
}

Level ParseLevel(std::string_view text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (text == NameOf(level)) return level;
  }
  return Level::kInfo;
}

bool Enabled(Level level) { return level >= minimum_level.load(std::memory_order_relaxed); }

std::string Format(Level level, std::string_view message, const Field* fields, size_t count) {
  std::string line;
  AppendLine(&line, level, message, fields, count);
  return line;
}

void Write(Level level, std::string_view message, const Field* fields, size_t count) {
  if (!Enabled(level)) return;
  thread_local std::string line;
  line.clear();
  AppendLine(&line, level, message, fields, count);
  line.push_back('\n');
  // One write per line keeps lines of many threads whole. A reader that is gone or full costs the
  // line, never the request.
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace cloudpos::log
