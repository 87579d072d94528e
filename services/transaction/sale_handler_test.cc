// Sales, end to end below the network: handlers on a real database.

#include "services/transaction/sale_handler.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <set>
#include <thread>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/journal/chain.h"
#include "libs/journal/entry.h"
#include "services/transaction/consumers.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ErrorCode;

v1::Sale Sell(World& world, const v1::CreateSaleRequest& request, bool* replayed = nullptr) {
  testing::TestCall call = world.Call();
  v1::CreateSaleResponse response;
  const absl::Status status = world.sales.CreateSale(call, request, &response);
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(call.is_store_checked);
  if (replayed != nullptr) *replayed = call.is_replayed;
  return response.sale();
}

ErrorCode Refusal(World& world, const v1::CreateSaleRequest& request) {
  testing::TestCall call = world.Call();
  v1::CreateSaleResponse response;
  return base::CodeOf(world.sales.CreateSale(call, request, &response));
}

constexpr pg::Query kChain{"test_chain", R"sql(
  SELECT journal_id, journal_no, payload, hash FROM journal_entries ORDER BY journal_id, journal_no
  )sql"};
constexpr pg::Query kCounts{"test_counts", R"sql(
  SELECT (SELECT count(*) FROM sales) AS sales, (SELECT count(*) FROM sale_lines) AS lines,
    (SELECT count(*) FROM journal_entries) AS entries, (SELECT count(*) FROM outbox) AS events
  )sql"};

/// I8 and I9: numbers are dense, every hash follows from the one before.
void CheckChains(World& world) {
  const auto rows = world.worker_pool.Exec({}, kChain);
  REQUIRE(rows.ok());
  std::string journal;
  int64_t expected = 1;
  journal::Hash previous = journal::kGenesis;
  for (const pg::Row row : *rows) {
    if (const auto id = row.Get<base::Uuid>("journal_id").ToString(); id != journal) {
      journal = id;
      expected = 1;
      previous = journal::kGenesis;
    }
    CHECK(row.Get<int64_t>("journal_no") == expected);
    const auto payload = row.Get<pg::Bytes>("payload").value;
    previous = journal::ChainHash(static_cast<uint64_t>(expected), previous, payload);
    CHECK(std::string(reinterpret_cast<const char*>(previous.data()), previous.size()) ==
          row.Get<pg::Bytes>("hash").value);
    ++expected;
  }
}

}  // namespace

TEST_CASE("CreateSale: a cash sale gets number, change and a place in the journal", "[handler]") {
  World world;
  const v1::Sale sale = Sell(world, world.BasketSale());
  CHECK(sale.totals().total_minor() == 648);
  CHECK(sale.totals().change_minor() == 352);
  CHECK(sale.receipt_number() == "S1-R1-0-1");
  CHECK(sale.journal_no() == 1);
  CHECK(sale.lines(1).name() == "A TEA");
  CHECK(sale.catalogue_version() == 3);
  CHECK(Sell(world, world.BasketSale()).receipt_no() == 2);
  CHECK(Sell(world, world.BasketSale(world.other_reg)).receipt_number() == "S1-R2-0-1");
  CheckChains(world);
}

TEST_CASE("CreateSale: the quick way takes what goes well, and answers the same", "[handler]") {
  World world;
  struct Quick final : rpc::QuickCall {
    void End(absl::Status s) override { ended.set_value(std::move(s)); }
    void RunOrdinarily() override { ended.set_value(absl::AbortedError("ordinarily")); }
    std::promise<absl::Status> ended;
  };
  v1::CreateSaleResponse response;
  // "refused", "ok", "ordinarily" or the error's code.
  const auto try_it = [&](const v1::CreateSaleRequest& request) -> std::string {
    Quick quick;
    testing::TestCall call = world.Call();
    response.Clear();
    if (!world.sales.TryCreateSale(call, request, &response, quick)) return "not taken";
    const absl::Status status = quick.ended.get_future().get();
    return status.ok() ? "ok" : std::string(status.message());
  };
  const v1::CreateSaleRequest first = world.BasketSale();
  CHECK(try_it(first) == "not taken");  // nothing is held in memory yet
  const v1::Sale sale = Sell(world, first);
  CHECK(try_it(first) == "ordinarily");  // a replay

  const v1::CreateSaleRequest second = world.BasketSale();
  REQUIRE(try_it(second) == "ok");
  CHECK(response.sale().receipt_no() == sale.receipt_no() + 1);
  const std::string answered = response.sale().SerializeAsString();
  bool replayed = false;
  CHECK(Sell(world, second, &replayed).SerializeAsString() == answered);
  CHECK(replayed);

  v1::CreateSaleRequest wrong = world.BasketSale();
  wrong.mutable_tenders(0)->set_amount_minor(1);
  CHECK(try_it(wrong) == "not taken");
  wrong = world.BasketSale();
  wrong.mutable_lines(0)->set_variant_id(world.ids.NewId().ToString());
  CHECK(try_it(wrong) == "not taken");
  CheckChains(world);
}

TEST_CASE("CreateSale: many registers at once, with repeats and late ones among them",
          "[handler]") {
  World world;
  std::vector<base::Uuid> registers;
  for (int i = 0; i < 12; ++i) {
    registers.push_back(world.ids.NewId());
    world.PutRegister(registers.back(), "M" + std::to_string(i));
  }
  Sell(world, world.BasketSale(registers[0]));  // the read model is warm
  const auto sell_all = [&](const std::vector<v1::CreateSaleRequest>& requests) {
    std::vector<std::thread> threads;
    std::atomic<int> replays{0};
    std::atomic<int> refused{0};  // Catch's macros are for one thread only
    for (const v1::CreateSaleRequest& request : requests) {
      threads.emplace_back([&] {
        testing::TestCall call = world.Call();
        v1::CreateSaleResponse response;
        if (!world.sales.CreateSale(call, request, &response).ok()) ++refused;
        replays += call.is_replayed;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == 0);
    return replays.load();
  };
  std::vector<v1::CreateSaleRequest> requests;
  for (const base::Uuid& reg : registers) requests.push_back(world.BasketSale(reg));
  CHECK(sell_all(requests) == 0);
  // Half of them again, among new ones; and others moved some heads meanwhile.
  Batcher elsewhere(world.pool, world.clock, world.ids, {});
  Checkout checkout({.pool = &world.pool,
                     .read_model = &world.read_model,
                     .consumers = nullptr,
                     .batcher = &elsewhere,
                     .clock = &world.clock,
                     .bell = nullptr});
  SaleHandler replica(checkout);
  for (size_t i = 0; i < registers.size(); ++i) {
    if (i % 3 == 0) {
      testing::TestCall call = world.Call();
      v1::CreateSaleResponse response;
      REQUIRE(replica.CreateSale(call, world.BasketSale(registers[i]), &response).ok());
    }
    if (i % 2 == 0) requests[i] = world.BasketSale(registers[i]);
  }
  CHECK(sell_all(requests) == 6);
  const auto counts = world.worker_pool.Exec({}, kCounts);
  REQUIRE(counts.ok());
  CHECK((*counts)[0].Get<int64_t>("sales") == 1 + 12 + 4 + 6);
  CHECK((*counts)[0].Get<int64_t>("entries") == 23);
  CHECK((*counts)[0].Get<int64_t>("events") == 23);
  CHECK((*counts)[0].Get<int64_t>("lines") == 46);
  CheckChains(world);
}

TEST_CASE("CreateSale: a replay answers the same bytes though prices have changed", "[handler]") {
  World world;
  v1::CreateSaleRequest request = world.BasketSale();
  request.mutable_lines(0)->set_expected_unit_price_minor(250);
  bool replayed = false;
  const v1::Sale first = Sell(world, request, &replayed);
  CHECK_FALSE(replayed);
  world.PutVariant(world.mug, "MUG", 300, true, 4);
  world.PutVariant(world.tea, "TEA", 199, true, 5, true);
  world.clock.Advance(absl::Hours(24 * 30));
  const v1::Sale second = Sell(world, request, &replayed);
  CHECK(replayed);
  CHECK(second.SerializeAsString() == first.SerializeAsString());
  request.set_note("another request");
  CHECK(Refusal(world, request) == ErrorCode::IDEMPOTENCY_MISMATCH);
}

TEST_CASE("CreateSale: refusals leave nothing behind", "[handler]") {
  World world;
  const auto refused = [&world](const std::function<void(v1::CreateSaleRequest*)>& change) {
    v1::CreateSaleRequest request = world.BasketSale();
    change(&request);
    return Refusal(world, request);
  };
  using R = v1::CreateSaleRequest*;
  CHECK(refused([](R r) { r->set_sale_id("x"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->clear_lines(); }) == ErrorCode::FIELD_REQUIRED);
  CHECK(refused([](R r) { r->mutable_lines(0)->set_quantity_milli(-1); }) ==
        ErrorCode::OUT_OF_RANGE);
  CHECK(refused([&](R r) { r->set_register_id(world.store.ToString()); }) == ErrorCode::NOT_FOUND);
  CHECK(refused([&](R r) { r->mutable_lines(0)->set_variant_id(world.reg.ToString()); }) ==
        ErrorCode::UNKNOWN_VARIANT);
  CHECK(refused([](R r) { r->mutable_lines(0)->set_expected_unit_price_minor(1); }) ==
        ErrorCode::PRICE_CHANGED);
  CHECK(refused([](R r) {
          r->mutable_expected_total()->set_currency_code("GBP");
          r->mutable_expected_total()->set_minor_units(647);
        }) == ErrorCode::TOTAL_MISMATCH);
  CHECK(refused([](R r) { r->mutable_tenders(0)->set_amount_minor(647); }) ==
        ErrorCode::UNDER_TENDER);
  CHECK(refused([](R r) { r->mutable_tenders(0)->set_type(v1::CHEQUE); }) ==
        ErrorCode::OVER_TENDER);
  CHECK(refused([](R r) {
          v1::Discount* discount = r->add_discounts();
          discount->set_kind(v1::FIXED);
          discount->set_amount_minor(10'000);
        }) == ErrorCode::DISCOUNT_EXCEEDS_LINE);
  CHECK(refused([&](R r) {
          r->mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(world.clock.Now()) + 60);
        }) == ErrorCode::OUT_OF_RANGE);
  world.PutVariant(world.mug, "MUG", 250, true, 9, true);
  CHECK(refused([](R) {}) == ErrorCode::VARIANT_ARCHIVED);
  const auto counts = world.worker_pool.Exec({}, kCounts);
  REQUIRE(counts.ok());
  CHECK((*counts)[0].Get<int64_t>("sales") == 0);
  CHECK((*counts)[0].Get<int64_t>("entries") == 0);
}

TEST_CASE("CreateSale: rights are asked for discounts and own prices", "[handler]") {
  World world;
  v1::CreateSaleRequest request = world.BasketSale();
  v1::Discount* discount = request.mutable_lines(0)->add_discounts();
  discount->set_kind(v1::PERCENT);
  discount->set_rate_ppm(100'000);
  testing::TestCall cashier(
      testing::ClaimsFor(world.tenant, {common::v1::Permission::SALE_CREATE}));
  v1::CreateSaleResponse response;
  CHECK(base::CodeOf(world.sales.CreateSale(cashier, request, &response)) ==
        ErrorCode::PERMISSION_DENIED);
  CHECK(Sell(world, request).totals().total_minor() == 623);
}

TEST_CASE("CreateSale: the same sale from many clients at once happens once", "[handler]") {
  World world;
  const v1::CreateSaleRequest request = world.BasketSale();
  std::vector<std::string> answers(8);
  std::vector<std::thread> clients;
  for (std::string& answer : answers) {
    clients.emplace_back([&world, &request, &answer] {
      testing::TestCall call = world.Call();
      v1::CreateSaleResponse response;
      if (world.sales.CreateSale(call, request, &response).ok()) {
        answer = response.SerializeAsString();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(std::set<std::string>(answers.begin(), answers.end()).size() == 1);
  CHECK_FALSE(answers.front().empty());
  const auto counts = world.worker_pool.Exec({}, kCounts);
  REQUIRE(counts.ok());
  CHECK((*counts)[0].Get<int64_t>("sales") == 1);
  CHECK((*counts)[0].Get<int64_t>("lines") == 2);
  CHECK((*counts)[0].Get<int64_t>("events") == 1);
}

TEST_CASE("CreateSale: who comes alone after a crowd is served as well", "[handler]") {
  World world;
  const auto sell = [&world] {
    testing::TestCall call = world.Call();
    v1::CreateSaleResponse response;
    return world.sales.CreateSale(call, world.BasketSale(), &response).ok();
  };
  for (int round = 0; round < 3; ++round) {
    std::atomic<int> sold{0};
    std::vector<std::thread> crowd;
    for (int i = 0; i < 12; ++i) {
      crowd.emplace_back([&] {
        if (sell()) ++sold;
      });
    }
    for (std::thread& one : crowd) one.join();
    CHECK(sold == 12);
    CHECK(sell());
  }
}

TEST_CASE("CreateSale: two replicas on the same registers leave no gap and no fork", "[handler]") {
  World world;
  Batcher second_batcher(world.pool, world.real_clock, world.ids, {});
  Checkout second_checkout({.pool = &world.pool,
                            .read_model = &world.read_model,
                            .consumers = nullptr,
                            .batcher = &second_batcher,
                            .clock = &world.clock,
                            .bell = nullptr});
  SaleHandler second(second_checkout);
  constexpr int kSales = 40;
  std::atomic<int> sold = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      SaleHandler& replica = c % 2 == 0 ? world.sales : second;
      for (int i = 0; i < kSales; ++i) {
        const auto request = world.BasketSale(c < 2 ? world.reg : world.other_reg);
        absl::Status status = absl::UnavailableError("not sent");
        // Who loses every race for the head is told to come back, and does so under the same id.
        while (absl::IsUnavailable(status)) {
          testing::TestCall call = world.Call();
          v1::CreateSaleResponse response;
          status = replica.CreateSale(call, request, &response);
        }
        if (status.ok()) ++sold;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(sold == 4 * kSales);
  const auto counts = world.worker_pool.Exec({}, kCounts);
  REQUIRE(counts.ok());
  CHECK((*counts)[0].Get<int64_t>("sales") == 4 * kSales);
  CheckChains(world);
}

TEST_CASE("CreateSale: a sale that cannot be written does not harm its neighbours", "[handler]") {
  World world;
  // A name with a NUL cannot be stored as text: T1 fails as a whole, the neighbours go on alone.
  std::atomic<int> sold = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 10; ++i) {
        testing::TestCall call = world.Call();
        if (c == 0) call.trace = "\xff\xfe";  // invalid UTF-8 in the outbox row
        v1::CreateSaleResponse response;
        const auto request = world.BasketSale(c % 2 == 0 ? world.reg : world.other_reg);
        const bool ok = world.sales.CreateSale(call, request, &response).ok();
        if (ok && c != 0) ++sold;
        if (c == 0 && ok) sold = -1000;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(sold == 50);
  CheckChains(world);
}

TEST_CASE("AbandonSale: the tombstone wins over a late sale and loses to a sale", "[handler]") {
  World world;
  const v1::CreateSaleRequest request = world.BasketSale();
  v1::AbandonSaleRequest abandon;
  abandon.set_sale_id(request.sale_id());
  abandon.set_store_id(request.store_id());
  abandon.set_register_id(request.register_id());
  abandon.set_reason_code("TIMEOUT");
  for (int i = 0; i < 2; ++i) {
    testing::TestCall call = world.Call();
    v1::AbandonSaleResponse response;
    REQUIRE(world.sales.AbandonSale(call, abandon, &response).ok());
    CHECK(response.state() == v1::ABANDONED);
  }
  CHECK(Refusal(world, request) == ErrorCode::SALE_ABANDONED);
  const v1::Sale sale = Sell(world, world.BasketSale());
  CHECK(sale.receipt_no() == 1);  // a tombstone takes no receipt number
  abandon.set_sale_id(sale.sale_id());
  testing::TestCall call = world.Call();
  v1::AbandonSaleResponse response;
  REQUIRE(world.sales.AbandonSale(call, abandon, &response).ok());
  CHECK(response.state() == v1::COMPLETED);
  CheckChains(world);
}

TEST_CASE("CreateSale: the business date follows the store's zone and cut-off", "[handler]") {
  World world;
  v1::CreateSaleRequest request = world.BasketSale();
  absl::Time at;
  std::string error;
  REQUIRE(absl::ParseTime("%Y-%m-%dT%H:%M:%E*S%Ez", "2025-07-02T00:30:00+00:00", &at, &error));
  request.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(at));
  CHECK(Sell(world, request).business_date() == "2025-07-01");  // 01:30 local, cut-off 04:00
}

TEST_CASE("ListSales: pages newest first and is stable", "[handler]") {
  World world;
  for (int i = 0; i < 5; ++i) {
    Sell(world, world.BasketSale());
    world.clock.Advance(absl::Seconds(1));
  }
  v1::ListSalesRequest request;
  request.set_store_id(world.store.ToString());
  request.set_page_size(2);
  std::vector<int64_t> numbers;
  do {
    testing::TestCall call = world.Call();
    v1::ListSalesResponse response;
    REQUIRE(world.sales.ListSales(call, request, &response).ok());
    for (const v1::Sale& sale : response.sales()) numbers.push_back(sale.journal_no());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  CHECK(numbers == std::vector<int64_t>{5, 4, 3, 2, 1});
  testing::TestCall call = world.Call();
  v1::ListSalesResponse response;
  REQUIRE(world.sales.ListSales(call, request, &response).ok());
  request.set_page_token(response.next_page_token());
  request.set_business_date("2026-01-01");  // a token is of one list
  CHECK(base::CodeOf(world.sales.ListSales(call, request, &response)) ==
        ErrorCode::INVALID_PAGE_TOKEN);
  request.clear_business_date();
  request.set_page_token("nonsense");
  CHECK(base::CodeOf(world.sales.ListSales(call, request, &response)) ==
        ErrorCode::INVALID_PAGE_TOKEN);
}

TEST_CASE("GetSale: another tenant's sale is not found", "[handler]") {
  World world;
  const v1::Sale sale = Sell(world, world.BasketSale());
  testing::TestCall stranger(
      testing::ClaimsFor(world.ids.NewId(), {common::v1::Permission::SALE_READ}));
  v1::GetSaleRequest request;
  request.set_sale_id(sale.sale_id());
  v1::GetSaleResponse response;
  CHECK(base::CodeOf(world.sales.GetSale(stranger, request, &response)) == ErrorCode::NOT_FOUND);
}

TEST_CASE("GetReceipt: text and HTML show the stored sums, names are escaped", "[handler]") {
  World world;
  const v1::Sale sale = Sell(world, world.BasketSale());
  v1::GetReceiptRequest request;
  request.set_sale_id(sale.sale_id());
  testing::TestCall call = world.Call();
  common::v1::RawBody text, html;
  REQUIRE(world.sales.GetReceiptText(call, request, &text).ok());
  REQUIRE(world.sales.GetReceiptHtml(call, request, &html).ok());
  CHECK(text.data().find("TOTAL GBP") != std::string::npos);
  CHECK(text.data().find("6.48") != std::string::npos);
  CHECK(text.data().find("3.52") != std::string::npos);
  CHECK(html.data().find("Corner &lt;Shop&gt;") != std::string::npos);
  CHECK(html.data().find("<Shop>") == std::string::npos);
}

TEST_CASE("Sales cannot be changed or deleted by the service's roles", "[store]") {
  World world;
  Sell(world, world.BasketSale());
  constexpr pg::Query kUpdate{"test_update", "UPDATE sales SET total = 0"};
  constexpr pg::Query kDelete{"test_delete", "DELETE FROM journal_entries"};
  constexpr pg::Query kOutbox{"test_outbox", "DELETE FROM outbox"};
  for (const pg::Query& query : {kUpdate, kDelete, kOutbox}) {
    CHECK(pg::SqlStateOf(world.pool.Exec({.tenant = world.tenant}, query).status()) == "42501");
    CHECK(pg::SqlStateOf(world.worker_pool.Exec({}, query).status()) == "42501");
  }
}

}  // namespace cloudpos::transaction
