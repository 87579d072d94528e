#pragma once

// Creates the suite's database with a schema and roles per service, and says what is in it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloudpos::db {

/// Every service that has a schema.
std::span<const std::string_view> Services();

struct Options {
  std::string command;        // "init" or "version"
  std::string admin_dsn;      // a superuser's, any database
  std::string secrets;        // folder with <role>.password files; init only
  std::string database = "cloudpos";
};

/// INVALID_ARGUMENT with the usage for anything it does not know.
absl::StatusOr<Options> ParseArguments(const std::vector<std::string>& arguments);

/// Creates what is missing and sets the passwords; running it again changes nothing else.
absl::Status Init(const Options& options);

struct SetVersion {
  std::string service;
  std::string set;
  int version;
};
/// The migrations applied, by service and set; a service never migrated has no entry.
absl::StatusOr<std::vector<SetVersion>> Versions(const Options& options);

}  // namespace cloudpos::db
