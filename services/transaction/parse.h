#pragma once

// Requests -> plain input, field by field. Refusals carry the JSON path of the field.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cloudpos/transaction/v1/sale.pb.h"
#include "libs/base/ids.h"
#include "services/transaction/domain/basket.h"
#include "services/transaction/domain/document.h"

namespace cloudpos::transaction {

/// What CreateSale, CreateReturn and AbandonSale say besides lines and tenders.
struct DocumentInput {
  base::Uuid id;
  base::Uuid store;
  base::Uuid register_id;
  std::optional<absl::Time> occurred_at;
  std::optional<int64_t> expected_total;
  std::string expected_currency;
  std::optional<base::Uuid> device;
  int generation = 1;
  std::optional<ProposedNumbers> proposed;
  std::string customer_ref;
  std::string note;
  std::string order_reference;
  std::string reason_code;
};

absl::StatusOr<BasketInput> ParseBasket(
    const google::protobuf::RepeatedPtrField<v1::SaleLineInput>& lines,
    const google::protobuf::RepeatedPtrField<v1::Discount>& discounts);

absl::StatusOr<std::vector<TenderInput>> ParseTenders(
    const google::protobuf::RepeatedPtrField<v1::TenderInput>& tenders);

absl::StatusOr<DocumentInput> ParseSale(const v1::CreateSaleRequest& request);
absl::StatusOr<DocumentInput> ParseReturn(const v1::CreateReturnRequest& request);
absl::StatusOr<DocumentInput> ParseAbandon(const v1::AbandonSaleRequest& request);

struct ReturnLineInput {
  int source_line_no = 0;  // linked
  base::Uuid variant;      // unlinked
  int64_t quantity_milli = 0;
  std::optional<int64_t> unit_price;
  std::string disposition;
};
/// `linked`: lines name source lines, each once; else variants.
absl::StatusOr<std::vector<ReturnLineInput>> ParseReturnLines(
    const google::protobuf::RepeatedPtrField<v1::ReturnLineInput>& lines, bool linked);

/// SHA-256 over the request's deterministic bytes: tells a replay from another request.
std::string FingerprintOf(const google::protobuf::Message& request);

/// [A-Z0-9_]{1,32}; empty only when `required` is false.
absl::Status CheckReasonCode(const std::string& code, const std::string& field, bool required);

}  // namespace cloudpos::transaction
