#pragma once

// QuarantineService (journal.proto): a manager decides on entries that were set aside.

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/ids.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"
#include "services/transaction/store_quarantine.h"

namespace cloudpos::transaction {

class QuarantineHandler {
 public:
  QuarantineHandler(Checkout& checkout, base::IdSource& ids) : checkout_(checkout), ids_(ids) {}
  rpc::MethodTable Methods();

  absl::Status ListQuarantinedEntries(rpc::CallContext& ctx,
                                      const v1::ListQuarantinedEntriesRequest& request,
                                      v1::ListQuarantinedEntriesResponse* response);
  absl::Status ReleaseQuarantinedEntry(rpc::CallContext& ctx,
                                       const v1::ReleaseQuarantinedEntryRequest& request,
                                       v1::ReleaseQuarantinedEntryResponse* response);
  absl::Status DismissQuarantinedEntry(rpc::CallContext& ctx,
                                       const v1::DismissQuarantinedEntryRequest& request,
                                       v1::DismissQuarantinedEntryResponse* response);

 private:
  absl::StatusOr<QuarantinedRow> Load(rpc::CallContext& ctx, const std::string& journal_id,
                                      int64_t journal_no);
  absl::StatusOr<std::optional<Document>> DocumentToRelease(rpc::CallContext& ctx,
                                                            const QuarantinedRow& row);
  absl::Status Resolve(rpc::CallContext& ctx, const QuarantinedRow& row,
                       const Resolution& resolution, const Document* document);

  Checkout& checkout_;
  base::IdSource& ids_;
};

}  // namespace cloudpos::transaction
