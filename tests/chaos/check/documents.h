#pragma once

// Every sale, return and tombstone that a client asked for or that the database holds: what clients
// saw of it, and what was recorded. Kept small: there are hundreds of thousands.

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/base/ids.h"

namespace cloudpos::chaos {

/// CLOCK_MONOTONIC of the machine the clients ran on, microseconds.
using Micros = int64_t;
inline constexpr Micros kNever = std::numeric_limits<Micros>::max();
inline constexpr uint32_t kNowhere = std::numeric_limits<uint32_t>::max();

enum class Kind : uint8_t { kNone, kSale, kReturn, kAbandoned, kOther };

/// Of "SALE", "RETURN", "ABANDONED"; kOther for entries that are no documents.
Kind KindOf(std::string_view name);
const char* NameOf(Kind kind);

/// One body sent under one id, however often.
struct Request {
  uint64_t key = 0;       // of the body's SHA-256 the first 8 bytes
  uint64_t wish = 0;      // sum of what it asks for (views.h)
  uint64_t prices = 0;    // sum of its expected unit prices; 0: it does not say all of them
  uint64_t reply = 0;     // hash of the first 2xx body, as it stands in the log
  uint64_t reply_at = 0;  // where: number of the file << 48 | offset of the line
  uint64_t sent_at = 0;   // the same of the first send
  int64_t expected_total = -1;
  Micros first_send = kNever;
  Micros first_ack = kNever;
  uint32_t next = kNowhere;    // another body under the same id
  uint32_t source = kNowhere;  // return: the sale's document
  uint32_t sends = 0;
  uint32_t acks = 0;
  uint32_t refusals = 0;  // definite ones
  Kind kind = Kind::kNone;
  bool has_expected_price = false;
  bool has_journal = false;

  /// True when some attempt may have been recorded without the client's knowing.
  bool is_uncertain() const { return sends > acks + refusals; }
};

/// Tables whose rows are compared with the journal (tables.h).
inline constexpr size_t kTables = 5;

struct Document {
  base::Uuid id;

  // What clients saw.
  uint32_t requests = kNowhere;  // first of its bodies; sales and returns
  uint32_t acked = kNowhere;     // the body that was acknowledged first
  Micros first_send = kNever;
  Micros first_ack = kNever;
  Micros fresh_send = kNever;  // of the attempt whose answer was no replay
  uint32_t fresh = 0;
  int64_t total = 0;  // as acknowledged, like the next four
  int64_t journal_no = 0;
  int64_t receipt_no = 0;
  uint64_t receipt_number = 0;  // hash
  uint64_t reply = 0;           // sum of the answer (views.h)
  Micros abandon_send = kNever;
  Micros abandoned_ack = kNever;  // "ABANDONED"
  Micros completed_ack = kNever;  // "COMPLETED"
  uint64_t paper = 0;             // sum of the receipt a register handed out (paper.h)

  // What was recorded.
  Kind kind = Kind::kNone;
  bool has_row = false;       // in sales
  bool was_given_up = false;  // a device's journal has a tombstone and a sale of it
  bool exceeds_sold = false;  // a return that has happened, though too much
  bool lacks_source = false;  // a return that has happened, of what nobody knows
  uint32_t journal = kNowhere;
  int64_t number = 0;
  uint64_t wish = 0;
  uint64_t prices = 0;
  uint64_t recorded_reply = 0;
  uint64_t recorded_paper = 0;
  bool is_held = false;  // the entry of its receipt was set aside
  int64_t recorded_total = 0;
  /// Of each table the sum of the rows there should be less that of the rows there are.
  std::array<uint64_t, kTables> left{};
  /// Recorded before this, as a client could see (order.cc).
  Micros known = kNever;

  bool IsAt(uint32_t in_journal, int64_t at) const { return journal == in_journal && number == at; }
  bool is_recorded_sale() const { return kind == Kind::kSale || kind == Kind::kReturn; }
};

class Documents {
 public:
  /// Adds it when missing.
  uint32_t Of(const base::Uuid& id);
  uint32_t Find(const base::Uuid& id) const;  // kNowhere
  Document& operator[](uint32_t at) { return all_[at]; }
  const Document& operator[](uint32_t at) const { return all_[at]; }
  std::vector<Document>& all() { return all_; }
  const std::vector<Document>& all() const { return all_; }

  /// The body with that key under a document, added when missing (with key and kind alone).
  uint32_t RequestOf(uint32_t document, uint64_t key, Kind kind, bool* is_new);
  Request& request(uint32_t at) { return requests_[at]; }
  const Request& request(uint32_t at) const { return requests_[at]; }

 private:
  struct Hash {
    size_t operator()(const base::Uuid& id) const { return std::hash<base::Uuid>()(id); }
  };
  std::vector<Document> all_;
  std::vector<Request> requests_;
  absl::flat_hash_map<base::Uuid, uint32_t, Hash> index_;
};

}  // namespace cloudpos::chaos
