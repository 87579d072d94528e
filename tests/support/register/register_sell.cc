// Selling: asked before the goods leave while somebody answers, and written down when nobody does.

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "tests/support/register/register.h"

namespace cloudpos::register_sim {
namespace {

// Refusals that the register answers by learning better, in a row.
constexpr int kAttemptsMax = 12;
// The checkout may hear of a new price a moment later than the catalogue says it.
constexpr absl::Duration kPause = absl::Milliseconds(250);

json::object Money(const std::string& currency, int64_t minor) {
  return {{"currencyCode", currency}, {"minorUnits", minor}};
}

}  // namespace

bool Register::HasUnsent() const {
  return std::any_of(journal_->chains().begin(), journal_->chains().end(), [](const auto& chain) {
    return chain.second.recorded < chain.second.head().n;
  });
}

absl::Status Register::HandOut(const std::vector<journal::SaleEntry>& entries) {
  for (const journal::SaleEntry& entry : entries) {
    if (entry.receipt_no == 0) continue;
    const Chain& chain = journal_->chain(static_cast<int>(entry.generation));
    CLOUDPOS_RETURN_IF_ERROR(
        book_.Write(entry, identity_->ReceiptNumber(entry), chain.At(entry.n)->hash));
  }
  return absl::OkStatus();
}

absl::Status Register::Sell(const Order& order, Sold* sold) {
  const std::string sale_id = ids_.NewId().ToString();
  if (!order.offline) {
    CLOUDPOS_ASSIGN_OR_RETURN(const bool is_done, SellOnline(sale_id, order));
    if (is_done) {
      ++sold->online;
      return absl::OkStatus();
    }
  }
  ++sold->offline;
  return SellOffline(sale_id, order);
}

absl::StatusOr<journal::SaleEntry> Register::RingUpNow(const std::string& sale_id,
                                                       const Order& order) {
  return RingUp(*shop_, *identity_, sale_id, order.basket, order.tendered, clock_.Now());
}

absl::Status Register::SellOffline(const std::string& sale_id, const Order& order) {
  CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry, RingUpNow(sale_id, order));
  if (order.stated_version > 0) entry.catalogue_version = order.stated_version;
  // Durable before the customer sees it as sold.
  CLOUDPOS_RETURN_IF_ERROR(journal_->Append(&entry));
  return HandOut({entry});
}

absl::Status Register::NoSale() {
  CLOUDPOS_ASSIGN_OR_RETURN(journal::SaleEntry entry,
                            OpenDrawer(*shop_, *identity_, ids_.NewId().ToString(), clock_.Now()));
  return journal_->Append(&entry);
}

json::object Register::SaleBody(const std::string& sale_id, const Order& order,
                                const journal::SaleEntry& entry) const {
  json::array lines;
  for (const BasketLine& line : order.basket) {
    lines.push_back(json::object{{"variantId", line.variant_id},
                                 {"quantityMilli", line.quantity_milli},
                                 {"expectedUnitPriceMinor", shop_->Find(line.variant_id)->price}});
  }
  const Position& head = journal_->current().head();
  return {{"saleId", sale_id},
          {"storeId", identity_->store},
          {"registerId", identity_->register_id},
          {"lines", std::move(lines)},
          {"tenders",
           json::array{json::object{{"type", "CASH"}, {"amountMinor", entry.tenders[0].tendered}}}},
          {"expectedTotal", Money(identity_->currency, entry.totals.total)},
          {"journal", json::object{{"deviceId", identity_->device},
                                   {"generation", journal_->generation()},
                                   {"journalNo", head.n + 1},
                                   {"receiptNo", head.receipt_no + 1}}}};
}

/// False when nobody answered: then it belongs into the own journal, under the same id.
absl::StatusOr<bool> Register::SellOnline(const std::string& sale_id, const Order& order) {
  if (HasUnsent()) {
    const auto uploaded = Upload();
    if (absl::IsUnavailable(uploaded.status())) return false;
    CLOUDPOS_RETURN_IF_ERROR(uploaded.status());
  }
  for (int attempt = 0;; ++attempt) {
    CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, RingUpNow(sale_id, order));
    const auto answer = api_.Post("/v1/sales", setup_.staff_token, SaleBody(sale_id, order, entry));
    if (absl::IsUnavailable(answer.status())) {
      if (attempt < order.retries) continue;
      return false;
    }
    CLOUDPOS_RETURN_IF_ERROR(answer.status());
    if (answer->ok()) {
      CLOUDPOS_RETURN_IF_ERROR(KeepRecorded(Object(answer->body, "journalEntry")));
      return true;
    }
    if (attempt >= kAttemptsMax) return Refused("the sale", *answer);
    if (answer->code == "JOURNAL_NO") {
      // The server's journal stands elsewhere than this one: one of the two was set back.
      CLOUDPOS_RETURN_IF_ERROR(Upload().status());
    } else if (answer->code == "PRICE_CHANGED" || answer->code == "TOTAL_MISMATCH") {
      if (attempt > 0) absl::SleepFor(kPause);
      CLOUDPOS_RETURN_IF_ERROR(Sync());
    } else {
      return Refused("the sale", *answer);
    }
  }
}

/// The bytes that the server recorded are the ones to keep and to sign.
absl::Status Register::KeepRecorded(const json::object& kept) {
  const auto payload = base::Base64Decode(Text(kept, "payload"));
  const auto bytes = base::Base64Decode(Text(kept, "hash"));
  if (!payload || !bytes) return absl::InternalError("the answer holds no journal entry");
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::Hash hash, HashFrom(*bytes));
  journal::SaleEntry recorded;
  if (!journal::ParseEntry(*payload, &recorded).ok()) {
    return absl::InternalError("the answer's journal entry cannot be read");
  }
  CLOUDPOS_RETURN_IF_ERROR(journal_->Keep(journal_->generation(), *payload, hash));
  return HandOut({recorded});
}

}  // namespace cloudpos::register_sim
