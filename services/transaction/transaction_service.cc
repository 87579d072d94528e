#include "services/transaction/transaction_service.h"

#include "services/transaction/feed.h"

namespace cloudpos::transaction {

void TransactionService::Configure(config::Reader& reader) {
  journal_key_ = reader.SecretFile("CLOUDPOS_JOURNAL_KEY_FILE",
                                   "Ed25519 private key (PEM) that signs journal exports");
  batch_.lanes = static_cast<int>(reader.Int(
      "CLOUDPOS_SALE_LANES", 0, {0, 32},
      "Threads that record sales, each with a connection; 0: one for two processors"));
  batch_.documents_max = static_cast<int>(
      reader.Int("CLOUDPOS_SALE_BATCH", 32, {1, 32}, "Sales recorded together at most"));
  upload_.at_once = static_cast<int>(reader.Int("CLOUDPOS_JOURNAL_UPLOADS", 4, {1, 64},
                                                "Registers that upload their journals at once"));
  upload_.durable_after = absl::FromChrono(reader.Millis(
      "CLOUDPOS_JOURNAL_DURABLE_AFTER", std::chrono::hours(168),
      {0, std::chrono::milliseconds(std::chrono::hours(24 * 3650)).count()},
      "How long registers keep what they uploaded; longer than the oldest backup is old"));
}

absl::Status TransactionService::Start(service::Runtime& runtime) {
  absl::StatusOr<token::Signer> signer = token::Signer::FromPem(journal_key_);
  if (!signer.ok()) return signer.status();
  signer_ = std::make_unique<token::Signer>(*std::move(signer));
  bell_ = std::make_unique<events::Doorbell>(&runtime.redis(), "transaction");
  read_model_ =
      std::make_unique<ReadModel>(runtime.worker_pool(), runtime.clock(), ReadModel::Options{});
  consumers_ =
      std::make_unique<Consumers>(Consumers::Options{.auth = runtime.channel("auth"),
                                                     .inventory = runtime.channel("inventory"),
                                                     .worker_pool = &runtime.worker_pool(),
                                                     .redis = runtime.redis_options(),
                                                     .clock = &runtime.clock(),
                                                     .read_model = read_model_.get()});
  batcher_ = std::make_unique<Batcher>(runtime.pool(), runtime.clock(), runtime.ids(), batch_);
  checkout_ = std::make_unique<Checkout>(Checkout::Deps{.pool = &runtime.pool(),
                                                        .read_model = read_model_.get(),
                                                        .consumers = consumers_.get(),
                                                        .batcher = batcher_.get(),
                                                        .clock = &runtime.clock(),
                                                        .bell = bell_.get()});
  feed_ = std::make_unique<events::Feed>(FeedOptionsOf(runtime.worker_pool(), runtime.clock()));
  sales_ = std::make_unique<SaleHandler>(*checkout_);
  journals_ =
      std::make_unique<JournalHandler>(runtime.pool(), runtime.worker_pool(), *signer_, *checkout_);
  uploads_ = std::make_unique<UploadHandler>(*checkout_, runtime.ids(), upload_);
  quarantine_ = std::make_unique<QuarantineHandler>(*checkout_, runtime.ids());
  settings_ = std::make_unique<SettingsHandler>(*checkout_, *read_model_, runtime.ids());
  runtime.server().Add(sales_->Methods());
  runtime.server().Add(journals_->Methods());
  runtime.server().Add(uploads_->Methods());
  runtime.server().Add(quarantine_->Methods());
  runtime.server().Add(settings_->Methods());
  runtime.server().Add(feed_->Methods());
  consumers_->Start();
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
