#include "libs/config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "libs/base/error.h"

extern "C" char** environ;

namespace cloudpos::config {
namespace {

constexpr std::string_view kPrefix = "CLOUDPOS_";
constexpr size_t kSecretBytesMax = 65536;

std::optional<int64_t> ParseInt(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find_first_of(" /") != std::string_view::npos) {
    return false;
  }
  const auto port = ParseInt(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  const bool has_colon = host.find(':') != std::string_view::npos;
  return port && *port >= 0 && *port <= 65535 && is_bracketed == has_colon;
}

// What is wrong with a secret's file, if anything: its kind and who may open it.
std::optional<std::string> RefuseSecretFile(const std::string& path, bool is_production) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "file " + path + " does not exist";
  if (!S_ISREG(info.st_mode)) return path + " is not a file";
  if (info.st_size > static_cast<off_t>(kSecretBytesMax)) return "file " + path + " is too large";
  if (is_production && (info.st_mode & S_IRWXO) != 0) {
    return "file " + path + " is open to other users; run: chmod o= " + path;
  }
  return std::nullopt;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return std::nullopt;
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string EscapeCell(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '|' ? "\\" : "").push_back(c);
  return out;
}

}  // namespace

Values Environment() {
  Values values;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

std::string FormatTable(const std::vector<Setting>& settings) {
  std::vector<Setting> rows = settings;
  std::sort(rows.begin(), rows.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  std::string text = "| name | default | meaning |\n|---|---|---|\n";
  for (const Setting& row : rows) {
    const std::string fallback = row.fallback == "required" ? "*required*"
                                 : row.fallback.empty()     ? "*empty*"
                                                            : "`" + EscapeCell(row.fallback) + "`";
    text += "| `" + row.name + "` | " + fallback + " | " + EscapeCell(row.help) + " |\n";
  }
  return text;
}

Reader::Reader(Values values) : values_(std::move(values)) {
  is_production_ =
      OneOf("CLOUDPOS_ENV", "production", {"production", "development"},
            "production refuses secret files that other users can open") != "development";
}

const std::string* Reader::Find(std::string_view name, std::string_view fallback,
                                std::string_view help) {
  const std::string key(name);
  if (asked_.emplace(key, true).second) {
    settings_.push_back({key, std::string(fallback), std::string(help)});
  }
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void Reader::Problem(std::string_view name, std::string_view what) {
  problems_.push_back(std::string(name) + ": " + std::string(what));
}

std::string Reader::Required(std::string_view name, std::string_view help) {
  const std::string* value = Find(name, "required", help);
  if (value != nullptr && !value->empty()) return *value;
  Problem(name, "is required (" + std::string(help) + ")");
  return {};
}

std::string Reader::Text(std::string_view name, std::string_view fallback, std::string_view help) {
  const std::string* value = Find(name, fallback, help);
  return value != nullptr ? *value : std::string(fallback);
}

std::string Reader::OneOf(std::string_view name, std::string_view fallback,
                          const std::vector<std::string>& choices, std::string_view help) {
  std::string value = Text(name, fallback, help);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  std::string list;
  for (const auto& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  Problem(name, Quoted(value) + " is not one of " + list);
  return std::string(fallback);
}

int64_t Reader::Int(std::string_view name, int64_t fallback, IntRange range,
                    std::string_view help) {
  const std::string* text = Find(name, std::to_string(fallback), help);
  if (text == nullptr) return fallback;
  const auto value = ParseInt(*text);
  if (!value) {
    Problem(name, Quoted(*text) + " is not a whole number");
  } else if (*value < range.min || *value > range.max) {
    Problem(name, *text + " is not between " + std::to_string(range.min) + " and " +
                      std::to_string(range.max));
  } else {
    return *value;
  }
  return fallback;
}

bool Reader::Bool(std::string_view name, bool fallback, std::string_view help) {
  return OneOf(name, fallback ? "true" : "false", {"true", "false"}, help) == "true";
}

std::chrono::milliseconds Reader::Millis(std::string_view name, std::chrono::milliseconds fallback,
                                         IntRange range, std::string_view help) {
  return std::chrono::milliseconds(
      Int(name, fallback.count(), range, std::string(help) + " (milliseconds)"));
}

std::string Reader::Address(std::string_view name, std::string_view help) {
  std::string value = Required(name, help);
  if (!value.empty() && !IsAddress(value)) Problem(name, Quoted(value) + " is not host:port");
  return value;
}

std::string Reader::SecretFile(std::string_view name, std::string_view help) {
  const std::string path = Required(name, help);
  if (path.empty()) return {};
  if (const auto refusal = RefuseSecretFile(path, is_production_)) {
    Problem(name, *refusal);
    return {};
  }
  auto text = ReadFile(path);
  if (!text) {
    Problem(name, "file " + path + " cannot be read");
    return {};
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) Problem(name, "file " + path + " is empty");
  return *std::move(text);
}

std::string Reader::ExistingPath(std::string_view name, std::string_view help) {
  std::string path = Required(name, help);
  if (!path.empty() && access(path.c_str(), R_OK) != 0) {
    Problem(name, "file " + path + " does not exist or cannot be read");
  }
  return path;
}

std::string Reader::WritableDir(std::string_view name, std::string_view help) {
  std::string path = Required(name, help);
  struct stat info {};
  if (path.empty()) return path;
  if (stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    Problem(name, "folder " + path + " does not exist");
  } else if (access(path.c_str(), W_OK | X_OK) != 0) {
    Problem(name, "folder " + path + " cannot be written to");
  }
  return path;
}

std::string Reader::OptionalPath(std::string_view name, std::string_view help) {
  return Text(name, "", help);
}

std::vector<std::string> Reader::List(std::string_view name, std::string_view help) {
  const std::string text = Text(name, "", help);
  std::vector<std::string> items;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = Trim(rest.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

void Reader::Know(const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    if (asked_.emplace(setting.name, true).second) settings_.push_back(setting);
  }
}

absl::Status Reader::Finish() const {
  std::vector<std::string> problems = problems_;
  for (const auto& [name, value] : values_) {
    if (!asked_.contains(name)) problems.push_back(name + ": there is no such setting");
  }
  if (problems.empty()) return absl::OkStatus();
  std::string text = "the configuration is not valid:";
  for (const auto& problem : problems) text += "\n  " + problem;
  return base::Fail(common::v1::INVALID_ARGUMENT, text);
}

}  // namespace cloudpos::config
