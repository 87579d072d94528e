// The receipts of SaleService; the class is sale_handler.h's.

#include "libs/base/status_macros.h"
#include "services/transaction/receipt.h"
#include "services/transaction/sale_handler.h"

namespace cloudpos::transaction {

absl::StatusOr<v1::Receipt> SaleHandler::MakeReceipt(rpc::CallContext& ctx,
                                                     const std::string& sale_id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const v1::Sale sale, LoadSale(ctx, sale_id));
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(sale.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadStore(ctx, store));
  return ReceiptOf(sale, *place.store);
}

absl::Status SaleHandler::GetReceipt(rpc::CallContext& ctx, const v1::GetReceiptRequest& request,
                                     v1::GetReceiptResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(*response->mutable_receipt(), MakeReceipt(ctx, request.sale_id()));
  return absl::OkStatus();
}

absl::Status SaleHandler::GetReceiptHtml(rpc::CallContext& ctx,
                                         const v1::GetReceiptRequest& request,
                                         common::v1::RawBody* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const v1::Receipt receipt, MakeReceipt(ctx, request.sale_id()));
  response->set_content_type("text/html; charset=utf-8");
  response->set_data(ReceiptHtml(receipt));
  return absl::OkStatus();
}

absl::Status SaleHandler::GetReceiptText(rpc::CallContext& ctx,
                                         const v1::GetReceiptRequest& request,
                                         common::v1::RawBody* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const v1::Receipt receipt, MakeReceipt(ctx, request.sale_id()));
  response->set_content_type("text/plain; charset=utf-8");
  response->set_data(ReceiptText(receipt));
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
