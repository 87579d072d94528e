#include "services/transaction/read_model.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

TEST_CASE("ReadModel: readers beside changes, and after a refresh the last price", "[store]") {
  World world;
  constexpr int kPrices = 40;
  // One is told of changes, the other looks for them all the time.
  ReadModel told(world.worker_pool, world.real_clock, {});
  ReadModel looking(world.worker_pool, world.real_clock, {.check_every = absl::Milliseconds(1)});
  const auto price_in = [&](ReadModel& model) -> int64_t {
    const absl::Time deadline = world.real_clock.Now() + absl::Seconds(20);
    const auto settings = model.SettingsOf(world.tenant, deadline);
    const auto variants = model.VariantsOf(world.tenant, {world.mug, world.tea}, deadline);
    if (!settings.ok() || !variants.ok() || variants->found.size() != 2) return -1;
    return variants->found.at(world.mug)->prices.front().amount;
  };
  std::atomic<bool> is_done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (ReadModel* model : {&told, &told, &looking, &looking}) {
    readers.emplace_back([&, model] {
      while (!is_done) {
        const int64_t price = price_in(*model);
        if (price < 250 || price > 250 + kPrices) ++wrong;
      }
    });
  }
  for (int i = 1; i <= kPrices; ++i) {
    world.PutVariant(world.mug, "MUG", 250 + i, true, 3 + i);
    told.Refresh();
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(price_in(told) == 250 + kPrices);
  looking.Refresh();
  CHECK(price_in(looking) == 250 + kPrices);
}

}  // namespace
}  // namespace cloudpos::transaction
