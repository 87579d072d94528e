#pragma once

// The journals as they are recorded, read once in order; everything else is held against them.

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libs/journal/entry.h"
#include "libs/journal/sha256.h"
#include "tests/chaos/check/database.h"
#include "tests/chaos/check/documents.h"
#include "tests/chaos/check/report.h"
#include "tests/chaos/check/rollups.h"
#include "tests/chaos/check/run_file.h"

namespace cloudpos::chaos {

/// What is kept of an entry.
struct Mark {
  int64_t number = 0;
  uint32_t document = kNowhere;  // kNowhere: it is no document
  Kind kind = Kind::kOther;
  uint16_t events = 0;    // rows of the outbox that point at it
  uint16_t expected = 1;  // one, and one when it was released
};

struct Journal {
  base::Uuid id, store, reg, device;
  int64_t generation = 0;
  std::string series;
  // As transaction.journals says.
  int64_t head_number = 0, head_receipt = 0, head_total = 0;
  std::string head_hash;
  // Of the last entry read.
  int64_t number = 0, receipt = 0, total = 0;
  journal::Hash hash{};
  std::vector<Mark> marks;  // by number, without gaps where I8 holds

  std::string Name() const { return id.ToString(); }
  /// nullptr when there is no entry of that number.
  Mark* Find(int64_t wanted);
};

/// How much of a line of a sale came back.
struct Returned {
  int64_t quantity = 0, net = 0, total = 0;
  base::Uuid variant;
  std::vector<uint32_t> by;  // the returns
};

struct Books {
  std::vector<Journal> journals;
  std::unordered_map<base::Uuid, uint32_t> index;
  std::map<std::pair<base::Uuid, int64_t>, base::Uuid> locations;  // by (store, kind)
  std::map<base::Uuid, base::Uuid> store_of_location;
  /// Aggregate ids whose events are parked, by consumer.
  std::map<std::string, std::set<std::string>> parked;
  Rollups rollups;
  /// By (document of the sale, its line).
  std::map<std::pair<uint32_t, int64_t>, Returned> returned;
  /// What was recorded and nobody holds an answer or a receipt for, as History::moved and ::taken;
  /// and back again what a receipt says that was set aside.
  std::map<Shelf, int64_t> moved_unheard;
  std::map<base::Uuid, int64_t> taken_unheard;
  int64_t entries = 0;
  int64_t quarantined = 0;
  int64_t signatures = 0;

  bool IsParked(const std::string& consumer, const std::string& id) const {
    const auto found = parked.find(consumer);
    return found != parked.end() && found->second.contains(id);
  }
};

absl::Status ReadPlaces(Database* database, Books* books);

/// Checks I1, I8, I9, and that an id has one entry (I11); adds to the documents what their rows
/// elsewhere should be.
absl::Status ReadJournals(Database* database, Documents* documents, Books* books, Report* report);

/// I1 of one entry.
void CheckAmounts(const journal::SaleEntry& entry, Report* report);

}  // namespace cloudpos::chaos
