#pragma once

// The service put together: read model, consumers, batcher, handlers, feed.

#include <memory>
#include <string>

#include "libs/events/events.h"
#include "libs/service/service.h"
#include "libs/token/token.h"
#include "services/transaction/batcher.h"
#include "services/transaction/checkout.h"
#include "services/transaction/consumers.h"
#include "services/transaction/journal_handler.h"
#include "services/transaction/quarantine_handler.h"
#include "services/transaction/read_model.h"
#include "services/transaction/sale_handler.h"
#include "services/transaction/settings_handler.h"
#include "services/transaction/upload_handler.h"

namespace cloudpos::transaction {

class TransactionService final : public service::Service {
 public:
  void Configure(config::Reader& reader) override;
  absl::Status Start(service::Runtime& runtime) override;
  void Stop() override { consumers_->Stop(); }

 private:
  std::string journal_key_;
  Batcher::Options batch_;
  UploadHandler::Options upload_;
  std::unique_ptr<token::Signer> signer_;
  std::unique_ptr<events::Doorbell> bell_;
  std::unique_ptr<ReadModel> read_model_;
  std::unique_ptr<Consumers> consumers_;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<Checkout> checkout_;
  std::unique_ptr<events::Feed> feed_;
  std::unique_ptr<SaleHandler> sales_;
  std::unique_ptr<JournalHandler> journals_;
  std::unique_ptr<UploadHandler> uploads_;
  std::unique_ptr<QuarantineHandler> quarantine_;
  std::unique_ptr<SettingsHandler> settings_;
};

}  // namespace cloudpos::transaction
