// C-04 in figures: 100,000 variants, look-up p99 below 5 ms and search p95 below 50 ms. Takes a
// minute, so it runs only when named: inventory_lib_test "[bench]".

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <sstream>

#include "libs/metrics/metrics.h"
#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = CatalogueHandler;
using Millis = std::chrono::duration<double, std::milli>;

constexpr int kProducts = 100'000;

std::string WordOf(std::mt19937& random) {
  static const char* const kParts[] = {"lan", "ter", "whi", "te", "me",  "tal",
                                       "can", "dle", "ro",  "se", "gar", "den",
                                       "cof", "fe",  "cup", "mi", "na",  "sto"};
  std::string word;
  // Zipf-like: few words are in most names.
  const int kind = static_cast<int>(std::min(random() % 3000, random() % 3000));
  std::mt19937 letters(static_cast<unsigned>(kind));
  for (int i = 0; i < 3; ++i) word += kParts[letters() % std::size(kParts)];
  return word;
}

std::string NameOf(std::mt19937& random) {
  std::string name;
  for (int i = 0; i < 5; ++i) name += (i == 0 ? "" : " ") + WordOf(random);
  return name;
}

std::string CodeOf(int i) {
  std::string body = std::to_string(400'000'000'000 + i);
  return body + CheckDigit(body);
}

void Fill(World& world, std::mt19937& random) {
  for (int i = 0; i < kProducts;) {
    v1::BatchCreateProductsRequest batch;
    for (int j = 0; j < 200 && i < kProducts; ++j, ++i) {
      auto product = world.NewProduct(NameOf(random), "SKU-" + std::to_string(i));
      product.mutable_variants(0)->add_barcodes()->set_code(CodeOf(i));
      *batch.add_products() = product;
    }
    world.Do(world.catalogue, &H::BatchCreateProducts, batch);
  }
}

double Percentile(std::vector<double> times, double share) {
  std::sort(times.begin(), times.end());
  return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
}

template <typename F>
std::vector<double> Measure(int times, F&& run) {
  std::vector<double> out;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    run(i);
    out.push_back(Millis(std::chrono::steady_clock::now() - begin).count());
  }
  return out;
}

}  // namespace

TEST_CASE("Search: 100,000 variants", "[.][bench]") {
  World world;
  std::mt19937 random(1);
  const auto filled = Measure(1, [&](int) { Fill(world, random); });
  std::cout << "filled in " << filled[0] / 1000 << " s\n";
  const auto analysed = world.admin.Exec({}, pg::Query{"test_analyze", "ANALYZE"});
  World::Require(analysed.status());
  const auto lookups = Measure(2'000, [&](int i) {
    v1::LookupVariantRequest request;
    request.set_code(CodeOf((i * 7919) % kProducts));
    world.Do(world.catalogue, &H::LookupVariant, request);
  });
  std::cout << "lookup p50 " << Percentile(lookups, 0.5) << " p99 " << Percentile(lookups, 0.99)
            << " ms\n";
  const auto search = [&](const char* what, const std::function<std::string()>& text) {
    const auto times = Measure(200, [&](int) {
      v1::SearchVariantsRequest request;
      request.set_q(text());
      world.Do(world.catalogue, &H::SearchVariants, request);
    });
    std::cout << what << ": p50 " << Percentile(times, 0.5) << " p95 " << Percentile(times, 0.95)
              << " ms\n";
    CHECK(Percentile(times, 0.95) < 50);
  };
  search("one word", [&] { return WordOf(random); });
  search("two words", [&] { return WordOf(random) + " " + WordOf(random); });
  search("a beginning", [&] { return WordOf(random).substr(0, 3); });
  search("one letter", [&] { return WordOf(random).substr(0, 1); });
  search("a slip", [&] {
    std::string word = WordOf(random);
    std::swap(word[2], word[3]);
    return word;
  });
  CHECK(Percentile(lookups, 0.99) < 5);
  std::istringstream lines(metrics::Render());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("cloudpos_pg_query_seconds_sum") ||
        line.starts_with("cloudpos_pg_query_seconds_count")) {
      std::cout << line << "\n";
    }
  }
}

}  // namespace cloudpos::inventory
