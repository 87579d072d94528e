#pragma once

// JournalService (journal.proto): a method per RPC.

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"
#include "libs/token/token.h"
#include "services/transaction/checkout.h"

namespace cloudpos::transaction {

class JournalHandler {
 public:
  /// `signer` signs exports.
  JournalHandler(pg::Pool& pool, pg::Pool& worker_pool, const token::Signer& signer,
                 Checkout& checkout)
      : pool_(pool), worker_pool_(worker_pool), signer_(signer), checkout_(checkout) {}
  rpc::MethodTable Methods();

  absl::Status ListJournals(rpc::CallContext& ctx, const v1::ListJournalsRequest& request,
                            v1::ListJournalsResponse* response);
  absl::Status ExportJournal(rpc::CallContext& ctx, const v1::ExportJournalRequest& request,
                             common::v1::RawBody* response);
  absl::Status GetJournalKeys(rpc::CallContext& ctx, const v1::GetJournalKeysRequest& request,
                              common::v1::RawBody* response);
  absl::Status GetDeviceKeys(rpc::CallContext& ctx, const v1::GetDeviceKeysRequest& request,
                             common::v1::RawBody* response);
  absl::Status ListJournalHeads(rpc::CallContext& ctx, const v1::ListJournalHeadsRequest& request,
                                v1::ListJournalHeadsResponse* response);

 private:
  pg::Pool& pool_;
  pg::Pool& worker_pool_;
  const token::Signer& signer_;
  Checkout& checkout_;
};

}  // namespace cloudpos::transaction
