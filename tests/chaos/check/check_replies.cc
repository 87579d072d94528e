// What clients were told against what was recorded: I11, I13, I14, I15 and CAUSE.

#include <algorithm>

#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

class Replies {
 public:
  explicit Replies(const Evidence& e) : e_(e), documents_(*e.documents) {}

  void CheckDocument(const Document& document);
  void CheckRefusal(const Refusal& refusal);
  void CheckMoney();
  int64_t raced() const { return raced_; }

 private:
  void CheckAcknowledged(const Document& document);
  void CheckPaper(const Document& document);
  void CheckRequested(const Document& document);
  void CheckOutcome(const Document& document);
  void CheckAttempts(const Document& document);
  void CheckCause(const Refusal& refusal, const std::string& code);
  bool HasCause(const Refusal& refusal, const std::string& code) const;
  /// The body that was recorded: the one acknowledged, or one that asks for what is recorded.
  uint32_t RecordedRequest(const Document& document) const;
  bool Asks(const Request& request, const Document& document) const;
  void Broken(Rule rule, const Document& document, const std::string& what) {
    e_.report->Broken(rule,
                      std::string(NameOf(document.kind == Kind::kNone && document.acked != kNowhere
                                             ? documents_.request(document.acked).kind
                                             : document.kind)) +
                          " " + document.id.ToString() + " " + what);
  }

  const Evidence& e_;
  Documents& documents_;
  int64_t raced_ = 0;
};

bool Replies::Asks(const Request& request, const Document& document) const {
  return request.kind == document.kind && request.wish == document.wish &&
         (request.prices == 0 || request.prices == document.prices) &&
         (request.expected_total < 0 || request.expected_total == document.recorded_total);
}

uint32_t Replies::RecordedRequest(const Document& document) const {
  if (document.acked != kNowhere) return document.acked;
  for (uint32_t at = document.requests; at != kNowhere; at = documents_.request(at).next) {
    if (Asks(documents_.request(at), document)) return at;
  }
  return kNowhere;
}

void Replies::CheckDocument(const Document& document) {
  if (document.acked != kNowhere) CheckAcknowledged(document);
  if (document.paper != 0) CheckPaper(document);
  if (document.kind != Kind::kNone) CheckRequested(document);
  CheckOutcome(document);
  CheckAttempts(document);
}

void Replies::CheckAcknowledged(const Document& document) {
  e_.report->Compared(Rule::kAcknowledged, 1);
  const Request& request = documents_.request(document.acked);
  if (document.kind == Kind::kNone || !document.has_row) {
    return Broken(Rule::kAcknowledged, document,
                  "was acknowledged as number " + std::to_string(document.journal_no) +
                      ", receipt " + std::to_string(document.receipt_no) + ", and " +
                      (document.kind == Kind::kNone ? "is in no journal" : "has no row in sales"));
  }
  if (document.kind != request.kind) {
    return Broken(Rule::kAcknowledged, document,
                  std::string("was acknowledged as ") + NameOf(request.kind));
  }
  if (document.reply == document.recorded_reply) return;
  std::string how = "was recorded otherwise than acknowledged";
  if (document.journal_no != document.number) {
    how += ": number " + std::to_string(document.number) + " instead of " +
           std::to_string(document.journal_no);
  }
  if (document.total != document.recorded_total) {
    how += ": total " + std::to_string(document.recorded_total) + " instead of " +
           std::to_string(document.total);
  }
  Broken(Rule::kAcknowledged, document, how);
}

/// A receipt that a register handed out is an answer, too.
void Replies::CheckPaper(const Document& document) {
  e_.report->Compared(Rule::kAcknowledged, 1);
  if (document.is_held || document.paper == document.recorded_paper) return;
  Broken(Rule::kAcknowledged, document,
         document.kind == Kind::kNone ? "is on paper, and in no journal"
                                      : "was recorded otherwise than it is on paper");
}

void Replies::CheckRequested(const Document& document) {
  e_.report->Compared(Rule::kRequested, 1);
  if (document.kind == Kind::kAbandoned) {
    if (document.abandon_send == kNever) {
      Broken(Rule::kRequested, document, "was never asked for");
    }
    return;
  }
  if (document.first_send == kNever) {
    if (document.paper != 0) return;
    return Broken(Rule::kRequested, document, "was never sent by any client");
  }
  const uint32_t recorded = RecordedRequest(document);
  if (recorded == kNowhere || !Asks(documents_.request(recorded), document)) {
    Broken(Rule::kRequested, document, "was recorded with other content than was sent");
  }
}

/// I11: what stands under an id, and what those were told who gave it up.
void Replies::CheckOutcome(const Document& document) {
  const bool told_abandoned = document.abandoned_ack != kNever;
  const bool told_completed = document.completed_ack != kNever;
  if (!told_abandoned && !told_completed) return;
  e_.report->Compared(Rule::kOneOutcome, 1);
  if (told_abandoned && told_completed) {
    Broken(Rule::kOneOutcome, document, "was told to be ABANDONED and to be COMPLETED");
  }
  const bool is_tombstone = document.kind == Kind::kAbandoned && document.has_row;
  const bool is_sale = document.is_recorded_sale() && document.has_row;
  if (told_abandoned && !is_tombstone && !(is_sale && document.was_given_up)) {
    Broken(Rule::kOneOutcome, document,
           is_sale ? "was told to be ABANDONED and is recorded as a sale"
                   : "was told to be ABANDONED and has no tombstone");
  }
  if (told_completed && !is_sale) {
    Broken(Rule::kOneOutcome, document, "was told to be COMPLETED and is no sale");
  }
  if (told_abandoned && document.acked != kNowhere && !document.was_given_up) {
    Broken(Rule::kOneOutcome, document, "was both acknowledged and ABANDONED");
  }
}

/// I13, of all attempts of one document.
void Replies::CheckAttempts(const Document& document) {
  if (document.fresh > 1) {
    Broken(Rule::kReplies, document,
           "was answered " + std::to_string(document.fresh) + " times as if it were new");
  } else if (document.fresh == 1 && document.known < document.fresh_send) {
    Broken(Rule::kReplies, document, "was answered as if it were new, long after it was recorded");
  }
  if (!document.is_recorded_sale() || document.acked != kNowhere) return;
  const uint32_t recorded = RecordedRequest(document);
  if (recorded == kNowhere) return;  // I15 says so
  const Request& request = documents_.request(recorded);
  if (request.refusals == 0) return;
  if (!request.is_uncertain()) {
    return Broken(Rule::kReplies, document, "was refused each time, and yet is recorded");
  }
  // An attempt without an answer may have been recorded behind the refusal's back; one that was
  // recorded before the refused attempt was sent is found by CheckRefusal.
  ++raced_;
}

void Replies::CheckRefusal(const Refusal& refusal) {
  const Document& document = documents_[refusal.document];
  const Request& request = documents_.request(refusal.request);
  const std::string& code = e_.history.codes[refusal.code];
  const std::string said = std::to_string(refusal.status) + " " + code;
  CheckCause(refusal, code);
  e_.report->Compared(Rule::kReplies, 1);
  if (request.kind == Kind::kAbandoned) return;
  // Without a journal entry the client's own answer is all there is to know by.
  const Micros known = std::min(document.known, document.first_ack);
  if (!document.is_recorded_sale() && document.acked == kNowhere) return;
  if (known >= refusal.sent) return;
  const bool is_recorded_body = RecordedRequest(document) == refusal.request;
  if (is_recorded_body) {
    Broken(Rule::kReplies, document,
           "was refused with " + said + " " + std::to_string(refusal.sent - known) +
               " us after it was known to be recorded");
  } else if (refusal.status != 422) {
    Broken(Rule::kReplies, document,
           "was recorded, and another request under its id was refused with " + said +
               " instead of IDEMPOTENCY_MISMATCH");
  }
}

void Replies::CheckCause(const Refusal& refusal, const std::string& code) {
  e_.report->Compared(Rule::kCause, 1);
  if (HasCause(refusal, code)) return;
  e_.report->Broken(Rule::kCause, documents_[refusal.document].id.ToString() +
                                      " was refused with " + std::to_string(refusal.status) + " " +
                                      code + " for no reason in the request or its past");
}

bool Replies::HasCause(const Refusal& refusal, const std::string& code) const {
  const Document& document = documents_[refusal.document];
  const Request& request = documents_.request(refusal.request);
  if (e_.run.expect_refusals.contains(code)) return true;
  if (code == "IDEMPOTENCY_MISMATCH") {
    for (uint32_t at = document.requests; at != kNowhere; at = documents_.request(at).next) {
      const Request& other = documents_.request(at);
      if (at != refusal.request && other.first_send < refusal.received) return true;
    }
    return false;
  }
  if (code == "SALE_ABANDONED") return document.abandon_send < refusal.received;
  if (code == "PRICE_CHANGED") return request.has_expected_price;
  if (code == "TOTAL_MISMATCH") return request.expected_total >= 0;
  if (code.starts_with("JOURNAL_")) return request.has_journal;
  if (request.kind != Kind::kReturn) return false;
  if (code == "RETURN_EXCEEDS_SOLD" || code == "CONFLICT") return true;
  // A sale that was given up, or not recorded yet as far as anyone could know, cannot come back.
  if (request.source == kNowhere) return false;
  const Document& source = documents_[request.source];
  const bool is_there = source.is_recorded_sale() && source.known < refusal.sent;
  return (code == "NOT_FOUND" || code == "NOT_RETURNABLE") && !is_there;
}

/// Money by receipts and by the journals.
void Replies::CheckMoney() {
  std::map<base::Uuid, int64_t> expected = e_.history.taken;
  for (const auto& [store, amount] : e_.books->taken_unheard) expected[store] += amount;
  for (const Journal& journal : e_.books->journals) expected[journal.store] -= journal.total;
  for (const auto& [store, left] : expected) {
    e_.report->Compared(Rule::kAcknowledged, 1);
    if (left == 0) continue;
    e_.report->Broken(Rule::kAcknowledged, "store " + store.ToString() + ": receipts come to " +
                                               std::to_string(left) +
                                               " more than the journals' grand totals");
  }
}

}  // namespace

void CheckReplies(const Evidence& e) {
  Replies replies(e);
  int64_t acknowledged = 0, recorded = 0, unheard = 0, on_paper = 0;
  for (const Document& document : e.documents->all()) {
    replies.CheckDocument(document);
    const bool is_acknowledged = document.acked != kNowhere;
    const bool is_on_paper = document.paper != 0;
    acknowledged += is_acknowledged ? 1 : 0;
    on_paper += is_on_paper ? 1 : 0;
    recorded += document.is_recorded_sale() ? 1 : 0;
    unheard += document.is_recorded_sale() && !is_acknowledged && !is_on_paper ? 1 : 0;
  }
  for (const Refusal& refusal : e.history.refusals) replies.CheckRefusal(refusal);
  // Runs without a single refusal have nothing to find a cause for.
  if (e.history.refusals.empty()) e.report->NotAsked(Rule::kCause);
  replies.CheckMoney();
  e.report->Note("acknowledged", acknowledged);
  e.report->Note("on paper", on_paper);
  e.report->Note("recorded", recorded);
  e.report->Note("recorded and unheard of", unheard);
  e.report->Note("refused in a race", replies.raced());
}

}  // namespace cloudpos::chaos
