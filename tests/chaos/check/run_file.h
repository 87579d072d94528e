#pragma once

// run.json: what the run was made of, written by who ran it.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace cloudpos::chaos {

/// A variant in a store.
using Shelf = std::pair<base::Uuid, base::Uuid>;

struct RunFile {
  base::Uuid tenant;
  int64_t seed = 0;
  std::map<base::Uuid, base::Uuid> registers;  // and its store
  std::map<base::Uuid, bool> is_stocked;       // by variant
  std::map<Shelf, int64_t> opening;            // (store, variant): thousandths
  /// Things whose events the run made unreadable on purpose.
  std::set<std::string> expect_parked;
  /// Codes of refusals beyond those that checks.h knows causes of.
  std::set<std::string, std::less<>> expect_refusals;
};

absl::StatusOr<RunFile> ReadRunFile(const std::string& path);

}  // namespace cloudpos::chaos
