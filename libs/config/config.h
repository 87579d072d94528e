#pragma once

// Configuration: environment variables CLOUDPOS_*, read once at start into a typed struct of the
// program's own. Secrets come as files (NAME_FILE). Anything unknown, missing or malformed is
// reported, all at once, and the program refuses to start.
//
//   config::Reader reader(config::Environment());
//   const auto listen = reader.Required("CLOUDPOS_SERVICE_LISTEN", "Address for gRPC, host:port");
//   const auto pool = reader.Int("CLOUDPOS_PG_POOL", 8, {1, 200}, "PostgreSQL connections");
//   const auto dsn = reader.SecretFile("CLOUDPOS_PG_DSN_FILE", "File with the connection string");
//   CLOUDPOS_RETURN_IF_ERROR(reader.Finish());   // every problem in one error

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace cloudpos::config {

using Values = std::map<std::string, std::string>;

/// The CLOUDPOS_* part of this process's environment.
Values Environment();

struct IntRange {
  int64_t min;
  int64_t max;
};

/// One row of the documented table (`--print-config`).
struct Setting {
  std::string name;
  std::string fallback;  // as text; "required" when there is none
  std::string help;
};

/// The table as Markdown, sorted by name: what `--print-config` prints and the docs show.
std::string FormatTable(const std::vector<Setting>& settings);

class Reader {
 public:
  /// Reads CLOUDPOS_ENV first (production unless it says development).
  explicit Reader(Values values);

  std::string Required(std::string_view name, std::string_view help);
  std::string Text(std::string_view name, std::string_view fallback, std::string_view help);
  std::string OneOf(std::string_view name, std::string_view fallback,
                    const std::vector<std::string>& choices, std::string_view help);
  int64_t Int(std::string_view name, int64_t fallback, IntRange range, std::string_view help);
  bool Bool(std::string_view name, bool fallback, std::string_view help);  // "true" or "false"
  std::chrono::milliseconds Millis(std::string_view name, std::chrono::milliseconds fallback,
                                   IntRange range, std::string_view help);
  /// An address host:port ([::1]:0 and :8080 count); required.
  std::string Address(std::string_view name, std::string_view help);
  /// Contents of the file the variable names, without the trailing newline. Refuses a file that is
  /// missing, empty or, in production, open to users other than owner and group.
  std::string SecretFile(std::string_view name, std::string_view help);
  /// The path itself (certificates that are reloaded); the file must exist.
  std::string ExistingPath(std::string_view name, std::string_view help);
  /// A folder that exists and can be written to.
  std::string WritableDir(std::string_view name, std::string_view help);
  std::string OptionalPath(std::string_view name, std::string_view help);
  std::vector<std::string> List(std::string_view name, std::string_view help);  // comma-separated

  bool is_production() const { return is_production_; }
  /// Names that belong to the table though this program does not read them now (a migration job
  /// that is started with its service's environment).
  void Know(const std::vector<Setting>& settings);

  /// OK, or INVALID_ARGUMENT listing every problem and every CLOUDPOS_* name nobody asked for.
  absl::Status Finish() const;
  const std::vector<Setting>& settings() const { return settings_; }

 private:
  const std::string* Find(std::string_view name, std::string_view fallback, std::string_view help);
  void Problem(std::string_view name, std::string_view what);

  Values values_;
  std::map<std::string, bool> asked_;
  std::vector<Setting> settings_;
  std::vector<std::string> problems_;
  bool is_production_ = true;
};

}  // namespace cloudpos::config
