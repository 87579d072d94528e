// Journal bytes, as registers upload them and auditors get them: entries, canonical JSON, exports.
// The first byte chooses which.

#include <string>

#include "libs/journal/canonical.h"
#include "libs/journal/entry.h"
#include "libs/journal/export.h"
#include "tests/fuzz/target.h"

namespace cloudpos::fuzz {
namespace {

using namespace journal;

void CheckEntry(std::string_view payload) {
  SaleEntry entry;
  if (!ParseEntry(payload, &entry).ok()) return;
  Check(CheckCanonical(payload).ok(), "entry: only canonical bytes are read", payload);
  std::string again;
  Check(EncodeEntry(entry, &again).ok(), "entry: can be written", payload);
  // Unknown members are ignored, so the bytes may differ; what is known may not.
  SaleEntry back;
  std::string third;
  Check(ParseEntry(again, &back).ok(), "entry: can be read again", again);
  Check(EncodeEntry(back, &third).ok() && third == again, "entry: the same bytes again", again);
}

void CheckAnyJson(std::string_view text) {
  Document document;
  if (!Document::Parse(text, ParseMode::kAnyJson, &document).ok()) {
    Check(!CheckCanonical(text).ok(), "canonical: is JSON too", text);
    return;
  }
  std::string canonical;
  Check(Encode(document.root(), &canonical).ok(), "canonical: can be written", text);
  Check(CheckCanonical(canonical).ok(), "canonical: is canonical", canonical);
  Check((canonical == text) == CheckCanonical(text).ok(), "canonical: exactly its own bytes", text);
}

/// An export says the same in whatever pieces it comes.
void CheckExport(std::string_view bytes) {
  const VerifyReport whole = VerifyExport(bytes, {});
  Verifier verifier({});
  for (size_t i = 0; i < bytes.size(); ++i) verifier.Feed(bytes.substr(i, 1));
  const VerifyReport pieces = verifier.Finish();
  Check(whole.error.code == pieces.error.code && whole.line == pieces.line &&
            whole.journal == pieces.journal && whole.n == pieces.n &&
            whole.entries == pieces.entries && whole.reason == pieces.reason,
        "export: the same in pieces", whole.reason + " / " + pieces.reason);
  Check(whole.ok() || !whole.reason.empty(), "export: says why not");
}

void Run(std::string_view input) {
  if (input.empty()) return;
  const std::string_view rest = input.substr(1);
  switch (input[0]) {
    case 'e':
      return CheckEntry(rest);
    case 'x':
      return CheckExport(rest);
    default:
      return CheckAnyJson(rest);
  }
}

SaleEntry SomeSale() {
  SaleEntry entry;
  entry.business_date = entry.posting_date = "2026-01-05";
  entry.currency = "EUR";
  entry.generation = entry.n = entry.receipt_no = 1;
  entry.journal = "j";
  entry.kind = kKindSale;
  entry.register_id = "r";
  entry.sale_id = "s";
  entry.store = "o";
  entry.tenant = "t";
  entry.occurred_at_us = 1767571200000000;
  entry.totals = {.gross = 250, .net = 210, .tax = 40, .total = 250};
  EntryLine line;
  line.line_no = 1;
  line.sku = "a";
  line.variant_id = "v";
  line.quantity_milli = 1000;
  line.unit_price = line.list_price = line.gross = line.total = 250;
  line.net = 210;
  line.taxes.push_back({.amount = 40, .inclusive = true, .rate_ppm = 190000, .tax_id = "x"});
  entry.lines.push_back(line);
  entry.tenders.push_back({.amount = 250, .tendered = 250, .tender_no = 1, .type = "CASH"});
  return entry;
}

/// A sale, or an export of some sales.
std::string Invent(std::string_view, unsigned seed) {
  std::string made = seed % 2 == 0 ? "e" : "x";
  SaleEntry entry = SomeSale();
  if (seed % 2 == 0) {
    (void)EncodeEntry(entry, &made);
    return made;
  }
  ExportWriter writer;
  Hash hash = kGenesis;
  for (entry.n = 1; entry.n <= static_cast<int64_t>(seed / 2 % 3); ++entry.n) {
    std::string payload;
    (void)EncodeEntry(entry, &payload);
    const Hash next = ChainHash(static_cast<uint64_t>(entry.n), hash, payload);
    (void)writer.Append(
        {.journal = "j", .n = entry.n, .payload = payload, .hash = next, .previous = hash}, &made);
    hash = next;
  }
  (void)writer.Finish("", {}, &made);
  return made;
}

}  // namespace

const Target kJournal{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
