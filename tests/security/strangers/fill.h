#pragma once

// Requests made from descriptors alone: a field gets its value by its name and type, so that a
// method that is new today is asked tomorrow. How well that works is measured (see probe.h) and
// printed.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "tests/security/strangers/rpcs.h"

namespace cloudpos::strangers {

/// What there is of one store of one tenant, by field name: "store_id", "sale_id" ...; "sku" and
/// the like where something is found by its text.
using Names = std::map<std::string, std::string, std::less<>>;

struct Filled {
  std::shared_ptr<google::protobuf::Message> message;
  std::vector<std::pair<std::string, std::string>> named{};  // what it names: (key, value)

  /// It names something that is not in `names`.
  bool IsForeignTo(const Names& names) const;
  bool HasKey(std::string_view key) const;
};

/// What is filled in.
struct Recipe {
  /// Texts, numbers and one element of each list; else ids, and what the method's path needs.
  bool is_much = false;
  /// Paths of fields that are filled, or not, all the same: as the method has asked for.
  std::set<std::string, std::less<>> with{};
  std::set<std::string, std::less<>> without{};
};

Filled Fill(const Rpc& rpc, const Recipe& recipe, const Names& names);

/// True when the field at `path` ("lines.variant_id") holds something.
bool Holds(const Filled& filled, std::string_view path);

/// The same request about things that do not exist: each named value replaced by a fresh one, alike
/// where it stood twice. Only those that `mine` does not have, if given.
Filled WithStrangeNames(const Filled& filled, const Names* mine);

}  // namespace cloudpos::strangers
