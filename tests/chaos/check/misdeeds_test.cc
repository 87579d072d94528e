// Things done wrong from the start, for the checker's tests.

#include "tests/chaos/check/misdeeds_test.h"

#include "tests/chaos/check/shop_test.h"

namespace cloudpos::chaos {

using Entry = journal::SaleEntry;

const std::vector<Misdeed>& RecordedWrong() {
  static const std::vector<Misdeed> all = {
      {Rule::kAmounts, "a cent of change becomes rounding",
       [](Shop& shop) {
         shop.Sell(0, [](Entry* entry) {
           --entry->tenders[0].change;
           --entry->totals.change;
           ++entry->tenders[0].rounding;
           ++entry->totals.cash_rounding;
         });
       }},
      {Rule::kAmounts, "a line's tax is not in the total",
       [](Shop& shop) { shop.Sell(0, [](Entry* entry) { ++entry->lines[0].taxes[0].amount; }); }},
      {Rule::kAmounts, "a price times a quantity is rounded the wrong way",
       [](Shop& shop) {
         shop.Sell(0, [](Entry* entry) {
           ++entry->lines[2].gross;
           ++entry->lines[2].net;
           ++entry->lines[2].total;
           ++entry->totals.gross;
           ++entry->totals.net;
           ++entry->totals.total;
           ++entry->tenders[0].amount;
           --entry->tenders[0].change;
           --entry->totals.change;
         });
       }},
      {Rule::kNumbers, "a receipt number is left out",
       [](Shop& shop) { shop.Sell(0, [](Entry* entry) { entry->receipt_no = 9; }); }},
      {Rule::kChain, "an entry of another register",
       [](Shop& shop) {
         const std::string other = shop.SaleOf(3).register_id;
         shop.Sell(0, [&other](Entry* entry) { entry->register_id = other; });
       }},
      {Rule::kOneOutcome, "ABANDONED is answered of a completed sale",
       [](Shop& shop) {
         shop.Received(shop.Sent("abandon", shop.first_sale().ToString(), "{}"), 200,
                       R"({"state":"ABANDONED"})");
       }},
      {Rule::kOneOutcome, "COMPLETED is answered of what never was",
       [](Shop& shop) {
         shop.Received(shop.Sent("abandon", shop.SaleOf(0).sale_id, "{}"), 200,
                       R"({"state":"COMPLETED"})");
       }},
      {Rule::kOneOutcome, "ABANDONED is answered and nothing written",
       [](Shop& shop) {
         shop.Received(shop.Sent("abandon", shop.SaleOf(0).sale_id, "{}"), 200,
                       R"({"state":"ABANDONED"})");
       }},
      {Rule::kReturns, "more comes back than was sold",
       [](Shop& shop) {
         const base::Uuid sale = shop.Sell(0);
         for (int i = 0; i < 3; ++i) shop.Return(sale);
       }},
      {Rule::kReturns, "something else comes back",
       [](Shop& shop) {
         shop.Return(shop.first_sale(), [](Entry* entry) {
           entry->lines[0].variant_id = entry->lines[0].product_id = entry->sale_id;
         });
       }},
  };
  return all;
}

const std::vector<Misdeed>& AnsweredWrong() {
  static const std::vector<Misdeed> all = {
      {Rule::kReplies, "the same request is answered otherwise",
       [](Shop& shop) {
         std::string other = shop.answer(shop.first_sale());
         other.replace(other.find("COMPLETED"), 9, "FINISHED!");
         shop.Received(
             shop.Sent("sale", shop.first_sale().ToString(), shop.request(shop.first_sale())), 201,
             other, true);
       }},
      {Rule::kReplies, "another request under the same id is answered",
       [](Shop& shop) {
         shop.Received(
             shop.Sent("sale", shop.first_sale().ToString(), Shop::RequestFor(shop.SaleOf(0))), 201,
             shop.answer(shop.first_sale()), true);
       }},
      {Rule::kReplies, "a recorded sale is refused",
       [](Shop& shop) {
         shop.Refused(
             shop.Sent("sale", shop.first_sale().ToString(), shop.request(shop.first_sale())), 409,
             "PRICE_CHANGED");
       }},
      {Rule::kReplies, "a sale whose answer was lost is refused later",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         const std::string request = Shop::RequestFor(entry);
         shop.Lost(shop.Sent("sale", entry.sale_id, request));
         shop.Record(0, &entry);
         shop.Sell(0);  // stands behind it and is acknowledged: now anyone could know
         shop.Refused(shop.Sent("sale", entry.sale_id, request), 409, "PRICE_CHANGED");
       }},
      {Rule::kReplies, "a sale is refused each time, and recorded",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         shop.Refused(shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry)), 409,
                      "PRICE_CHANGED");
         shop.Record(0, &entry);
       }},
      {Rule::kReplies, "the same sale is new twice",
       [](Shop& shop) {
         shop.Received(
             shop.Sent("sale", shop.first_sale().ToString(), shop.request(shop.first_sale())), 201,
             shop.answer(shop.first_sale()), false);
       }},
      {Rule::kReplies, "a fault of ours",
       [](Shop& shop) {
         const journal::SaleEntry entry = shop.SaleOf(0);
         shop.Received(shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry)), 500, "{}");
       }},
  };
  return all;
}

const std::vector<Misdeed>& OtherWrongs() {
  static const std::vector<Misdeed> all = {
      {Rule::kAcknowledged, "a sale is answered and nothing written",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         entry.n = 99;
         entry.receipt_no = 99;
         shop.Received(shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry)), 201,
                       Shop::AnswerFor(entry, std::string(64, '0')));
       }},
      {Rule::kAcknowledged, "an answer tells of another total than was recorded",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         const std::string op = shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry));
         const std::string hash = shop.Record(0, &entry);
         ++entry.totals.total;
         shop.Received(op, 201, Shop::AnswerFor(entry, hash));
       }},
      {Rule::kAcknowledged, "an answer tells of other change than was recorded",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         const std::string op = shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry));
         const std::string hash = shop.Record(0, &entry);
         ++entry.tenders[0].change;
         shop.Received(op, 201, Shop::AnswerFor(entry, hash));
       }},
      {Rule::kAcknowledged, "a register's receipt is in no journal",
       [](Shop& shop) { shop.HandOut(shop.SaleOf(0), std::string(64, '0')); }},
      {Rule::kAcknowledged, "a register's receipt has another hash",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         shop.Record(0, &entry);
         shop.HandOut(entry, std::string(64, '0'));
       }},
      {Rule::kRequested, "a sale that nobody sent",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         shop.Record(0, &entry);
       }},
      {Rule::kRequested, "a tombstone that nobody asked for",
       [](Shop& shop) {
         journal::SaleEntry entry = shop.SaleOf(0);
         shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry));
         entry.kind = journal::kKindAbandoned;
         entry.lines.clear();
         entry.taxes.clear();
         entry.tenders.clear();
         entry.totals = {};
         shop.Record(0, &entry);
       }},
      {Rule::kRequested, "another quantity than was asked for",
       [](Shop& shop) {
         shop.Sell(0, [](Entry* entry) { entry->lines[0].quantity_milli = 1001; });
       }},
      {Rule::kRequested, "another price than was expected",
       [](Shop& shop) { shop.Sell(0, [](Entry* entry) { ++entry->lines[0].list_price; }); }},
      {Rule::kOrder, "a sale gets a number before one that was acknowledged earlier",
       [](Shop& shop) {
         journal::SaleEntry late = shop.SaleOf(0);
         journal::SaleEntry early = shop.SaleOf(0);
         const std::string hash = shop.Record(0, &late);
         const std::string first = shop.Record(0, &early);
         shop.Received(shop.Sent("sale", early.sale_id, Shop::RequestFor(early)), 201,
                       Shop::AnswerFor(early, first));
         shop.Received(shop.Sent("sale", late.sale_id, Shop::RequestFor(late)), 201,
                       Shop::AnswerFor(late, hash));
       }},
      {Rule::kQuiet, "an unreadable event is not parked",
       [](Shop& shop) { shop.expect_parked = R"(["poison"])"; }},
      {Rule::kCause, "a refusal without a cause",
       [](Shop& shop) {
         const journal::SaleEntry entry = shop.SaleOf(0);
         shop.Refused(shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry)), 400, "OVERFLOW");
       }},
      {Rule::kCause, "a conflict with nothing",
       [](Shop& shop) {
         const journal::SaleEntry entry = shop.SaleOf(0);
         shop.Refused(shop.Sent("sale", entry.sale_id, Shop::RequestFor(entry)), 422,
                      "IDEMPOTENCY_MISMATCH");
       }},
      {Rule::kQuiet, "a transaction is left open", [](Shop& shop) { shop.LeaveOpen(); }},
      {Rule::kLog, "half a line", [](Shop& shop) { shop.Say(R"({"e":"send","t":1,"op":")"); }},
      {Rule::kLog, "an answer to nothing",
       [](Shop& shop) { shop.Received(shop.SaleOf(0).sale_id, 201, "{}"); }},
  };
  return all;
}

}  // namespace cloudpos::chaos
