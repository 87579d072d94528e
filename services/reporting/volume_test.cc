// How long a busy store's month takes: to take in, and to report (R-01 wants 500 ms at most).
// Not run by default: reporting_lib_test "[.bench]"

#include <cstdio>

#include "catch2/catch.hpp"
#include "services/reporting/rebuild.h"
#include "services/reporting/test_world.h"

namespace cloudpos::reporting {
namespace {

constexpr int kDays = 30;
constexpr int kSalesPerDay = 500;
constexpr int kLines = 8;
constexpr int kProducts = 2000;

class Timer {
 public:
  explicit Timer(const char* what) : what_(what) {}
  ~Timer() {
    std::printf("%-28s %8.1f ms\n", what_,
                absl::ToDoubleMilliseconds(base::SystemClock().Now() - begin_));
  }

 private:
  const char* what_;
  const absl::Time begin_ = base::SystemClock().Now();
};

void FillMonth(World& world) {
  std::vector<base::Uuid> products, people;
  for (int i = 0; i < kProducts; ++i) products.push_back(world.AddProduct("P" + std::to_string(i)));
  for (int i = 0; i < 100; ++i) people.push_back(world.ids.NewId());
  size_t next = 0;
  for (int day = 1; day <= kDays; ++day) {
    const std::string date = "2026-06-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
    for (int i = 0; i < kSalesPerDay; ++i) {
      world.product = products[next++ * 7919 % products.size()];
      journal::SaleEntry entry = world.Entry(journal::kKindSale, date, 100 + i, 1);
      entry.occurred_at_us += i * 60'000'000LL;
      entry.operator_id = people[next % 10].ToString();
      if (i % 3 == 0) entry.customer_ref = people[next % people.size()].ToString();
      for (int k = 1; k < kLines; ++k) {
        world.product = products[next++ * 7919 % products.size()];
        world.AddLine(&entry, 99, 1 + k % 3, k % 4 == 0 ? 50'000 : 200'000);
      }
      world.Record(entry);
    }
  }
}

TEST_CASE("Reports: a busy store's month", "[.bench]") {
  World world;
  world.transaction->page = 200;
  world.inventory->page = 200;
  FillMonth(world);
  {
    const Timer timer("15,000 sales, 120,000 lines");
    const auto deadline = base::SystemClock().Now() + absl::Minutes(10);
    REQUIRE(world.consumers.CatchUp(deadline).ok());
  }
  for (int run = 0; run < 2; ++run) {
    {
      const Timer timer("daily");
      CHECK(world.Daily("2026-06-01", "2026-06-30").days_size() == kDays);
    }
    for (const auto grouping : {v1::DAY, v1::HOUR, v1::HOUR_OF_DAY, v1::STORE, v1::REGISTER,
                                v1::STAFF, v1::PRODUCT, v1::CATEGORY, v1::CUSTOMER}) {
      v1::GetSalesReportRequest request;
      request.set_from("2026-06-01");
      request.set_to("2026-06-30");
      request.set_group_by(grouping);
      v1::GetSalesReportResponse response;
      testing::TestCall call = world.Call();
      const Timer timer(v1::SalesGrouping_Name(grouping).c_str());
      REQUIRE(world.handler.GetSalesReport(call, request, &response).ok());
    }
    v1::GetTaxReportRequest request;
    request.set_from("2026-06-01");
    request.set_to("2026-06-30");
    v1::GetTaxReportResponse taxes;
    testing::TestCall call = world.Call();
    const Timer timer("taxes");
    REQUIRE(world.handler.GetTaxReport(call, request, &taxes).ok());
  }
  {
    const Timer timer("rebuild");
    REQUIRE(Rebuild({.auth = world.auth,
                     .inventory = world.inventory,
                     .transaction = world.transaction,
                     .worker_pool = &world.worker,
                     .clock = &world.clock,
                     .ids = &world.ids})
                .ok());
  }
}

}  // namespace
}  // namespace cloudpos::reporting
