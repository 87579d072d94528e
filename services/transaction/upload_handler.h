#pragma once

// JournalUploadService (journal.proto): what registers did without the server.

#include <atomic>

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/ids.h"
#include "libs/rpc/server.h"
#include "services/transaction/checkout.h"
#include "services/transaction/parse_upload.h"

namespace cloudpos::transaction {

class UploadHandler {
 public:
  struct Options {
    int at_once = 4;  // uploads at the same time; further ones are told to come back
    /// What was recorded longer ago is in every backup one would restore.
    absl::Duration durable_after = absl::Hours(168);
  };
  UploadHandler(Checkout& checkout, base::IdSource& ids, Options options)
      : checkout_(checkout), ids_(ids), options_(options) {}
  rpc::MethodTable Methods();

  absl::Status UploadJournal(rpc::CallContext& ctx, const v1::UploadJournalRequest& request,
                             v1::UploadJournalResponse* response);

 private:
  absl::Status Run(rpc::CallContext& ctx, const v1::UploadJournalRequest& request,
                   const UploadInput& input, v1::UploadJournalResponse* response);
  absl::StatusOr<Place> LoadDevice(rpc::CallContext& ctx, const base::Uuid& device);
  absl::Status FillHead(rpc::CallContext& ctx, const base::Uuid& journal,
                        v1::JournalHeadState* out);

  Checkout& checkout_;
  base::IdSource& ids_;
  const Options options_;
  std::atomic<int> under_way_{0};
};

}  // namespace cloudpos::transaction
