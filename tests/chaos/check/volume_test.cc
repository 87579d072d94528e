// How long a check takes: run by hand, with the number of documents in POS_TEST_VOLUME.
//   chaos-check_lib_test "[.volume]"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>

#include "catch2/catch.hpp"
#include "tests/chaos/check/checker.h"
#include "tests/chaos/check/shop_test.h"

namespace cloudpos::chaos {
namespace {

using Clock = std::chrono::steady_clock;

TEST_CASE("check: a long day", "[.volume]") {
  const char* wanted = std::getenv("POS_TEST_VOLUME");
  const std::string text = wanted == nullptr ? "20000" : wanted;
  int64_t documents = 0;
  std::from_chars(text.data(), text.data() + text.size(), documents);
  Clock::time_point begun = Clock::now();
  std::clock_t cpu_begun = std::clock();
  const auto lap = [&](const char* what) {
    const auto now = Clock::now();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun);
    const std::clock_t cpu = std::clock();
    std::cout << took.count() << " ms (own CPU " << (cpu - cpu_begun) * 1000 / CLOCKS_PER_SEC
              << " ms)  " << what << std::endl;
    begun = now;
    cpu_begun = cpu;
  };
  Shop shop(true);
  for (int64_t i = 0; i < documents; ++i) {
    const base::Uuid sale = shop.Sell(static_cast<size_t>(i % 4));
    if (i % 20 == 0) shop.Return(sale);
    if (i % 5000 == 0) shop.Abandon(0);
  }
  lap("made");
  shop.Write();
  lap("written");
  const char* step = nullptr;
  const Report report = shop.Check([&](const char* next) {
    if (step != nullptr) lap(step);
    step = next;
  });
  lap(step);
  std::cout << report.AsText();
  CHECK(report.ExitCode() == 0);
}

}  // namespace
}  // namespace cloudpos::chaos
