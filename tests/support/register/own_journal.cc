#include "tests/support/register/own_journal.h"

#include <algorithm>
#include <cstring>

#include "libs/base/encoding.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"

namespace cloudpos::register_sim {
namespace {

constexpr char kFile[] = "journal.log";

bool IsNumbered(const journal::SaleEntry& entry) {
  return entry.kind == journal::kKindSale || entry.kind == journal::kKindReturn;
}

absl::StatusOr<journal::SaleEntry> Parse(const std::string& payload) {
  journal::SaleEntry entry;
  const journal::Error error = journal::ParseEntry(payload, &entry);
  if (error.ok()) return entry;
  return absl::DataLossError("an entry cannot be read: " +
                             std::string(journal::ErrorName(error.code)));
}

Position After(const Position& before, const journal::SaleEntry& entry, const journal::Hash& hash) {
  return {.n = entry.n,
          .receipt_no = IsNumbered(entry) ? entry.receipt_no : before.receipt_no,
          .grand_total = entry.grand_total,
          .hash = hash};
}

json::object Base(int generation, const Position& position) {
  return {{"do", "base"},
          {"generation", generation},
          {"n", position.n},
          {"receiptNo", position.receipt_no},
          {"grandTotal", position.grand_total},
          {"hash", base::HexEncode(BytesOf(position.hash))}};
}

json::object Put(int generation, json::array entries) {
  return {{"do", "put"}, {"generation", generation}, {"entries", std::move(entries)}};
}

json::object Upto(const char* what, int generation, int64_t n) {
  return {{"do", what}, {"generation", generation}, {"n", n}};
}

}  // namespace

std::string BytesOf(const journal::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

absl::StatusOr<journal::Hash> HashFrom(const std::string& bytes) {
  journal::Hash hash{};
  if (bytes.size() != hash.size()) return absl::DataLossError("a hash is not 32 bytes");
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

const Position* Chain::At(int64_t n) const {
  if (n == base.n) return &base;
  const KeptEntry* entry = Entry(n);
  return entry == nullptr ? nullptr : &entry->after;
}

const KeptEntry* Chain::Entry(int64_t n) const {
  if (n <= base.n || n > head().n) return nullptr;
  return &entries[static_cast<size_t>(n - base.n - 1)];
}

absl::StatusOr<OwnJournal> OwnJournal::Open(const Disk& disk, Ids ids, token::DeviceKey key) {
  OwnJournal own(disk, std::move(ids), std::move(key));
  own.chains_[1].journal_id = own.JournalId(1);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto lines, disk.Lines(kFile));
  for (const std::string& line : lines) {
    json::error_code error;
    const json::value operations = json::parse(line, error);
    if (error || !operations.is_array()) return absl::DataLossError("the journal file is damaged");
    for (const json::value& operation : operations.get_array()) {
      CLOUDPOS_RETURN_IF_ERROR(own.Apply(operation.as_object()));
    }
  }
  return own;
}

std::string OwnJournal::JournalId(int generation) const {
  return base::DeriveUuidV5(*base::Uuid::Parse(ids_.register_id),
                            "journal/" + ids_.device + "/" + std::to_string(generation))
      .ToString();
}

absl::Status OwnJournal::Commit(json::array operations) {
  CLOUDPOS_RETURN_IF_ERROR(disk_.Append(kFile, json::serialize(operations)));
  for (const json::value& operation : operations) {
    CLOUDPOS_RETURN_IF_ERROR(Apply(operation.as_object()));
  }
  return absl::OkStatus();
}

absl::Status OwnJournal::ApplyPut(Chain* chain, const json::array& entries) {
  for (const json::value& value : entries) {
    const json::object& stored = value.as_object();
    KeptEntry kept{.payload = Text(stored, "payload"),
                   .signature = base::HexDecode(Text(stored, "signature")).value_or(""),
                   .after = {}};
    CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, Parse(kept.payload));
    const int64_t kept_before = entry.n - 1 - chain->base.n;
    if (kept_before < 0 || kept_before > static_cast<int64_t>(chain->entries.size())) {
      return absl::DataLossError("entry " + std::to_string(entry.n) + " does not follow on");
    }
    chain->entries.resize(static_cast<size_t>(kept_before));
    const Position before = chain->head();
    kept.after =
        After(before, entry,
              journal::ChainHash(static_cast<uint64_t>(entry.n), before.hash, kept.payload));
    chain->entries.push_back(std::move(kept));
    chain->recorded = std::min(chain->recorded, entry.n - 1);
    chain->proven = std::min(chain->proven, entry.n - 1);
  }
  return absl::OkStatus();
}

absl::Status OwnJournal::Apply(const json::object& operation) {
  const int generation = static_cast<int>(Number(operation, "generation"));
  Chain& chain = chains_[generation];
  chain.journal_id = JournalId(generation);
  const std::string what = Text(operation, "do");
  const int64_t n = Number(operation, "n");
  if (what == "put") return ApplyPut(&chain, Array(operation, "entries"));
  if (what == "recorded") {
    chain.recorded = n;
    chain.proven = std::min(chain.proven, n);
  } else if (what == "proven") {
    chain.proven = n;
    chain.recorded = std::max(chain.recorded, n);
  } else if (what == "cut") {  // what comes after n moves elsewhere
    chain.entries.resize(static_cast<size_t>(n - chain.base.n));
    chain.recorded = std::min(chain.recorded, n);
    chain.proven = std::min(chain.proven, n);
  } else if (what == "base") {
    CLOUDPOS_ASSIGN_OR_RETURN(const journal::Hash hash,
                              HashFrom(base::HexDecode(Text(operation, "hash")).value_or("")));
    chain.base = {.n = n,
                  .receipt_no = Number(operation, "receiptNo"),
                  .grand_total = Number(operation, "grandTotal"),
                  .hash = hash};
    chain.entries.clear();
    chain.recorded = chain.proven = n;
  } else if (what == "drop") {
    const Position* position = chain.At(n);
    if (position == nullptr) return absl::DataLossError("dropped entries are not here");
    const Position base = *position;
    chain.entries.erase(chain.entries.begin(), chain.entries.begin() + (n - chain.base.n));
    chain.base = base;
  } else if (what != "open") {
    return absl::DataLossError("the journal file is of another version");
  }
  return absl::OkStatus();
}

json::object OwnJournal::Signed(const std::string& payload, const journal::Hash& hash) const {
  return {{"payload", payload}, {"signature", base::HexEncode(key_.Sign(BytesOf(hash)))}};
}

absl::StatusOr<json::object> OwnJournal::Chained(int generation, journal::SaleEntry* entry,
                                                 Position* position) const {
  entry->journal = JournalId(generation);
  entry->generation = generation;
  entry->n = position->n + 1;
  entry->receipt_no = IsNumbered(*entry) ? position->receipt_no + 1 : 0;
  entry->grand_total = position->grand_total + journal::EntrySign(*entry) * entry->totals.total;
  std::string payload;
  if (const journal::Error error = journal::EncodeEntry(*entry, &payload); !error.ok()) {
    return absl::InternalError("an entry cannot be written: " +
                               std::string(journal::ErrorName(error.code)));
  }
  const journal::Hash hash =
      journal::ChainHash(static_cast<uint64_t>(entry->n), position->hash, payload);
  *position = After(*position, *entry, hash);
  return Signed(payload, hash);
}

absl::Status OwnJournal::Append(journal::SaleEntry* entry) {
  Position position = current().head();
  CLOUDPOS_ASSIGN_OR_RETURN(json::object stored, Chained(generation(), entry, &position));
  return Commit({Put(generation(), {std::move(stored)})});
}

absl::Status OwnJournal::Keep(int generation, const std::string& payload,
                              const journal::Hash& hash) {
  const Chain& own = chains_.at(generation);
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, Parse(payload));
  const int64_t next = own.head().n + 1;
  if (entry.n != next || entry.journal != own.journal_id ||
      journal::ChainHash(static_cast<uint64_t>(next), own.head().hash, payload) != hash) {
    return absl::DataLossError("the server's entry does not follow on the register's journal");
  }
  return Commit({Put(generation, {Signed(payload, hash)}), Upto("recorded", generation, next)});
}

absl::StatusOr<std::vector<journal::SaleEntry>> OwnJournal::Adopt(int generation,
                                                                  const std::string& payload) {
  const Chain& own = chains_.at(generation);
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry servers, Parse(payload));
  const Position* before = own.At(servers.n - 1);
  if (before == nullptr || own.Entry(servers.n) == nullptr) {
    return absl::DataLossError("the server's entry has no counterpart here");
  }
  const journal::Hash hash =
      journal::ChainHash(static_cast<uint64_t>(servers.n), before->hash, payload);
  Position position = After(*before, servers, hash);
  std::vector<journal::SaleEntry> changed{servers};
  json::array entries{Signed(payload, hash)};
  for (int64_t n = servers.n + 1; n <= own.head().n; ++n) {
    CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry, Parse(own.Entry(n)->payload));
    CLOUDPOS_ASSIGN_OR_RETURN(json::object stored, Chained(generation, &entry, &position));
    entries.push_back(std::move(stored));
    changed.push_back(std::move(entry));
  }
  CLOUDPOS_RETURN_IF_ERROR(
      Commit({Put(generation, std::move(entries)), Upto("recorded", generation, servers.n)}));
  return changed;
}

absl::StatusOr<std::vector<journal::SaleEntry>> OwnJournal::Reissue(int generation, int64_t from) {
  const Chain& own = chains_.at(generation);
  const int next = this->generation() + (generation == this->generation() ? 1 : 0);
  Position position = chains_.contains(next) ? chains_.at(next).head() : Position{};
  std::vector<journal::SaleEntry> changed;
  json::array entries;
  for (int64_t n = std::max(from, own.base.n + 1); n <= own.head().n; ++n) {
    CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry, Parse(own.Entry(n)->payload));
    CLOUDPOS_ASSIGN_OR_RETURN(json::object stored, Chained(next, &entry, &position));
    entries.push_back(std::move(stored));
    changed.push_back(std::move(entry));
  }
  CLOUDPOS_RETURN_IF_ERROR(Commit(
      {Upto("cut", generation, std::max(from - 1, own.base.n)), Put(next, std::move(entries))}));
  return changed;
}

absl::Status OwnJournal::SetRecorded(int generation, int64_t n) {
  if (chains_.at(generation).recorded == n) return absl::OkStatus();
  return Commit({Upto("recorded", generation, n)});
}

absl::Status OwnJournal::SetProven(int generation, int64_t n) {
  if (chains_.at(generation).proven == n) return absl::OkStatus();
  return Commit({Upto("proven", generation, n)});
}

absl::Status OwnJournal::GoOnFrom(int generation, const Position& position) {
  return Commit({Base(generation, position)});
}

absl::Status OwnJournal::Drop(int generation, int64_t n) {
  const Chain& own = chains_.at(generation);
  n = std::min(n, own.proven);
  if (n <= own.base.n) return absl::OkStatus();
  return Commit({Upto("drop", generation, n)});
}

absl::Status OwnJournal::Open(int generation) { return Commit({Upto("open", generation, 0)}); }

}  // namespace cloudpos::register_sim
