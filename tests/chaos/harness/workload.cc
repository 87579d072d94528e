#include "tests/chaos/harness/workload.h"

#include <cstdio>
#include <filesystem>

#include "boost/json/array.hpp"
#include "libs/base/status_macros.h"

namespace cloudpos::chaos {
namespace {

namespace json = boost::json;

constexpr uint64_t kPriceStream = 500;

/// One price, read and set anew; what became of it is read again next time.
void ChangePrice(Api* api, Variant* variant, int64_t price) {
  const auto item = api->Call("GET", "/v1/variants/" + variant->id);
  if (!item.ok()) return;
  const json::value* now = item->if_contains("variant");
  if (now == nullptr || !now->is_object()) return;
  const json::object money{{"currencyCode", "GBP"}, {"minorUnits", price}};
  const auto set =
      api->Call("POST", "/v1/variants/" + variant->id + ":setPrices",
                {{"version", NumberOf(now->get_object(), "version")},
                 {"prices", json::array{json::object{{"amount", money}, {"pricePer", 1}}}}});
  if (set.ok()) variant->price_minor = price;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Workload>> Workload::Start(WorkloadOptions options) {
  std::unique_ptr<Workload> workload(new Workload(std::move(options)));
  const WorkloadOptions& o = workload->options_;
  std::error_code error;
  std::filesystem::create_directories(o.logs + "/clients", error);
  for (int i = 0; i < o.clients; ++i) {
    char name[32];
    std::snprintf(name, sizeof(name), "/clients/%03d.jsonl", i);
    CLOUDPOS_ASSIGN_OR_RETURN(ClientLog log, ClientLog::Create(o.logs + name));
    workload->clients_.push_back(
        std::make_unique<Client>(ClientOptions{.number = i,
                                               .port = o.gateway_port,
                                               .seed = o.seed,
                                               .world = o.world,
                                               .load = o.load,
                                               .mix = o.mix,
                                               .interval = kSecond * o.clients / o.rate,
                                               .verifies = o.verifies},
                                 std::move(log)));
  }
  workload->running_ = o.clients;
  for (const auto& client : workload->clients_) {
    workload->threads_.emplace_back([&client = *client, self = workload.get()] {
      client.Run();
      --self->running_;
    });
  }
  workload->threads_.emplace_back([self = workload.get()] { self->ChangePrices(); });
  return workload;
}

void Workload::ChangePrices() {
  Dice dice(options_.seed, kPriceStream);
  std::vector<Variant*> lively;
  for (const auto& variant : options_.world->variants) {
    if (variant->lively) lively.push_back(variant.get());
  }
  Api api(options_.gateway_port, options_.world->session.get(), kSecond);
  Micros next = Now() + options_.price_pause;
  while (!options_.load->is_closing) {
    if (Now() < next) {
      SleepFor(50 * kMilli);
      continue;
    }
    ChangePrice(&api, dice.Pick(lively), dice.Between(100, 6000));
    // Somebody looks at the reports, too, whatever they can answer now.
    (void)api.Call("GET", "/v1/reports/dashboard").ok();
    next = Now() + options_.price_pause;
  }
}

void Workload::Close(Micros limit) {
  options_.load->is_closing = true;
  WaitFor(limit, 20 * kMilli, [this] { return running_ == 0; });
  options_.load->is_over = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Workload::~Workload() { Close(0); }

}  // namespace cloudpos::chaos
