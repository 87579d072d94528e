#include "services/transaction/parse.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <set>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"

namespace cloudpos::transaction {
namespace {

using common::v1::FIELD_REQUIRED;
using common::v1::INVALID_ARGUMENT;
using common::v1::LIMIT_EXCEEDED;
using common::v1::OUT_OF_RANGE;
using common::v1::REASON_REQUIRED;

constexpr int kLinesMax = 2'000;
constexpr int kDiscountsMax = 16;
constexpr int kTendersMax = 16;
constexpr int64_t kQuantityMax = 1'000'000'000;
constexpr int kGenerationMax = 1'000'000;

std::string At(const std::string& list, int index, const char* field) {
  return list + "[" + std::to_string(index) + "]." + field;
}

absl::Status CheckCount(int count, int least, int most, const std::string& field) {
  if (count < least) return base::Fail(FIELD_REQUIRED, field, "at least one is required");
  if (count > most) {
    return base::Fail(LIMIT_EXCEEDED, field, "at most " + std::to_string(most) + " are allowed");
  }
  return absl::OkStatus();
}

absl::Status CheckRange(int64_t value, int64_t least, int64_t most, const std::string& field) {
  if (value >= least && value <= most) return absl::OkStatus();
  return base::Fail(OUT_OF_RANGE, field,
                    "must be " + std::to_string(least) + " to " + std::to_string(most));
}

absl::Status CheckAmount(int64_t value, const std::string& field) {
  return CheckRange(value, 0, pricing::kMaxAmount, field);
}

absl::Status CheckText(const std::string& text, size_t most, const std::string& field) {
  if (text.empty()) return absl::OkStatus();
  if (!base::IsPrintableText(text)) {
    return base::Fail(INVALID_ARGUMENT, field, "must be text without control characters");
  }
  if (base::Utf8Length(text) <= most) return absl::OkStatus();
  return base::Fail(LIMIT_EXCEEDED, field,
                    "at most " + std::to_string(most) + " characters are allowed");
}

absl::StatusOr<DiscountInput> ParseDiscount(const v1::Discount& discount, const std::string& at) {
  DiscountInput input;
  input.reason_code = discount.reason_code();
  CLOUDPOS_RETURN_IF_ERROR(CheckReasonCode(input.reason_code, at + ".reasonCode", false));
  switch (discount.kind()) {
    case v1::PERCENT:
      CLOUDPOS_RETURN_IF_ERROR(
          CheckRange(discount.rate_ppm(), 1, pricing::kOneMillionPpm, at + ".ratePpm"));
      input.discount = {pricing::Discount::Kind::kPercent, discount.rate_ppm(), 0};
      return input;
    case v1::FIXED:
      CLOUDPOS_RETURN_IF_ERROR(
          CheckRange(discount.amount_minor(), 1, pricing::kMaxAmount, at + ".amountMinor"));
      input.discount = {pricing::Discount::Kind::kFixed, 0, discount.amount_minor()};
      return input;
    default:
      return base::Fail(FIELD_REQUIRED, at + ".kind", "must be PERCENT or FIXED");
  }
}

absl::StatusOr<LineInput> ParseLine(const v1::SaleLineInput& line, int index) {
  LineInput input;
  CLOUDPOS_ASSIGN_OR_RETURN(
      input.variant, base::Uuid::ParseField(line.variant_id(), At("lines", index, "variantId")));
  CLOUDPOS_RETURN_IF_ERROR(
      CheckRange(line.quantity_milli(), 1, kQuantityMax, At("lines", index, "quantityMilli")));
  input.quantity_milli = line.quantity_milli();
  if (line.has_expected_unit_price_minor()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckAmount(line.expected_unit_price_minor(),
                                         At("lines", index, "expectedUnitPriceMinor")));
    input.expected_unit_price = line.expected_unit_price_minor();
  }
  if (line.has_override()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckAmount(line.override().unit_price_minor(),
                                         At("lines", index, "override.unitPriceMinor")));
    CLOUDPOS_RETURN_IF_ERROR(CheckReasonCode(line.override().reason_code(),
                                             At("lines", index, "override.reasonCode"), true));
    input.override_price = line.override().unit_price_minor();
    input.override_reason = line.override().reason_code();
  }
  CLOUDPOS_RETURN_IF_ERROR(
      CheckCount(line.discounts_size(), 0, kDiscountsMax, At("lines", index, "discounts")));
  for (int i = 0; i < line.discounts_size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(DiscountInput discount,
                              ParseDiscount(line.discounts(i), At("lines", index, "discounts") +
                                                                   "[" + std::to_string(i) + "]"));
    input.discounts.push_back(std::move(discount));
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckText(line.note(), 200, At("lines", index, "note")));
  input.note = line.note();
  return input;
}

std::string TenderName(v1::TenderType type) {
  return type == v1::TENDER_TYPE_UNSPECIFIED || !v1::TenderType_IsValid(type)
             ? std::string()
             : v1::TenderType_Name(type);
}

absl::Status ParseJournal(const v1::JournalPosition& journal, DocumentInput* input) {
  CLOUDPOS_ASSIGN_OR_RETURN(input->device,
                            base::Uuid::ParseField(journal.device_id(), "journal.deviceId"));
  CLOUDPOS_RETURN_IF_ERROR(
      CheckRange(journal.generation(), 1, kGenerationMax, "journal.generation"));
  CLOUDPOS_RETURN_IF_ERROR(
      CheckRange(journal.journal_no(), 1, pricing::kMaxAmount, "journal.journalNo"));
  CLOUDPOS_RETURN_IF_ERROR(
      CheckRange(journal.receipt_no(), 1, pricing::kMaxAmount, "journal.receiptNo"));
  input->generation = journal.generation();
  input->proposed = ProposedNumbers{journal.journal_no(), journal.receipt_no()};
  return absl::OkStatus();
}

/// The fields that sale and return requests share.
template <typename Request>
absl::Status ParseCommon(const Request& request, DocumentInput* input) {
  CLOUDPOS_ASSIGN_OR_RETURN(input->store, base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(input->register_id,
                            base::Uuid::ParseField(request.register_id(), "registerId"));
  if (request.has_expected_total()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckRange(request.expected_total().minor_units(),
                                        -pricing::kMaxAmount, pricing::kMaxAmount,
                                        "expectedTotal.minorUnits"));
    input->expected_total = request.expected_total().minor_units();
    input->expected_currency = request.expected_total().currency_code();
  }
  if (request.has_journal()) CLOUDPOS_RETURN_IF_ERROR(ParseJournal(request.journal(), input));
  if (request.has_occurred_at()) {
    const auto& at = request.occurred_at();
    // 1900..9999: what PostgreSQL, receipts and people can all hold.
    CLOUDPOS_RETURN_IF_ERROR(
        CheckRange(at.seconds(), -2'208'988'800, 253'402'300'799, "occurredAt"));
    input->occurred_at = absl::FromUnixSeconds(at.seconds()) + absl::Nanoseconds(at.nanos());
  }
  if (!request.customer_ref().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid customer,
                              base::Uuid::ParseField(request.customer_ref(), "customerRef"));
    input->customer_ref = customer.ToString();
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckText(request.note(), 500, "note"));
  CLOUDPOS_RETURN_IF_ERROR(CheckText(request.order_reference(), 64, "orderReference"));
  input->note = request.note();
  input->order_reference = request.order_reference();
  return absl::OkStatus();
}

std::string DispositionName(v1::Disposition disposition) {
  return disposition == v1::DISPOSITION_UNSPECIFIED ? v1::Disposition_Name(v1::RESTOCK)
                                                    : v1::Disposition_Name(disposition);
}

}  // namespace

absl::Status CheckReasonCode(const std::string& code, const std::string& field, bool required) {
  if (code.empty()) {
    return required ? base::Fail(REASON_REQUIRED, field, "a reason code is required")
                    : absl::OkStatus();
  }
  const bool valid = code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
                       return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (valid) return absl::OkStatus();
  return base::Fail(INVALID_ARGUMENT, field, "must be 1 to 32 of A-Z, 0-9 and _");
}

absl::StatusOr<BasketInput> ParseBasket(
    const google::protobuf::RepeatedPtrField<v1::SaleLineInput>& lines,
    const google::protobuf::RepeatedPtrField<v1::Discount>& discounts) {
  BasketInput input;
  CLOUDPOS_RETURN_IF_ERROR(CheckCount(lines.size(), 1, kLinesMax, "lines"));
  input.lines.reserve(static_cast<size_t>(lines.size()));
  for (int i = 0; i < lines.size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(LineInput line, ParseLine(lines[i], i));
    input.lines.push_back(std::move(line));
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckCount(discounts.size(), 0, kDiscountsMax, "discounts"));
  for (int i = 0; i < discounts.size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(DiscountInput discount,
                              ParseDiscount(discounts[i], "discounts[" + std::to_string(i) + "]"));
    input.discounts.push_back(std::move(discount));
  }
  return input;
}

absl::StatusOr<std::vector<TenderInput>> ParseTenders(
    const google::protobuf::RepeatedPtrField<v1::TenderInput>& tenders) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCount(tenders.size(), 0, kTendersMax, "tenders"));
  std::vector<TenderInput> inputs;
  for (int i = 0; i < tenders.size(); ++i) {
    TenderInput input{.type = TenderName(tenders[i].type()),
                      .amount = tenders[i].amount_minor(),
                      .reference = tenders[i].reference()};
    if (input.type.empty()) {
      return base::Fail(FIELD_REQUIRED, At("tenders", i, "type"), "a tender type is required");
    }
    CLOUDPOS_RETURN_IF_ERROR(CheckAmount(input.amount, At("tenders", i, "amountMinor")));
    CLOUDPOS_RETURN_IF_ERROR(CheckText(input.reference, 64, At("tenders", i, "reference")));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

absl::StatusOr<DocumentInput> ParseSale(const v1::CreateSaleRequest& request) {
  DocumentInput input;
  CLOUDPOS_ASSIGN_OR_RETURN(input.id, base::Uuid::ParseField(request.sale_id(), "saleId"));
  CLOUDPOS_RETURN_IF_ERROR(ParseCommon(request, &input));
  return input;
}

absl::StatusOr<DocumentInput> ParseReturn(const v1::CreateReturnRequest& request) {
  DocumentInput input;
  CLOUDPOS_ASSIGN_OR_RETURN(input.id, base::Uuid::ParseField(request.return_id(), "returnId"));
  CLOUDPOS_RETURN_IF_ERROR(ParseCommon(request, &input));
  CLOUDPOS_RETURN_IF_ERROR(CheckReasonCode(request.reason_code(), "reasonCode", true));
  input.reason_code = request.reason_code();
  return input;
}

absl::StatusOr<DocumentInput> ParseAbandon(const v1::AbandonSaleRequest& request) {
  DocumentInput input;
  CLOUDPOS_ASSIGN_OR_RETURN(input.id, base::Uuid::ParseField(request.sale_id(), "saleId"));
  CLOUDPOS_ASSIGN_OR_RETURN(input.store, base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(input.register_id,
                            base::Uuid::ParseField(request.register_id(), "registerId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckReasonCode(request.reason_code(), "reasonCode", true));
  input.reason_code = request.reason_code();
  return input;
}

absl::StatusOr<std::vector<ReturnLineInput>> ParseReturnLines(
    const google::protobuf::RepeatedPtrField<v1::ReturnLineInput>& lines, bool linked) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCount(lines.size(), 1, kLinesMax, "lines"));
  std::vector<ReturnLineInput> inputs;
  std::set<int> seen;
  for (int i = 0; i < lines.size(); ++i) {
    const v1::ReturnLineInput& line = lines[i];
    ReturnLineInput input;
    if (linked) {
      CLOUDPOS_RETURN_IF_ERROR(
          CheckRange(line.source_line_no(), 1, kLinesMax, At("lines", i, "sourceLineNo")));
      if (!seen.insert(line.source_line_no()).second) {
        return base::Fail(INVALID_ARGUMENT, At("lines", i, "sourceLineNo"),
                          "each line of the sale may be named once");
      }
      input.source_line_no = line.source_line_no();
      if (line.has_unit_price_minor()) {
        return base::Fail(INVALID_ARGUMENT, At("lines", i, "unitPriceMinor"),
                          "a linked return takes its amounts from the sale");
      }
    } else {
      CLOUDPOS_ASSIGN_OR_RETURN(
          input.variant, base::Uuid::ParseField(line.variant_id(), At("lines", i, "variantId")));
      if (line.has_unit_price_minor()) {
        CLOUDPOS_RETURN_IF_ERROR(
            CheckAmount(line.unit_price_minor(), At("lines", i, "unitPriceMinor")));
        input.unit_price = line.unit_price_minor();
      }
    }
    CLOUDPOS_RETURN_IF_ERROR(
        CheckRange(line.quantity_milli(), 1, kQuantityMax, At("lines", i, "quantityMilli")));
    input.quantity_milli = line.quantity_milli();
    if (!v1::Disposition_IsValid(line.disposition())) {
      return base::Fail(INVALID_ARGUMENT, At("lines", i, "disposition"), "is not a disposition");
    }
    input.disposition = DispositionName(line.disposition());
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::string FingerprintOf(const google::protobuf::Message& request) {
  std::string bytes = request.GetDescriptor()->full_name();
  bytes += '\n';
  google::protobuf::io::StringOutputStream sink(&bytes);
  google::protobuf::io::CodedOutputStream out(&sink);
  out.SetSerializationDeterministic(true);
  request.SerializePartialToCodedStream(&out);
  out.Trim();
  if (SEEDED_BUG("fingerprint_ignored")) bytes.clear();
  return base::Sha256(bytes);
}

}  // namespace cloudpos::transaction
