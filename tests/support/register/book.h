#pragma once

// The paper: every receipt that a register has handed out, kept apart from its disk, so that what
// customers hold can be compared with what the server has. A receipt whose entry had to change
// later (its sale stays the same) is written again; the last word on a sale counts.

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/journal/entry.h"
#include "libs/journal/sha256.h"
#include "tests/support/register/disk.h"

namespace cloudpos::register_sim {

class Book {
 public:
  explicit Book(const std::string& path);

  /// The hash last written for each sale.
  absl::StatusOr<std::map<std::string, journal::Hash>> Hashes() const;
  absl::Status Write(const journal::SaleEntry& entry, const std::string& receipt_number,
                     const journal::Hash& hash) const;

 private:
  Disk folder_;
  std::string name_;
};

}  // namespace cloudpos::register_sim
