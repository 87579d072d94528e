// I19: the numbers of a journal follow the order that clients saw. A sale that was acknowledged
// before another was first sent has the smaller number.
//
// The same numbers tell when a document was certainly recorded: before anything that stands behind
// it in its journal was acknowledged. No clock of the server is needed for it.

#include <algorithm>

#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

Micros FirstSendOf(const Document& document) {
  return document.kind == Kind::kAbandoned ? document.abandon_send : document.first_send;
}

Micros FirstAckOf(const Document& document) {
  return document.kind == Kind::kAbandoned ? document.abandoned_ack : document.first_ack;
}

}  // namespace

void CheckOrder(const Evidence& e) {
  Documents& documents = *e.documents;
  for (const Journal& journal : e.books->journals) {
    Micros soonest = kNever;  // answer for anything behind
    const Document* by = nullptr;
    for (auto mark = journal.marks.rbegin(); mark != journal.marks.rend(); ++mark) {
      if (mark->document == kNowhere) continue;
      Document& document = documents[mark->document];
      const Micros sent = FirstSendOf(document);
      if (sent != kNever) e.report->Compared(Rule::kOrder, 1);
      if (sent != kNever && soonest < sent) {
        e.report->Broken(Rule::kOrder, "journal " + journal.Name() + ": " + by->id.ToString() +
                                           " (number " + std::to_string(by->number) +
                                           ") was acknowledged " + std::to_string(sent - soonest) +
                                           " us before " + document.id.ToString() + " (number " +
                                           std::to_string(document.number) + ") was first sent");
      }
      const Micros ack = FirstAckOf(document);
      if (ack < soonest) {
        soonest = ack;
        by = &document;
      }
      document.known = soonest;
    }
  }
}

}  // namespace cloudpos::chaos
