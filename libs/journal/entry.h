// What a journal entry says: the one payload that is hashed, signed, exported and read by the
// consumers (stock, reports). Ids, numbers, codes and amounts are in; names, notes and free text
// are out, so that erasing a person leaves every hash intact.
//
// JSON keys are the field names in lowerCamelCase. A field that is marked "optional" is left out
// when it is empty, zero or false. Readers ignore keys they do not know: later versions add fields.
// Amounts are minor units of `currency`. In a RETURN every amount and quantity is positive, too:
// EntrySign says which way they count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/journal/error.h"

namespace cloudpos::journal {

// Entry kinds. A kind unknown to a reader moves neither stock nor money.
inline constexpr std::string_view kKindSale = "SALE";
inline constexpr std::string_view kKindReturn = "RETURN";
inline constexpr std::string_view kKindAbandoned = "ABANDONED";  // tombstone of a sale id
inline constexpr std::string_view kKindVoid = "VOID";            // basket dropped before completion
inline constexpr std::string_view kKindNoSale = "NO_SALE";
inline constexpr std::string_view kKindReprint = "REPRINT";
inline constexpr std::string_view kKindZ = "Z";

// +1 for SALE, -1 for RETURN, 0 for all others and for training entries.
struct SaleEntry;
int EntrySign(const SaleEntry& entry);

// SALE and RETURN carry a receipt number.
bool IsReceipt(const SaleEntry& entry);

inline constexpr std::int64_t kEntryVersion = 1;

struct EntryDiscount {
  std::int64_t amount = 0;    // really taken
  std::string code;           // optional: reason, promotion or coupon code
  std::string kind;           // PERCENT or FIXED
  std::int64_t rate_ppm = 0;  // optional
};

struct EntryTax {
  std::int64_t amount = 0;
  std::int64_t base = 0;            // optional; what the rate was applied to
  bool exempt = false;              // optional; exempt is not zero-rated
  std::int64_t fixed_per_unit = 0;  // optional
  bool inclusive = false;           // optional
  std::string jurisdiction;         // optional
  std::int64_t rate_ppm = 0;        // absent for exempt and fixed
  std::string tax_id;
};

struct EntryLine {
  std::string category_id;  // optional
  std::vector<EntryDiscount> discounts;
  std::string disposition;  // optional; RETURN: RESTOCK, DAMAGED, TO_VENDOR
  std::int64_t gross = 0;
  std::int64_t line_no = 0;     // from 1
  std::int64_t list_price = 0;  // always set it; left out when it equals unit_price
  std::int64_t net = 0;
  std::int64_t order_discount = 0;  // optional: share of the order discounts
  std::string override_reason;      // optional: why unit_price is not list_price
  std::int64_t price_per = 1;       // optional: absent = 1
  std::string product_id;           // optional
  std::int64_t quantity_milli = 0;
  std::string return_reason;  // optional
  std::string sku;
  std::int64_t source_line_no = 0;  // optional; RETURN: line of the source sale
  bool stocked = false;             // true: moves stock
  std::string tax_category;         // optional
  std::vector<EntryTax> taxes;      // optional
  std::int64_t total = 0;
  std::int64_t unit_price = 0;
  std::string variant_id;
};

struct EntryTender {
  std::int64_t amount = 0;    // the part of the total it settles
  std::int64_t change = 0;    // optional
  std::string payment_id;     // optional: payment of a provider
  std::int64_t rounding = 0;  // optional; tendered - change = amount + rounding
  std::int64_t tendered = 0;
  std::int64_t tender_no = 0;  // from 1
  std::string type;            // CASH, CARD, GIFT_CARD, STORE_CREDIT, ON_ACCOUNT, OTHER
};

struct EntryTotals {
  std::int64_t cash_rounding = 0;  // optional
  std::int64_t change = 0;         // optional
  std::int64_t discount = 0;       // optional: line and order discounts
  std::int64_t gross = 0;
  std::int64_t net = 0;
  std::int64_t tax = 0;
  std::int64_t total = 0;  // before cash rounding
};

// The rules the amounts were computed by (libs/pricing names), so that they can be checked again.
struct EntryPolicy {
  std::int64_t cash_increment = 1;  // optional: absent = 1
  std::string discount_order;
  std::string discount_rounding;
  std::string inclusive_rounding;
  std::string rounding_level;
  std::string tax_rounding;
};

// Fields are in order of their keys, which is the order of the bytes.
struct SaleEntry {
  std::vector<std::string> approvals;  // optional: ids
  std::string business_date;           // YYYY-MM-DD
  std::int64_t catalogue_version = 0;  // optional
  std::string currency;                // ISO 4217
  std::string customer_ref;            // optional: random, erasable elsewhere
  std::string device;                  // optional
  std::string drawer_id;               // optional
  std::int64_t generation = 0;         // of the journal, from 1
  std::int64_t grand_total = 0;        // perpetual total of the journal after this entry
  std::string journal;                 // id
  std::string kind;
  std::vector<EntryLine> lines;                // optional
  std::int64_t n = 0;                          // journal_no, from 1
  std::int64_t occurred_at_us = 0;             // microseconds since 1970 UTC
  std::string operator_id;                     // optional
  std::vector<EntryDiscount> order_discounts;  // optional
  EntryPolicy policy;                          // present when there are lines
  std::string posting_date;                    // YYYY-MM-DD
  std::string reason;                          // optional: code (void, return, no-sale)
  std::int64_t receipt_no = 0;                 // optional: only entries that are receipts
  std::string register_id;                     // key "register"
  std::string sale_id;                         // id of the document
  std::string series;                          // optional: numbering series
  std::string shift_id;                        // optional
  std::string source_sale_id;                  // optional: what is returned, voided or reprinted
  std::string store;
  std::vector<EntryTax> taxes;  // optional: of the document, one per tax
  std::string tenant;
  std::vector<EntryTender> tenders;  // optional
  EntryTotals totals;                // present when there are lines
  bool training = false;             // optional
  std::int64_t utc_offset_min = 0;   // optional: store's local time at occurred_at, in minutes
  std::int64_t v = kEntryVersion;
};

// Appends the canonical payload. Errors: kBadUtf8, kNumberRange.
Error EncodeEntry(const SaleEntry& entry, std::string* out);

// Reads a canonical payload. Errors: those of Document::Parse in canonical mode, kMissingField,
// kWrongType, kBadValue (v is 0 or less, n < 1).
Error ParseEntry(std::string_view payload, SaleEntry* entry);

}  // namespace cloudpos::journal
