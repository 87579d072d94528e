#pragma once

// What a client asked for and what it was told, each told (sum.h) from both sides: from the
// client's log, and from the journal entry. Equal views mean that the right thing was recorded, and
// that the answer says what was recorded.

#include "libs/journal/entry.h"
#include "tests/chaos/check/json.h"
#include "tests/chaos/check/sum.h"

namespace cloudpos::chaos {

inline base::Uuid IdOf(std::string_view text) {
  return base::Uuid::Parse(text).value_or(base::Uuid());
}

// --- what was asked for ---

struct RequestBody {
  const boost::json::object& body;
  bool is_return;
};

/// How much of which variant, or of which line of a sale, paid how. Refunds in cash are rounded to
/// coins by the server: their amounts do not count here.
template <typename Out>
void Tell(const RequestBody& request, Out& out) {
  const boost::json::object& body = request.body;
  out("store", IdIn(body, "storeId"));
  out("register", IdIn(body, "registerId"));
  out("source", IdIn(body, "sourceSaleId"));
  ForEachIn(body, "lines", [&](const boost::json::object& line) {
    const int64_t source_line = IntIn(line, "sourceLineNo");
    out("sourceLine", source_line);
    out("variant", source_line > 0 ? base::Uuid() : IdIn(line, "variantId"));
    out("quantity", IntIn(line, "quantityMilli"));
  });
  ForEachIn(body, "tenders", [&](const boost::json::object& tender) {
    out("tender", TextIn(tender, "type"));
    if (!request.is_return) out("amount", IntIn(tender, "amountMinor"));
  });
}

struct RequestOfEntry {
  const journal::SaleEntry& entry;
};

template <typename Out>
void Tell(const RequestOfEntry& recorded, Out& out) {
  const journal::SaleEntry& entry = recorded.entry;
  out("store", IdOf(entry.store));
  out("register", IdOf(entry.register_id));
  out("source", IdOf(entry.source_sale_id));
  for (const journal::EntryLine& line : entry.lines) {
    out("sourceLine", line.source_line_no);
    out("variant", line.source_line_no > 0 ? base::Uuid() : IdOf(line.variant_id));
    out("quantity", line.quantity_milli);
  }
  for (const journal::EntryTender& tender : entry.tenders) {
    out("tender", std::string_view(tender.type));
    if (entry.kind != journal::kKindReturn) out("amount", tender.tendered);
  }
}

// --- what was told ---

struct ReplyBody {
  const boost::json::object& sale;
};

template <typename Out>
void Tell(const ReplyBody& reply, Out& out) {
  const boost::json::object& sale = reply.sale;
  for (const char* id : {"saleId", "storeId", "registerId", "operatorId", "journalId",
                         "sourceSaleId", "customerRef"}) {
    out(id, IdIn(sale, id));
  }
  for (const char* text : {"kind", "currencyCode", "businessDate", "reasonCode", "journalHash"}) {
    out(text, TextIn(sale, text));
  }
  for (const char* number : {"journalNo", "receiptNo", "catalogueVersion"}) {
    out(number, IntIn(sale, number));
  }
  const boost::json::object& totals = ObjectIn(sale, "totals");
  for (const char* amount : {"grossMinor", "discountMinor", "netMinor", "taxMinor", "totalMinor",
                             "cashRoundingMinor", "changeMinor"}) {
    out(amount, IntIn(totals, amount));
  }
  ForEachIn(sale, "lines", [&out](const boost::json::object& line) {
    out("variantId", IdIn(line, "variantId"));
    out("sku", TextIn(line, "sku"));
    for (const char* number :
         {"lineNo", "quantityMilli", "pricePer", "listPriceMinor", "unitPriceMinor", "grossMinor",
          "discountMinor", "orderDiscountMinor", "netMinor", "taxMinor", "totalMinor",
          "sourceLineNo"}) {
      out(number, IntIn(line, number));
    }
  });
  ForEachIn(sale, "tenders", [&out](const boost::json::object& tender) {
    out("tenderType", TextIn(tender, "type"));
    for (const char* number :
         {"tenderNo", "appliedMinor", "tenderedMinor", "changeMinor", "roundingMinor"}) {
      out(number, IntIn(tender, number));
    }
  });
  ForEachIn(sale, "taxes", [&out](const boost::json::object& tax) {
    for (const char* number : {"ratePpm", "baseMinor", "amountMinor"}) {
      out(number, IntIn(tax, number));
    }
  });
}

struct ReplyOfEntry {
  const journal::SaleEntry& entry;
  const std::string& hash;  // lower-case hex
};

template <typename Out>
void TellLine(const journal::EntryLine& line, Out& out) {
  int64_t discount = 0;
  for (const journal::EntryDiscount& taken : line.discounts) discount += taken.amount;
  out("variantId", IdOf(line.variant_id));
  out("sku", std::string_view(line.sku));
  out("lineNo", line.line_no);
  out("quantityMilli", line.quantity_milli);
  out("pricePer", line.price_per);
  out("listPriceMinor", line.list_price);
  out("unitPriceMinor", line.unit_price);
  out("grossMinor", line.gross);
  out("discountMinor", discount);
  out("orderDiscountMinor", line.order_discount);
  out("netMinor", line.net);
  out("taxMinor", line.total - line.net);
  out("totalMinor", line.total);
  out("sourceLineNo", line.source_line_no);
}

template <typename Out>
void Tell(const ReplyOfEntry& recorded, Out& out) {
  const journal::SaleEntry& entry = recorded.entry;
  out("saleId", IdOf(entry.sale_id));
  out("storeId", IdOf(entry.store));
  out("registerId", IdOf(entry.register_id));
  out("operatorId", IdOf(entry.operator_id));
  out("journalId", IdOf(entry.journal));
  out("sourceSaleId", IdOf(entry.source_sale_id));
  out("customerRef", IdOf(entry.customer_ref));
  out("kind", std::string_view(entry.kind));
  out("currencyCode", std::string_view(entry.currency));
  out("businessDate", std::string_view(entry.business_date));
  out("reasonCode", std::string_view(entry.reason));
  out("journalHash", std::string_view(recorded.hash));
  out("journalNo", entry.n);
  out("receiptNo", entry.receipt_no);
  out("catalogueVersion", entry.catalogue_version);
  out("grossMinor", entry.totals.gross);
  out("discountMinor", entry.totals.discount);
  out("netMinor", entry.totals.net);
  out("taxMinor", entry.totals.tax);
  out("totalMinor", entry.totals.total);
  out("cashRoundingMinor", entry.totals.cash_rounding);
  out("changeMinor", entry.totals.change);
  for (const journal::EntryLine& line : entry.lines) TellLine(line, out);
  for (const journal::EntryTender& tender : entry.tenders) {
    out("tenderType", std::string_view(tender.type));
    out("tenderNo", tender.tender_no);
    out("appliedMinor", tender.amount);
    out("tenderedMinor", tender.tendered);
    out("changeMinor", tender.change);
    out("roundingMinor", tender.rounding);
  }
  for (const journal::EntryTax& tax : entry.taxes) {
    out("ratePpm", tax.rate_ppm);
    out("baseMinor", tax.base);
    out("amountMinor", tax.amount);
  }
}

}  // namespace cloudpos::chaos
