// Returns on a real database.

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ErrorCode;

v1::Sale Sell(World& world, const v1::CreateSaleRequest& request) {
  testing::TestCall call = world.Call();
  v1::CreateSaleResponse response;
  REQUIRE(world.sales.CreateSale(call, request, &response).ok());
  return response.sale();
}

v1::CreateReturnRequest LinkedReturn(World& world, const v1::Sale& sale, int line, int64_t milli,
                                     int64_t money) {
  v1::CreateReturnRequest request;
  request.set_return_id(world.ids.NewId().ToString());
  request.set_store_id(sale.store_id());
  request.set_register_id(sale.register_id());
  request.set_source_sale_id(sale.sale_id());
  request.set_reason_code("DAMAGED");
  v1::ReturnLineInput* input = request.add_lines();
  input->set_source_line_no(line);
  input->set_quantity_milli(milli);
  v1::TenderInput* tender = request.add_tenders();
  tender->set_type(v1::CASH);
  tender->set_amount_minor(money);
  return request;
}

absl::Status Return(World& world, const v1::CreateReturnRequest& request,
                    v1::CreateReturnResponse* response) {
  testing::TestCall call = world.Call();
  return world.sales.CreateReturn(call, request, response);
}

}  // namespace

TEST_CASE("CreateReturn: singly or at once, all returns give back what was paid", "[handler]") {
  World world;
  v1::CreateSaleRequest request = world.BasketSale();
  request.mutable_lines(1)->set_quantity_milli(3000);
  v1::Discount* discount = request.add_discounts();
  discount->set_kind(v1::FIXED);
  discount->set_amount_minor(100);
  const v1::Sale sale = Sell(world, request);
  int64_t back = 0;
  for (int i = 0; i < 3; ++i) {
    v1::CreateReturnRequest wanted = LinkedReturn(world, sale, 2, 1000, 0);
    v1::CreateReturnResponse response;
    const auto refused = Return(world, wanted, &response);
    CHECK(base::CodeOf(refused) == ErrorCode::UNDER_TENDER);
    int64_t due = 0;
    for (const auto& [key, value] : base::InfoOf(refused).data) {
      if (key == "dueMinor") due = std::stoll(value);  // tidy: allow banned: a test reads a number
    }
    wanted.mutable_tenders(0)->set_amount_minor(due);
    REQUIRE(Return(world, wanted, &response).ok());
    back += response.return_document().totals().total_minor();
    CHECK(response.return_document().kind() == v1::RETURN);
  }
  CHECK(back == sale.lines(1).total_minor());
  v1::CreateReturnResponse response;
  CHECK(base::CodeOf(Return(world, LinkedReturn(world, sale, 2, 1000, 1), &response)) ==
        ErrorCode::RETURN_EXCEEDS_SOLD);
  CHECK(base::CodeOf(Return(world, LinkedReturn(world, sale, 9, 1000, 1), &response)) ==
        ErrorCode::NOT_FOUND);
}

TEST_CASE("CreateReturn: N parallel returns never bring back more than was sold", "[handler]") {
  World world;
  v1::CreateSaleRequest request = world.BasketSale();
  request.mutable_lines(0)->set_quantity_milli(2000);
  const v1::Sale sale = Sell(world, request);
  std::atomic<int> returned = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&] {
      v1::CreateReturnResponse response;
      if (Return(world, LinkedReturn(world, sale, 1, 1000, 250), &response).ok()) ++returned;
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(returned == 2);
}

TEST_CASE("CreateReturn: a replay is answered, another request under the id is not", "[handler]") {
  World world;
  const v1::Sale sale = Sell(world, world.BasketSale());
  v1::CreateReturnRequest request = LinkedReturn(world, sale, 1, 1000, 250);
  v1::CreateReturnResponse first, second;
  REQUIRE(Return(world, request, &first).ok());
  REQUIRE(Return(world, request, &second).ok());
  CHECK(first.SerializeAsString() == second.SerializeAsString());
  request.set_note("other");
  CHECK(base::CodeOf(Return(world, request, &second)) == ErrorCode::IDEMPOTENCY_MISMATCH);
}

TEST_CASE("CreateReturn: without a receipt by its own price, with its own right", "[handler]") {
  World world;
  v1::CreateReturnRequest request;
  request.set_return_id(world.ids.NewId().ToString());
  request.set_store_id(world.store.ToString());
  request.set_register_id(world.reg.ToString());
  request.set_reason_code("CREDIT_NOTE");
  v1::ReturnLineInput* line = request.add_lines();
  line->set_variant_id(world.mug.ToString());
  line->set_quantity_milli(3000);
  line->set_unit_price_minor(111);
  v1::TenderInput* tender = request.add_tenders();
  tender->set_type(v1::OTHER);
  tender->set_amount_minor(333);
  testing::TestCall cashier(
      testing::ClaimsFor(world.tenant, {common::v1::Permission::RETURN_CREATE}));
  v1::CreateReturnResponse response;
  CHECK(base::CodeOf(world.sales.CreateReturn(cashier, request, &response)) ==
        ErrorCode::PERMISSION_DENIED);
  REQUIRE(Return(world, request, &response).ok());
  CHECK(response.return_document().totals().total_minor() == 333);
  CHECK(response.return_document().lines(0).disposition() == v1::RESTOCK);
}

}  // namespace cloudpos::transaction
