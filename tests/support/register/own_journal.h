#pragma once

// A register's own journals, one chain per generation, on its disk. Every change is one line of an
// append-only file and so happens as a whole or not at all.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/journal/chain.h"
#include "libs/journal/entry.h"
#include "libs/token/device_key.h"
#include "tests/support/register/disk.h"
#include "tests/support/register/json.h"

namespace cloudpos::register_sim {

/// Where a chain stands: what the next entry follows on.
struct Position {
  int64_t n = 0;
  int64_t receipt_no = 0;
  int64_t grand_total = 0;
  journal::Hash hash{};
};

struct KeptEntry {
  std::string payload;
  std::string signature;
  Position after;
};

struct Chain {
  std::string journal_id;
  Position base;                   // before the first entry kept
  std::vector<KeptEntry> entries;  // numbers base.n + 1 and on
  int64_t recorded = 0;            // the server has the entries up to this number
  int64_t proven = 0;              // and their signatures up to this one

  const Position& head() const { return entries.empty() ? base : entries.back().after; }
  /// After entry n; nullptr when neither it nor its successor is kept.
  const Position* At(int64_t n) const;
  const KeptEntry* Entry(int64_t n) const;
};

class OwnJournal {
 public:
  struct Ids {
    std::string register_id;
    std::string device;
  };
  static absl::StatusOr<OwnJournal> Open(const Disk& disk, Ids ids, token::DeviceKey key);

  const std::map<int, Chain>& chains() const { return chains_; }
  const Chain& chain(int generation) const { return chains_.at(generation); }
  int generation() const { return chains_.rbegin()->first; }
  const Chain& current() const { return chains_.rbegin()->second; }
  std::string JournalId(int generation) const;

  /// Gives `entry` the next numbers of the current generation, signs and keeps it.
  absl::Status Append(journal::SaleEntry* entry);
  /// Keeps an entry that the server recorded, which must follow on.
  absl::Status Keep(int generation, const std::string& payload, const journal::Hash& hash);
  /// The server's entry takes the place of the own one of its number; later ones follow on it.
  /// Answers what now reads otherwise.
  absl::StatusOr<std::vector<journal::SaleEntry>> Adopt(int generation, const std::string& payload);
  /// The entries from `from` on, which the server has not, move to the next generation under the
  /// same document ids. Answers them.
  absl::StatusOr<std::vector<journal::SaleEntry>> Reissue(int generation, int64_t from);
  /// The server has recorded as far as `n`, no further.
  absl::Status SetRecorded(int generation, int64_t n);
  /// It has the signatures up to `n` as well, and perhaps further ones.
  absl::Status SetProven(int generation, int64_t n);
  /// Goes on from a position of the server's: the entries up to it are not here.
  absl::Status GoOnFrom(int generation, const Position& position);
  /// Lets go of the entries up to `n`.
  absl::Status Drop(int generation, int64_t n);
  /// Starts the next generation on an empty chain.
  absl::Status Open(int generation);

 private:
  OwnJournal(const Disk& disk, Ids ids, token::DeviceKey key)
      : disk_(disk), ids_(std::move(ids)), key_(std::move(key)) {}

  absl::Status Commit(json::array operations);
  absl::Status Apply(const json::object& operation);
  absl::Status ApplyPut(Chain* chain, const json::array& entries);
  json::object Signed(const std::string& payload, const journal::Hash& hash) const;
  /// Numbers, encodes, chains and signs; moves `position` on.
  absl::StatusOr<json::object> Chained(int generation, journal::SaleEntry* entry,
                                       Position* position) const;

  Disk disk_;
  Ids ids_;
  token::DeviceKey key_;
  std::map<int, Chain> chains_;
};

std::string BytesOf(const journal::Hash& hash);
absl::StatusOr<journal::Hash> HashFrom(const std::string& bytes);

}  // namespace cloudpos::register_sim
