#pragma once

// SaleService (sale.proto): a method per RPC.

#include "cloudpos/transaction/v1/sale.pb.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"

namespace cloudpos::transaction {

class SaleHandler {
 public:
  explicit SaleHandler(Checkout& checkout) : checkout_(checkout) {}
  rpc::MethodTable Methods();

  absl::Status PriceSale(rpc::CallContext& ctx, const v1::PriceSaleRequest& request,
                         v1::PriceSaleResponse* response);
  absl::Status CreateSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                          v1::CreateSaleResponse* response);
  /// The same for a sale that goes well and needs nothing that is not held in memory.
  bool TryCreateSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                     v1::CreateSaleResponse* response, rpc::QuickCall& call);
  absl::Status GetSale(rpc::CallContext& ctx, const v1::GetSaleRequest& request,
                       v1::GetSaleResponse* response);
  absl::Status ListSales(rpc::CallContext& ctx, const v1::ListSalesRequest& request,
                         v1::ListSalesResponse* response);
  absl::Status CreateReturn(rpc::CallContext& ctx, const v1::CreateReturnRequest& request,
                            v1::CreateReturnResponse* response);
  absl::Status AbandonSale(rpc::CallContext& ctx, const v1::AbandonSaleRequest& request,
                           v1::AbandonSaleResponse* response);
  absl::Status GetReceipt(rpc::CallContext& ctx, const v1::GetReceiptRequest& request,
                          v1::GetReceiptResponse* response);
  absl::Status GetReceiptHtml(rpc::CallContext& ctx, const v1::GetReceiptRequest& request,
                              common::v1::RawBody* response);
  absl::Status GetReceiptText(rpc::CallContext& ctx, const v1::GetReceiptRequest& request,
                              common::v1::RawBody* response);

 private:
  /// A sale on its way to the books.
  struct PreparedSale {
    DocumentInput input;
    Place place;
    Document document;
  };
  /// Everything up to recording: checks, prices, totals.
  absl::StatusOr<PreparedSale> PrepareSale(rpc::CallContext& ctx,
                                           const v1::CreateSaleRequest& request,
                                           const std::string& fingerprint, Reading reading);
  absl::Status RecordSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                          const std::string& fingerprint, Answer* answer);
  absl::Status RecordReturn(rpc::CallContext& ctx, const v1::CreateReturnRequest& request,
                            const std::string& fingerprint, Answer* answer);
  absl::StatusOr<v1::Sale> LoadSale(rpc::CallContext& ctx, const std::string& sale_id);
  absl::StatusOr<v1::Receipt> MakeReceipt(rpc::CallContext& ctx, const std::string& sale_id);

  Checkout& checkout_;
};

}  // namespace cloudpos::transaction
