// The inventory service: catalogue, prices, stock.

#include "libs/events/events.h"
#include "libs/pg/migrate.h"
#include "libs/service/service.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/checks.h"
#include "services/inventory/consumers.h"
#include "services/inventory/feed.h"
#include "services/inventory/stock_handler.h"

namespace cloudpos::inventory {

const std::vector<pg::Migration>& Migrations();

class InventoryService : public service::Service {
 public:
  absl::Status Start(service::Runtime& runtime) override {
    bell_ = std::make_unique<events::Doorbell>(&runtime.redis(), "inventory");
    consumers_ = std::make_unique<Consumers>(
        Consumers::Options{.auth = runtime.channel("auth"),
                           .transaction = runtime.channel("transaction"),
                           .worker_pool = &runtime.worker_pool(),
                           .redis = runtime.redis_options(),
                           .clock = &runtime.clock()});
    const Deps deps{
        .pool = &runtime.pool(),
        .clock = &runtime.clock(),
        .ids = &runtime.ids(),
        .doorbell = bell_.get(),
        .catch_up_stores = [this](absl::Time deadline) { consumers_->CatchUpStores(deadline); }};
    catalogue_ = std::make_unique<CatalogueHandler>(deps);
    stock_ = std::make_unique<StockHandler>(deps);
    feed_ = std::make_unique<events::Feed>(events::FeedOptions{.producer = "inventory",
                                                               .pool = &runtime.worker_pool(),
                                                               .clock = &runtime.clock(),
                                                               .snapshot = SendSnapshot});
    runtime.server().Add(catalogue_->Methods());
    runtime.server().Add(stock_->Methods());
    runtime.server().Add(feed_->Methods());
    consumers_->Start();
    checks_ = std::make_unique<Checks>(
        runtime.worker_pool(), RemoteHeads(runtime.channel("transaction")), runtime.clock());
    return absl::OkStatus();
  }

  void Stop() override {
    checks_.reset();
    consumers_->Stop();
  }

 private:
  std::unique_ptr<events::Doorbell> bell_;
  std::unique_ptr<Consumers> consumers_;
  std::unique_ptr<CatalogueHandler> catalogue_;
  std::unique_ptr<StockHandler> stock_;
  std::unique_ptr<events::Feed> feed_;
  std::unique_ptr<Checks> checks_;
};

}  // namespace cloudpos::inventory

int main(int argc, char** argv) {
  using namespace cloudpos;
  return service::Main(
      argc, argv,
      {.name = "inventory",
       .migrations = {events::Migrations(), {"inventory", &inventory::Migrations()}},
       .peers = {"auth", "transaction"},
       .make = [] { return std::make_unique<inventory::InventoryService>(); }});
}
