// What a cash sale costs below the network, with the real database. Not run by default:
// transaction_lib_test "[bench]"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <thread>

#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

constexpr int kSales = 3000;

/// Sells from `threads` at once; prints sales a second and how long one took.
void Sell(World& world, int threads) {
  std::vector<std::vector<double>> micros(static_cast<size_t>(threads));
  std::vector<std::thread> clients;
  const absl::Time start = base::SystemClock().Now();
  for (std::vector<double>& mine : micros) {
    clients.emplace_back([&world, &mine, threads] {
      for (int i = 0; i < kSales / threads; ++i) {
        const v1::CreateSaleRequest request = world.BasketSale();
        testing::TestCall call = world.Call();
        v1::CreateSaleResponse response;
        const absl::Time before = base::SystemClock().Now();
        if (!world.sales.CreateSale(call, request, &response).ok()) return;
        mine.push_back(absl::ToDoubleMicroseconds(base::SystemClock().Now() - before));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  const double seconds = absl::ToDoubleSeconds(base::SystemClock().Now() - start);
  std::vector<double> all;
  for (const std::vector<double>& mine : micros) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() > static_cast<size_t>(kSales) * 9 / 10);
  std::printf("%2d clients: %.0f sales/s, p50 %.0f us, p99 %.0f us\n", threads,
              static_cast<double>(all.size()) / seconds, all[all.size() / 2],
              all[all.size() * 99 / 100]);
}

}  // namespace

TEST_CASE("CreateSale: what it costs", "[.][bench]") {
  World world;
  Sell(world, 1);
  Sell(world, 16);
}

}  // namespace cloudpos::transaction
