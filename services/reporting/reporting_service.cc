#include "services/reporting/reporting_service.h"

#include "libs/rpc/client.h"

namespace cloudpos::reporting {
namespace {

constexpr std::chrono::minutes kCheckInterval{1};

Completeness::HeadsFunction HeadsFrom(const std::shared_ptr<grpc::Channel>& transaction) {
  return [transaction](const transaction::v1::ListJournalHeadsRequest& request,
                       absl::Time deadline, transaction::v1::ListJournalHeadsResponse* response) {
    return rpc::Call(transaction, "/cloudpos.transaction.v1.JournalService/ListJournalHeads",
                     {.deadline = deadline}, request, response);
  };
}

}  // namespace

absl::Status ReportingService::Start(service::Runtime& runtime) {
  consumers_ = std::make_unique<Consumers>(Consumers::Options{
      .auth = events::RemoteSource(runtime.channel("auth")),
      .inventory = events::RemoteSource(runtime.channel("inventory")),
      .transaction = events::RemoteSource(runtime.channel("transaction")),
      .worker_pool = &runtime.worker_pool(),
      .redis = runtime.redis_options(),
      .clock = &runtime.clock()});
  completeness_ = std::make_unique<Completeness>(runtime.worker_pool(),
                                                 HeadsFrom(runtime.channel("transaction")));
  reports_ = std::make_unique<ReportHandler>(runtime.pool(), runtime.clock(), consumers_.get());
  runtime.server().Add(reports_->Methods());
  consumers_->Start();
  completeness_->Start(kCheckInterval);
  return absl::OkStatus();
}

void ReportingService::Stop() {
  completeness_->Stop();
  consumers_->Stop();
}

}  // namespace cloudpos::reporting
