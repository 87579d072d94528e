#include "services/transaction/upload.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/journal/chain.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "services/transaction/parse_upload.h"
#include "services/transaction/store_journals.h"

namespace cloudpos::transaction {
namespace {

using common::v1::DEADLINE_EXCEEDED;
using common::v1::INVALID_ARGUMENT;
using common::v1::JOURNAL_BEHIND;
using common::v1::JOURNAL_FORK;
using common::v1::UNAVAILABLE;
using Result = v1::UploadResult;

constexpr size_t kDocumentsMax = 32;  // of one T1 call
constexpr size_t kLinesMax = 2'000;
constexpr int kTurnsMax = 20;

std::string HexOf(const journal::Hash& hash) { return journal::ToHex(hash); }

absl::Status Behind(const Head& head) {
  return base::Fail({.code = JOURNAL_BEHIND,
                     .detail = "the journal ends before the first entry sent",
                     .hint = "send the entries after journalNo",
                     .data = {{"journalNo", std::to_string(head.journal_no)},
                              {"receiptNo", std::to_string(head.receipt_no)},
                              {"hash", HexOf(head.hash)}}});
}

absl::Status Fork(int64_t number, const journal::Hash& hash) {
  return base::Fail({.code = JOURNAL_FORK,
                     .detail = "another entry stands at number " + std::to_string(number),
                     .hint =
                         "if it lies before what was sent, send from there; else go on in a new "
                         "generation",
                     .data = {{"journalNo", std::to_string(number)}, {"hash", HexOf(hash)}}});
}

void Count(Result::Outcome outcome) {
  metrics::Counter("cloudpos_transaction_uploaded_entries_total",
                   "Entries of registers' own journals by what became of them",
                   {{"outcome", Result::Outcome_Name(outcome)}})
      .Increment();
}

Result* AddResult(int64_t number, Result::Outcome outcome, const std::vector<std::string>& findings,
                  v1::UploadJournalResponse* response) {
  Count(outcome);
  Result* result = response->add_results();
  result->set_journal_no(number);
  result->set_outcome(outcome);
  *result->mutable_exceptions() = {findings.begin(), findings.end()};
  return result;
}

}  // namespace

absl::Status Upload::Run(const std::optional<journal::Hash>& previous,
                         v1::UploadJournalResponse* response) {
  batch_max_ = kDocumentsMax;
  CLOUDPOS_RETURN_IF_ERROR(LoadStanding());
  CLOUDPOS_RETURN_IF_ERROR(Chain(previous));
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const bool is_superseded, TakeStanding(response));
    if (is_superseded || next_ == entries_.size()) return absl::OkStatus();
    CLOUDPOS_RETURN_IF_ERROR(RecordNext(response));
  }
}

absl::Status Upload::LoadStanding() {
  // The head first: entries never change, so those up to it are all there afterwards.
  CLOUDPOS_ASSIGN_OR_RETURN(
      head_, SelectHead(checkout_.pool(), key_.tenant, key_.journal, ctx_.deadline()));
  const int64_t first = entries_[next_].entry.n;
  const int64_t last = std::min(entries_.back().entry.n, head_.journal_no);
  standing_.clear();
  if (last < first - 1) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(standing_, SelectStanding(checkout_.pool(), key_.tenant, key_.journal,
                                                      first - 1, last, ctx_.deadline()));
  return absl::OkStatus();
}

absl::Status Upload::Chain(const std::optional<journal::Hash>& previous) {
  const int64_t first = entries_.front().entry.n;
  if (first > head_.journal_no + 1) return Behind(head_);
  const journal::Hash theirs = first == 1 ? journal::kGenesis : standing_.at(first - 1).hash;
  const journal::Hash mine = previous.value_or(theirs);
  // Signatures first: a fork is told to the device alone.
  CLOUDPOS_RETURN_IF_ERROR(ChainEntries(mine, *place_.device, &entries_));
  if (mine == theirs) return absl::OkStatus();
  if (first == 1) {
    return base::Fail(INVALID_ARGUMENT, "previousHash", "is zeros before the first entry");
  }
  return Fork(first - 1, theirs);
}

/// Results for entries that stand already. Answers true when the rest must wait: the register has
/// to adopt the server's entry first.
absl::StatusOr<bool> Upload::TakeStanding(v1::UploadJournalResponse* response) {
  std::vector<EntrySignature> signatures;
  const StandingEntry* other = nullptr;
  for (; next_ < entries_.size() && entries_[next_].entry.n <= head_.journal_no; ++next_) {
    const UploadedEntry& mine = entries_[next_];
    const StandingEntry& theirs = standing_.at(mine.entry.n);
    if (theirs.hash != mine.hash) {
      other = &theirs;
      break;
    }
    if (!theirs.is_signed) signatures.push_back({mine.entry.n, mine.signature, mine.key_id});
    AddResult(mine.entry.n, Result::REPLAY, theirs.findings, response);
  }
  CLOUDPOS_RETURN_IF_ERROR(
      InsertSignatures(checkout_.pool(), key_.tenant, key_.journal, signatures, ctx_.deadline()));
  if (other == nullptr) return false;
  const UploadedEntry& mine = entries_[next_];
  if (other->document != mine.document) return Fork(mine.entry.n, other->hash);
  CLOUDPOS_RETURN_IF_ERROR(AddSuperseded(mine.entry.n, response));
  return true;
}

absl::Status Upload::AddSuperseded(int64_t number, v1::UploadJournalResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<EntryRow> rows,
                            SelectEntries(checkout_.pool(), key_.tenant, key_.journal, number,
                                          number, 1, 1, ctx_.deadline()));
  if (rows.empty()) return base::Fail(common::v1::INTERNAL, "an entry cannot be found");
  Result* result = AddResult(number, Result::SUPERSEDED, {}, response);
  result->mutable_server_entry()->set_payload(rows[0].payload);
  result->mutable_server_entry()->set_hash(rows[0].hash);
  return absl::OkStatus();
}

/// The next entries that can be judged and recorded together: none needs what another one makes.
std::vector<const UploadedEntry*> Upload::Pick() const {
  std::vector<const UploadedEntry*> picked;
  std::set<std::string> made;
  size_t lines = 0;
  for (size_t i = next_; i < entries_.size() && picked.size() < batch_max_; ++i) {
    const journal::SaleEntry& entry = entries_[i].entry;
    lines += entry.lines.size();
    if (!picked.empty() && (lines > kLinesMax || made.contains(entry.sale_id) ||
                            made.contains(entry.source_sale_id))) {
      break;
    }
    picked.push_back(&entries_[i]);
    made.insert(entry.sale_id);
    // Two returns of one sale: the second must know what the first took back.
    if (!entry.source_sale_id.empty()) made.insert(entry.source_sale_id);
  }
  return picked;
}

Upload::Batch Upload::JudgeAll(const std::vector<const UploadedEntry*>& picked,
                               const Knowledge& knowledge) {
  Batch batch;
  Head head = head_;
  const absl::Time now = checkout_.clock().Now();
  for (const UploadedEntry* uploaded : picked) {
    const Setting setting{
        .place = &place_, .series = key_.series, .now = now, .head = &head, .is_vouched = false};
    UploadDetails details = JudgeEntry(*uploaded, knowledge, setting);
    if (unwritable_.contains(uploaded->entry.n)) {
      details.is_held = true;
      details.mode = UploadDetails::Mode::kEntry;
      details.findings = {finding::kMalformed};
    }
    batch.documents.push_back(DocumentOf(*uploaded, std::move(details), knowledge, setting));
    batch.documents.back().traceparent = ctx_.traceparent();
    head = HeadAfter(*uploaded, head);
    batch.heads.push_back(head);
  }
  return batch;
}

absl::Status Upload::RecordNext(v1::UploadJournalResponse* response) {
  if (checkout_.clock().Now() >= ctx_.deadline()) {
    return base::Fail(DEADLINE_EXCEEDED, "the entries were not recorded in time; send them again");
  }
  if (!has_journal_) {
    CLOUDPOS_RETURN_IF_ERROR(LoadHead(checkout_.pool(), key_, ctx_.deadline()).status());
    has_journal_ = true;
  }
  const std::vector<const UploadedEntry*> picked = Pick();
  CLOUDPOS_ASSIGN_OR_RETURN(const Knowledge knowledge, LoadKnowledge(ctx_, checkout_, picked));
  const Batch batch = JudgeAll(picked, knowledge);
  std::vector<const Document*> documents;
  std::vector<base::Uuid> events;
  for (const Document& document : batch.documents) {
    documents.push_back(&document);
    events.push_back(ids_.NewId());
  }
  return Take(batch,
              RecordDocuments(checkout_.pool(), key_.tenant, documents, events, ctx_.deadline()),
              response);
}

/// Results of what was recorded. After the first that was not, or a fault, what stands is read
/// anew.
absl::Status Upload::Take(const Batch& batch, const absl::StatusOr<std::vector<Outcome>>& outcomes,
                          v1::UploadJournalResponse* response) {
  if (!outcomes.ok()) {
    const absl::Status& fault = outcomes.status();
    if (pg::IsTransient(fault) || pg::IsOutcomeUnknown(fault)) return Again(true);
    const int64_t number = batch.documents.front().entry.n;
    log::Error("uploaded entries cannot be written", {{"journal", key_.journal.ToString()},
                                                      {"journal_no", number},
                                                      {"error", fault.ToString()}});
    if (batch.documents.size() > 1) {
      batch_max_ = 1;  // finds the one
    } else if (!unwritable_.insert(number).second) {
      return fault;
    }
    return Again(true);
  }
  size_t recorded = 0;
  for (; recorded < outcomes->size() && (*outcomes)[recorded] == Outcome::kRecorded; ++recorded) {
    const Document& document = batch.documents[recorded];
    AddResult(document.entry.n, document.upload->is_held ? Result::QUARANTINED : Result::RECORDED,
              document.upload->findings, response);
  }
  if (recorded > 0) {
    checkout_.RingBell();
    next_ += recorded;
    head_ = batch.heads[recorded - 1];
    turns_without_progress_ = 0;
  }
  return recorded == outcomes->size() ? absl::OkStatus() : Again(false);
}

/// Another turn with what stands now. After a fault, a little later.
absl::Status Upload::Again(bool is_fault) {
  if (++turns_without_progress_ > kTurnsMax) {
    return base::Fail({.code = UNAVAILABLE,
                       .detail = "the journal is busy",
                       .retry_after = std::chrono::milliseconds(500)});
  }
  if (checkout_.clock().Now() >= ctx_.deadline()) {
    return base::Fail(DEADLINE_EXCEEDED, "the entries were not recorded in time; send them again");
  }
  if (is_fault) absl::SleepFor(absl::Milliseconds(10 * std::min(turns_without_progress_, 25)));
  const absl::Status loaded = LoadStanding();
  if (loaded.ok() || !pg::IsTransient(loaded)) return loaded;
  return Again(true);
}

}  // namespace cloudpos::transaction
