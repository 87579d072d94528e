#pragma once

// A sale, return or tombstone on its way into the books: the journal entry, which holds everything
// that counts, and the texts that stay out of the journal.

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/journal/entry.h"
#include "libs/journal/sha256.h"

namespace cloudpos::transaction {

/// What a line carries beside its journal line.
struct LineText {
  std::string name;
  std::string note;
};

/// Numbers a register proposes; see JournalPosition of sale.proto.
struct ProposedNumbers {
  int64_t journal_no = 0;
  int64_t receipt_no = 0;
};

/// What an entry of a register's own journal brings besides.
struct UploadDetails {
  enum class Mode {
    kDocument,  // entry and document
    kEntry,     // no document: set aside, or none is meant
    kRelease,   // the document of an entry that was recorded without it
  };
  Mode mode = Mode::kDocument;
  bool is_held = false;                   // set aside for a manager
  bool supersedes = false;                // takes the place of a tombstone
  std::optional<absl::Time> believed_at;  // instead of the entry's own time
  std::string believed_date;
  std::vector<std::string> findings;
  base::Uuid store;  // the device's: where a manager finds it, whatever the entry says
  std::string signature;
  std::string key_id;
};

struct Document {
  journal::SaleEntry entry;  // n, receipt_no and grand_total are filled in when it is recorded
  base::Uuid tenant;
  base::Uuid id;
  base::Uuid journal;
  std::string fingerprint;           // SHA-256 of the request
  std::string receipt_prefix;        // "S1-R1-0-"
  std::vector<LineText> line_texts;  // as entry.lines
  // Linked returns: what had come back of each source line; -1: there is no such line.
  std::vector<int64_t> returned_before;
  std::vector<std::string> tax_names;          // as entry.taxes
  std::vector<std::string> tender_references;  // as entry.tenders
  std::string note;
  std::string order_reference;
  std::string traceparent;
  absl::Time recorded_at;
  std::optional<ProposedNumbers> proposed;
  std::optional<UploadDetails> upload;

  // Filled in when it is recorded.
  std::string payload;
  journal::Hash previous{};
  journal::Hash hash{};

  bool is_receipt() const { return journal::IsReceipt(entry); }
  std::string receipt_number() const {
    return is_receipt() ? receipt_prefix + std::to_string(entry.receipt_no) : std::string();
  }
};

/// The numbers after a document: what the next one chains to.
struct Head {
  int64_t journal_no = 0;
  int64_t receipt_no = 0;
  int64_t grand_total = 0;
  journal::Hash hash{};
};

}  // namespace cloudpos::transaction
