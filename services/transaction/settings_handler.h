#pragma once

// SettingsService (settings.proto): a method per RPC.

#include "cloudpos/transaction/v1/settings.pb.h"
#include "libs/base/ids.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"
#include "services/transaction/read_model.h"

namespace cloudpos::transaction {

class SettingsHandler {
 public:
  SettingsHandler(Checkout& checkout, ReadModel& read_model, base::IdSource& ids)
      : checkout_(checkout), read_model_(read_model), ids_(ids) {}
  rpc::MethodTable Methods();

  absl::Status PutTax(rpc::CallContext& ctx, const v1::PutTaxRequest& request,
                      v1::PutTaxResponse* response);
  absl::Status ListTaxes(rpc::CallContext& ctx, const v1::ListTaxesRequest& request,
                         v1::ListTaxesResponse* response);
  absl::Status PutTaxCategory(rpc::CallContext& ctx, const v1::PutTaxCategoryRequest& request,
                              v1::PutTaxCategoryResponse* response);
  absl::Status ListTaxCategories(rpc::CallContext& ctx, const v1::ListTaxCategoriesRequest& request,
                                 v1::ListTaxCategoriesResponse* response);
  absl::Status GetStorePolicy(rpc::CallContext& ctx, const v1::GetStorePolicyRequest& request,
                              v1::GetStorePolicyResponse* response);
  absl::Status PutStorePolicy(rpc::CallContext& ctx, const v1::PutStorePolicyRequest& request,
                              v1::PutStorePolicyResponse* response);

 private:
  /// One change: `write` inside a transaction that also raises the settings version and leaves the
  /// audit event; then the caches look again.
  absl::Status Change(rpc::CallContext& ctx, const char* action, const char* subject_type,
                      const std::string& subject, const std::string& after_json,
                      const std::function<absl::Status(pg::Tx&)>& write);

  Checkout& checkout_;
  ReadModel& read_model_;
  base::IdSource& ids_;
};

}  // namespace cloudpos::transaction
