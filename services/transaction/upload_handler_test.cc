// The upload door: what registers did without the server is recorded as it happened.

#include "services/transaction/upload_handler.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/journal/chain.h"
#include "libs/testing/database_proxy.h"
#include "services/transaction/consumers.h"
#include "services/transaction/till_test.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ErrorCode;
using common::v1::Permission;
using Result = v1::UploadResult;

std::vector<std::string> Names(const Result& result) {
  return {result.exceptions().begin(), result.exceptions().end()};
}

using List = std::vector<std::string>;

ErrorCode Refusal(Till& till, const v1::UploadJournalRequest& request) {
  v1::UploadJournalResponse response;
  return base::CodeOf(till.Send(request, &response));
}

constexpr pg::Query kCounts{"test_upload_counts", R"sql(
  SELECT (SELECT count(*) FROM sales) AS sales, (SELECT count(*) FROM journal_entries) AS entries,
    (SELECT count(*) FROM outbox) AS events, (SELECT count(*) FROM journal_signatures) AS signatures,
    (SELECT count(*) FROM journals) AS journals)sql"};

struct Counts {
  int64_t sales, entries, events, signatures, journals;
};
Counts CountsOf(World& world) {
  const auto rows = world.worker_pool.Exec({}, kCounts);
  REQUIRE(rows.ok());
  const pg::Row row = (*rows)[0];
  return {row.Get<int64_t>("sales"), row.Get<int64_t>("entries"), row.Get<int64_t>("events"),
          row.Get<int64_t>("signatures"), row.Get<int64_t>("journals")};
}

constexpr pg::Query kChain{"test_upload_chain", R"sql(
  SELECT journal_id, journal_no, payload, hash FROM journal_entries ORDER BY journal_id, journal_no
  )sql"};

/// I8 and I9: numbers are dense, every hash follows from the one before.
void CheckChains(World& world) {
  const auto rows = world.worker_pool.Exec({}, kChain);
  REQUIRE(rows.ok());
  base::Uuid journal;
  int64_t expected = 1;
  journal::Hash previous = journal::kGenesis;
  for (const pg::Row row : *rows) {
    if (row.Get<base::Uuid>("journal_id") != journal) {
      journal = row.Get<base::Uuid>("journal_id");
      expected = 1;
      previous = journal::kGenesis;
    }
    CHECK(row.Get<int64_t>("journal_no") == expected);
    previous = journal::ChainHash(static_cast<uint64_t>(expected), previous,
                                  row.Get<pg::Bytes>("payload").value);
    CHECK(std::string(reinterpret_cast<const char*>(previous.data()), previous.size()) ==
          row.Get<pg::Bytes>("hash").value);
    ++expected;
  }
}

/// A request for the till's next sale as POST takes it, at the numbers the register proposes.
v1::CreateSaleRequest Post(Till& till, int64_t journal_no, int64_t receipt_no) {
  v1::CreateSaleRequest request = till.world.BasketSale(till.reg);
  v1::JournalPosition* position = request.mutable_journal();
  position->set_device_id(till.device.ToString());
  position->set_generation(till.generation);
  position->set_journal_no(journal_no);
  position->set_receipt_no(receipt_no);
  return request;
}

absl::StatusOr<v1::CreateSaleResponse> Create(World& world, const v1::CreateSaleRequest& request) {
  testing::TestCall call = world.Call();
  v1::CreateSaleResponse response;
  const absl::Status status = world.sales.CreateSale(call, request, &response);
  if (!status.ok()) return status;
  return response;
}

std::optional<v1::Sale> SaleOf(World& world, const std::string& id) {
  testing::TestCall call = world.Call();
  v1::GetSaleRequest request;
  request.set_sale_id(id);
  v1::GetSaleResponse response;
  if (!world.sales.GetSale(call, request, &response).ok()) return std::nullopt;
  return response.sale();
}

}  // namespace

TEST_CASE("UploadJournal: a day's entries are recorded with numbers, documents and signatures",
          "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  till.Note(journal::kKindNoSale);
  till.Sell();
  till.Return(1, 1000);
  till.Note(journal::kKindVoid);
  const v1::UploadJournalResponse response = till.Upload();
  REQUIRE(response.results_size() == 5);
  for (const Result& result : response.results()) {
    CHECK(result.outcome() == Result::RECORDED);
    CHECK(Names(result) == List{});
  }
  CHECK(response.head().journal_id() == till.journal.ToString());
  CHECK(response.head().journal_no() == 5);
  CHECK(response.head().receipt_no() == 3);
  CHECK(response.head().grand_total_minor() == 648 + 648 - 250);
  CHECK(response.head().hash() ==
        std::string(reinterpret_cast<const char*>(till.kept(5).hash.data()), 32));
  CHECK(response.head().durable_head() == 0);
  CHECK(response.head().signed_head() == 5);
  const Counts counts = CountsOf(world);
  CHECK(counts.sales == 3);
  CHECK(counts.entries == 5);
  CHECK(counts.events == 5);
  CHECK(counts.signatures == 5);
  const auto sale = SaleOf(world, till.kept(1).entry.sale_id);
  REQUIRE(sale);
  CHECK(sale->receipt_number() == "S1-R1-D1-1");
  CHECK(sale->lines(0).name() == "A MUG");
  CHECK(sale->lines(0).returned_milli() == 1000);
  CHECK(sale->operator_id() == till.cashier.ToString());
  CheckChains(world);
}

TEST_CASE("UploadJournal: sent again it answers REPLAY and changes nothing", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 3; ++i) till.Sell();
  till.Upload();
  till.Sell();
  const v1::UploadJournalResponse response = till.Upload();
  REQUIRE(response.results_size() == 4);
  for (int i = 0; i < 3; ++i) CHECK(response.results(i).outcome() == Result::REPLAY);
  CHECK(response.results(3).outcome() == Result::RECORDED);
  CHECK(CountsOf(world).sales == 4);
  CHECK(CountsOf(world).events == 4);
}

TEST_CASE("UploadJournal: two hundred entries in one call, and not one more", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 201; ++i) till.Sell();
  CHECK(Refusal(till, till.Request()) == ErrorCode::LIMIT_EXCEEDED);
  CHECK(CountsOf(world).entries == 0);
  v1::UploadJournalResponse response;
  REQUIRE(till.Send(till.Request(1, 200), &response).ok());
  CHECK(response.results_size() == 200);
  CHECK(response.head().journal_no() == 200);
  CHECK(CountsOf(world).sales == 200);
  CheckChains(world);
}

TEST_CASE("UploadJournal: behind, the answer says where the server stands", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 5; ++i) till.Sell();
  REQUIRE(till.Upload(1).head().journal_no() == 5);
  for (int i = 0; i < 3; ++i) till.Sell();
  v1::UploadJournalResponse response;
  const absl::Status behind = till.Send(till.Request(8), &response);
  CHECK(base::CodeOf(behind) == ErrorCode::JOURNAL_BEHIND);
  const base::ErrorInfo info = base::InfoOf(behind);
  CHECK(info.data ==
        std::vector<std::pair<std::string, std::string>>{
            {"journalNo", "5"}, {"receiptNo", "5"}, {"hash", journal::ToHex(till.kept(5).hash)}});
  CHECK(till.Upload(6).head().journal_no() == 8);
}

TEST_CASE("UploadJournal: another document at a number is a fork", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 3; ++i) till.Sell();
  till.Upload();
  Till twin(till, 0, 1);  // the device was restored from an empty disk and does not know
  for (int i = 0; i < 2; ++i) twin.Sell();
  v1::UploadJournalResponse response;
  const absl::Status fork = twin.Send(twin.Request(), &response);
  CHECK(base::CodeOf(fork) == ErrorCode::JOURNAL_FORK);
  CHECK(base::InfoOf(fork).data[0].second == "1");
  // Told the hash before, the server names the number that lies before what was sent.
  v1::UploadJournalRequest later = twin.Request(2);
  CHECK(Refusal(twin, later) == ErrorCode::INVALID_ARGUMENT);
  later.set_previous_hash(std::string(reinterpret_cast<const char*>(twin.kept(1).hash.data()), 32));
  const absl::Status earlier = twin.Send(later, &response);
  CHECK(base::CodeOf(earlier) == ErrorCode::JOURNAL_FORK);
  CHECK(base::InfoOf(earlier).data[0].second == "1");
  CHECK(CountsOf(world).entries == 3);
}

TEST_CASE("UploadJournal: a new generation goes on after a fork", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  till.Upload();
  Till again(till, 0, 2);
  const int64_t n = again.Sell();
  CHECK(again.Upload().results(0).outcome() == Result::RECORDED);
  const auto sale = SaleOf(world, again.kept(n).entry.sale_id);
  REQUIRE(sale);
  CHECK(sale->receipt_number() == "S1-R1-D1.2-1");
  CheckChains(world);
}

TEST_CASE("UploadJournal: a sale whose POST got no answer takes the server's entry", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  till.Upload();
  const v1::CreateSaleRequest lost = Post(till, 2, 2);
  REQUIRE(Create(world, lost).ok());  // the answer never came
  world.clock.Advance(absl::Seconds(7));
  const int64_t n = till.Sell([&](journal::SaleEntry* entry) { entry->sale_id = lost.sale_id(); });
  till.Sell();
  const v1::UploadJournalResponse response = till.Upload();
  REQUIRE(response.results_size() == 2);
  CHECK(response.results(0).outcome() == Result::REPLAY);
  const Result superseded = response.results(1);
  CHECK(superseded.outcome() == Result::SUPERSEDED);
  CHECK(superseded.journal_no() == n);
  CHECK(CountsOf(world).entries == 2);
  // The register adopts it, chains the next sale anew and sends both.
  till.Adopt(superseded);
  till.Sell();
  const v1::UploadJournalResponse again = till.Upload();
  REQUIRE(again.results_size() == 3);
  CHECK(again.results(1).outcome() == Result::REPLAY);
  CHECK(again.results(2).outcome() == Result::RECORDED);
  CHECK(CountsOf(world).sales == 3);
  CHECK(CountsOf(world).signatures == 3);  // the POST's entry has its signature now
  CheckChains(world);
}

TEST_CASE("CreateSale: with proposed numbers the answer carries the entry to sign", "[handler]") {
  World world;
  Till till(world, world.reg);
  const v1::CreateSaleRequest request = Post(till, 1, 1);
  const auto created = Create(world, request);
  REQUIRE(created.ok());
  REQUIRE(created->has_journal_entry());
  const journal::Hash hash =
      journal::ChainHash(1, journal::kGenesis, created->journal_entry().payload());
  CHECK(created->journal_entry().hash() ==
        std::string(reinterpret_cast<const char*>(hash.data()), hash.size()));
  const auto replayed = Create(world, request);
  REQUIRE(replayed.ok());
  CHECK(replayed->SerializeAsString() == created->SerializeAsString());
  // A server journal's entry is nobody's to sign.
  const auto plain = Create(world, world.BasketSale(world.other_reg));
  REQUIRE(plain.ok());
  CHECK_FALSE(plain->has_journal_entry());
  // The register keeps and signs these bytes: later they are a replay that brings the signature.
  Result taken;
  taken.set_journal_no(1);
  *taken.mutable_server_entry() = created->journal_entry();
  till.Adopt(taken);
  CHECK(CountsOf(world).signatures == 0);
  CHECK(till.Upload().results(0).outcome() == Result::REPLAY);
  CHECK(CountsOf(world).signatures == 1);
}

TEST_CASE("UploadJournal: only what no honest register sends is refused", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  till.Sell();
  const auto refused = [&](const std::function<void(v1::UploadJournalRequest*)>& change) {
    v1::UploadJournalRequest request = till.Request();
    change(&request);
    return Refusal(till, request);
  };
  using R = v1::UploadJournalRequest*;
  CHECK(refused([](R r) { r->set_device_id("x"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->set_generation(0); }) == ErrorCode::OUT_OF_RANGE);
  CHECK(refused([](R r) { r->set_generation(2); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->set_series("OTHER"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->set_series("TRAINING"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->set_previous_hash("x"); }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->set_previous_hash(std::string(32, 'x')); }) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->mutable_entries()->SwapElements(0, 1); }) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->mutable_entries(1)->mutable_signature()->back() ^= 1; }) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->mutable_entries(1)->mutable_signature()->pop_back(); }) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->mutable_entries(0)->mutable_payload()->append(" "); }) ==
        ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) {
          std::string* payload = r->mutable_entries(0)->mutable_payload();
          payload->replace(payload->find("MUG"), 3, "JUG");
        }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(refused([](R r) { r->mutable_entries(0)->set_payload(std::string(5 << 20, 'x')); }) ==
        ErrorCode::LIMIT_EXCEEDED);
  // Bytes that are well signed, but say of themselves that they belong elsewhere.
  const auto signed_but = [&](const Till::Change& change) {
    Till other(till, 0, 1);
    other.Sell(change);
    return Refusal(other, other.Request());
  };
  const std::string stranger = world.ids.NewId().ToString();
  using E = journal::SaleEntry*;
  CHECK(signed_but([&](E e) { e->tenant = stranger; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->device = stranger; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->journal = stranger; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->register_id = stranger; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->generation = 3; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->sale_id = "x"; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->kind = "sale"; }) == ErrorCode::INVALID_ARGUMENT);
  CHECK(signed_but([&](E e) { e->lines[0].sku = std::string("A\0B", 3); }) ==
        ErrorCode::INVALID_ARGUMENT);
  const Counts counts = CountsOf(world);
  CHECK(counts.entries == 0);
  CHECK(counts.journals == 0);
}

TEST_CASE("UploadJournal: who may upload for a device", "[handler]") {
  World world;
  Till till(world, world.reg), other(world, world.other_reg, "D2");
  till.Sell();
  const auto refused = [&](testing::TestCall call) {
    v1::UploadJournalResponse response;
    const ErrorCode code =
        base::CodeOf(till.uploads.UploadJournal(call, till.Request(), &response));
    CHECK((code == ErrorCode::ERROR_CODE_UNSPECIFIED) == (CountsOf(world).entries > 0));
    return code;
  };
  const auto staff = [](const base::Uuid& tenant, std::vector<base::Uuid> stores,
                        std::initializer_list<Permission> permissions) {
    return testing::TestCall(testing::ClaimsFor(tenant, permissions, std::move(stores)),
                             Permission::JOURNAL_UPLOAD);
  };
  CHECK(refused(other.Call()) == ErrorCode::NOT_FOUND);
  CHECK(refused(staff(world.ids.NewId(), {}, {Permission::JOURNAL_UPLOAD})) ==
        ErrorCode::NOT_FOUND);
  CHECK(refused(staff(world.tenant, {world.ids.NewId()}, {Permission::JOURNAL_UPLOAD})) ==
        ErrorCode::NOT_FOUND);
  CHECK(refused(staff(world.tenant, {world.store}, {Permission::SALE_CREATE})) ==
        ErrorCode::PERMISSION_DENIED);
  till.revoked_at = world.clock.Now() + absl::Minutes(1);
  till.Announce();
  CHECK(refused(till.Call()) == ErrorCode::PERMISSION_DENIED);
  // A manager rescues the file; the entry was made before the device was revoked.
  CHECK(refused(staff(world.tenant, {world.store}, {Permission::JOURNAL_UPLOAD})) ==
        ErrorCode::ERROR_CODE_UNSPECIFIED);
  CHECK(SaleOf(world, till.kept(1).entry.sale_id));
}

TEST_CASE("UploadJournal: without entries it answers the head", "[handler]") {
  World world;
  Till till(world, world.reg);
  v1::UploadJournalResponse response;
  REQUIRE(till.Send(till.Request(), &response).ok());
  CHECK(response.head().journal_no() == 0);
  CHECK(response.head().signed_head() == 0);
  CHECK(response.head().hash() == std::string(32, '\0'));
  CHECK(response.head().journal_id() == till.journal.ToString());
  CHECK(CountsOf(world).journals == 0);
}

TEST_CASE("UploadJournal: durable is what was recorded long enough ago", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 3; ++i) till.Sell();
  CHECK(till.Upload().head().durable_head() == 0);
  world.clock.Advance(absl::Hours(100));
  for (int i = 0; i < 4; ++i) till.Sell();
  CHECK(till.Upload(4).head().durable_head() == 0);
  world.clock.Advance(absl::Hours(69));
  till.Sell();
  CHECK(till.Upload(8).head().durable_head() == 3);
  world.clock.Advance(absl::Hours(24 * 365));
  v1::UploadJournalResponse response;
  REQUIRE(till.Send(till.Request(9), &response).ok());
  CHECK(response.head().durable_head() == 8);
}

TEST_CASE("UploadJournal: beyond the seats the register is told to come back", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  UploadHandler none(world.checkout, world.ids, {.at_once = 0, .durable_after = {}});
  testing::TestCall call = till.Call();
  v1::UploadJournalResponse response;
  const absl::Status status = none.UploadJournal(call, till.Request(), &response);
  CHECK(base::CodeOf(status) == ErrorCode::OVERLOADED);
  CHECK(base::InfoOf(status).retry_after.has_value());
}

TEST_CASE("UploadJournal: training has a journal of its own and moves nothing", "[handler]") {
  World world;
  Till till(world, world.reg, "D1", 1, "TRAINING");
  till.Sell();
  till.Sell();
  const v1::UploadJournalResponse response = till.Upload();
  CHECK(response.results(0).outcome() == Result::RECORDED);
  CHECK(Names(response.results(1)) == List{});
  CHECK(response.head().journal_no() == 2);
  CHECK(response.head().grand_total_minor() == 0);
  CHECK(CountsOf(world).sales == 0);
  CHECK_FALSE(SaleOf(world, till.kept(1).entry.sale_id));
  // Neither series takes the other's entries for its own.
  CHECK(till.UploadSale([](journal::SaleEntry* e) { e->training = false; }).outcome() ==
        Result::QUARANTINED);
}

TEST_CASE("UploadJournal: exceptions are noted, the sale stands", "[handler]") {
  World world;
  Till till(world, world.reg);
  using E = journal::SaleEntry*;
  const auto exceptions = [&](const Till::Change& change) {
    const Result result = till.UploadSale(change);
    CHECK(result.outcome() == Result::RECORDED);
    CHECK(SaleOf(world, till.kept(result.journal_no()).entry.sale_id));
    return Names(result);
  };
  CHECK(exceptions({}) == List{});
  CHECK(exceptions([&](E e) { e->operator_id = world.ids.NewId().ToString(); }) ==
        List{"OPERATOR"});
  CHECK(exceptions([](E e) { e->operator_id.clear(); }) == List{"OPERATOR"});
  CHECK(exceptions([](E e) { e->business_date = "2020-01-01"; }) == List{"BUSINESS_DATE"});
  CHECK(exceptions([](E e) { e->policy.tax_rounding = "HALF_EVEN"; }) == List{"POLICY"});
  CHECK(exceptions([](E e) {
          e->lines[0].taxes.clear(), e->lines[1].taxes.clear(), e->taxes.clear();
        }) == List{"TAX"});
  CHECK(exceptions([&](E e) { e->lines[0].variant_id = world.ids.NewId().ToString(); }) ==
        List{"UNKNOWN_VARIANT"});
  CHECK(exceptions([](E e) { e->lines[0].list_price = 251; }) == List{"PRICE"});
  // Goods are judged by the catalogue version that the register had.
  world.PutVariant(world.mug, "MUG", 250, true, 10, true);
  CHECK(exceptions({}) == List{});
  CHECK(exceptions([](E e) { e->catalogue_version = 10; }) == List{"VARIANT_ARCHIVED"});
  world.PutVariant(world.mug, "MUG", 260, true, 11);
  CHECK(exceptions({}) == List{});
  CHECK(exceptions([](E e) { e->catalogue_version = 11; }) == List{"PRICE"});
  till.reg = world.other_reg;
  till.Announce();
  till.reg = world.reg;
  CHECK(exceptions({}) == List{"REGISTER_CHANGED"});
  till.Announce();
  till.Upload();
}

TEST_CASE("UploadJournal: a register that was switched off, a key that was replaced", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  const token::DeviceKey first = till.key;
  till.key = token::DeviceKey::Generate();
  till.Announce();
  till.Sell();
  auth::v1::RegisterChanged off;
  off.set_tenant_id(world.tenant.ToString());
  off.set_store_id(world.store.ToString());
  off.set_register_id(world.reg.ToString());
  off.set_version(2);
  off.set_code("R1");
  world.Apply(ApplyPlaces, {EventWith(world.tenant, off)});
  const v1::UploadJournalResponse response = till.Upload();
  CHECK(Names(response.results(0)) == List{"REGISTER_INACTIVE", "KEY_REPLACED"});
  CHECK(Names(response.results(1)) == List{"REGISTER_INACTIVE"});
}

TEST_CASE("UploadJournal: rights are those of the time", "[handler]") {
  World world;
  Till till(world, world.reg);
  const absl::Time hired = absl::FromUnixSeconds(absl::ToUnixSeconds(world.clock.Now()));
  const base::Uuid clerk = world.ids.NewId();
  Hire(world, clerk, {Permission::SALE_CREATE}, hired, hired);
  Hire(world, clerk, {Permission::SALE_CREATE, Permission::SALE_DISCOUNT_LINE},
       hired + absl::Hours(1), hired);
  Hire(world, clerk, {}, hired + absl::Hours(2), hired, false);
  const auto sells_at = [&](absl::Duration after, bool discount) {
    BasketInput basket;
    basket.lines.resize(1);
    basket.lines[0].variant = world.mug;
    basket.lines[0].quantity_milli = 1000;
    if (discount) {
      basket.lines[0].discounts.push_back(
          {{pricing::Discount::Kind::kPercent, 100'000, 0}, "STAFF"});
    }
    const int64_t n = till.SellBasket(basket, [&](journal::SaleEntry* entry) {
      entry->operator_id = clerk.ToString();
      entry->occurred_at_us = absl::ToUnixMicros(hired + after);
    });
    const Result result = till.Upload(n).results(0);
    CHECK(result.outcome() == Result::RECORDED);
    List names = Names(result);
    std::erase(names, "BUSINESS_DATE");  // hours may cross the cut-off
    return names;
  };
  world.clock.Advance(absl::Hours(3));
  CHECK(sells_at(absl::Minutes(-1), false) == List{"OPERATOR"});
  CHECK(sells_at(absl::Minutes(1), false) == List{});
  CHECK(sells_at(absl::Minutes(1), true) == List{"OPERATOR"});
  CHECK(sells_at(absl::Minutes(61), true) == List{});
  CHECK(sells_at(absl::Minutes(121), false) == List{"OPERATOR"});
}

TEST_CASE("UploadJournal: a clock that runs ahead is not believed", "[handler]") {
  World world;
  Till till(world, world.reg);
  const absl::Time now = world.clock.Now();
  const auto sold_at = [&](absl::Time at) {
    return till.UploadSale([&](journal::SaleEntry* entry) {
      entry->occurred_at_us = absl::ToUnixMicros(at);
      entry->business_date = "2099-01-01";
    });
  };
  const Result ahead = sold_at(now + absl::Hours(24 * 365 * 60));
  CHECK(ahead.outcome() == Result::RECORDED);
  CHECK(Names(ahead) == List{"CLOCK"});
  CHECK(Names(sold_at(now + absl::Minutes(4))) == List{"BUSINESS_DATE"});
  constexpr pg::Query kBelieved{"test_believed", R"sql(
    SELECT s.occurred_at, s.business_date::text AS day, s.exceptions, e.believed_at FROM sales s
    JOIN journal_entries e USING (tenant_id, journal_id, journal_no) ORDER BY s.journal_no)sql"};
  const auto rows = world.worker_pool.Exec({}, kBelieved);
  REQUIRE(rows.ok());
  CHECK((*rows)[0].Get<absl::Time>("occurred_at") == now);
  CHECK((*rows)[0].Get<std::optional<absl::Time>>("believed_at") == now);
  CHECK((*rows)[0].Get<std::string>("day") != "2099-01-01");
  CHECK((*rows)[0].Get<std::vector<std::string>>("exceptions") == List{"CLOCK"});
  CHECK((*rows)[1].Get<std::string>("day") == "2099-01-01");
  CHECK_FALSE((*rows)[1].Get<std::optional<absl::Time>>("believed_at"));
}

TEST_CASE("UploadJournal: returns made without the server", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  till.Return(1, 1000);
  till.Return(1, 1000);  // once more than was sold
  till.Return(1, 1000, [&](journal::SaleEntry* entry) {
    entry->source_sale_id = world.ids.NewId().ToString();
  });
  till.Return(1, 1000, [&](journal::SaleEntry* entry) { entry->lines[0].source_line_no = 7; });
  const v1::UploadJournalResponse response = till.Upload();
  for (const Result& result : response.results()) CHECK(result.outcome() == Result::RECORDED);
  CHECK(Names(response.results(1)) == List{});
  CHECK(Names(response.results(2)) == List{"RETURN_EXCEEDS_SOLD"});
  CHECK(Names(response.results(3)) == List{"UNKNOWN_SOURCE"});
  CHECK(Names(response.results(4)) == List{"UNKNOWN_SOURCE"});
  const auto sale = SaleOf(world, till.kept(1).entry.sale_id);
  REQUIRE(sale);
  CHECK(sale->lines(0).returned_milli() == 1000);
}

TEST_CASE("UploadJournal: a sale paid in cash supersedes the tombstone", "[handler]") {
  World world;
  Till till(world, world.reg);
  const auto abandoned = [&] {
    v1::AbandonSaleRequest abandon;
    abandon.set_sale_id(world.ids.NewId().ToString());
    abandon.set_store_id(world.store.ToString());
    abandon.set_register_id(world.other_reg.ToString());
    abandon.set_reason_code("TIMEOUT");
    testing::TestCall call = world.Call();
    v1::AbandonSaleResponse response;
    REQUIRE(world.sales.AbandonSale(call, abandon, &response).ok());
    return abandon.sale_id();
  };
  const std::string cash = abandoned(), card = abandoned(), note = abandoned();
  const Result paid = till.UploadSale([&](journal::SaleEntry* entry) { entry->sale_id = cash; });
  CHECK(paid.outcome() == Result::RECORDED);
  CHECK(Names(paid) == List{"SUPERSEDES_ABANDONED"});
  CHECK(SaleOf(world, cash));
  const Result provider = till.UploadSale([&](journal::SaleEntry* entry) {
    entry->sale_id = card;
    entry->tenders[0].type = "CARD";
    entry->tenders[0].tendered = entry->tenders[0].amount;
    entry->tenders[0].change = entry->totals.change = 0;
    entry->tenders[0].payment_id = world.ids.NewId().ToString();
  });
  CHECK(provider.outcome() == Result::QUARANTINED);
  CHECK(Names(provider) == List{"ABANDONED"});
  CHECK_FALSE(SaleOf(world, card));
  // A tombstone of the register's own: one under the same id is enough, a sale under it wins.
  const auto entomb = [&](const std::string& id) {
    const int64_t n =
        till.Note(journal::kKindAbandoned, [&](journal::SaleEntry* entry) { entry->sale_id = id; });
    return till.Upload(n).results(0);
  };
  CHECK(entomb(note).outcome() == Result::RECORDED);
  CHECK(entomb(cash).outcome() == Result::RECORDED);
  CHECK(SaleOf(world, cash));
  const std::string fresh = world.ids.NewId().ToString();
  CHECK(entomb(fresh).outcome() == Result::RECORDED);
  v1::CreateSaleRequest late = world.BasketSale();
  late.set_sale_id(fresh);
  CHECK(base::CodeOf(Create(world, late).status()) == ErrorCode::SALE_ABANDONED);
  CheckChains(world);
}

TEST_CASE("UploadJournal: what cannot stand is set aside, the journal goes on", "[handler]") {
  World world;
  Till till(world, world.reg);
  const auto online = Create(world, world.BasketSale(world.other_reg));
  REQUIRE(online.ok());
  using E = journal::SaleEntry*;
  const auto reasons = [&](const Till::Change& change) {
    const Counts before = CountsOf(world);
    const Result result = till.UploadSale(change);
    CHECK(result.outcome() == Result::QUARANTINED);
    const Counts after = CountsOf(world);
    CHECK(after.sales == before.sales);
    CHECK(after.entries == before.entries + 1);
    CHECK(after.events == before.events + 1);
    CHECK(after.signatures == before.signatures + 1);
    return Names(result);
  };
  CHECK(reasons([](E e) { e->totals.total += 1, e->grand_total += 1; }) == List{"AMOUNTS"});
  CHECK(reasons([](E e) { e->lines[0].unit_price = 1; }) == List{"AMOUNTS"});
  CHECK(reasons([](E e) { e->tenders[0].change -= 1; }) == List{"AMOUNTS"});
  CHECK(reasons([](E e) { e->tenders.clear(); }) == List{"AMOUNTS"});
  CHECK(reasons([](E e) { e->grand_total += 5; }) == List{"NUMBERS"});
  CHECK(reasons([](E e) { e->receipt_no += 1; }) == List{"NUMBERS"});
  CHECK(reasons([&](E e) { e->sale_id = online->sale().sale_id(); }) == List{"SALE_ID_TAKEN"});
  CHECK(reasons([&](E e) { e->store = world.ids.NewId().ToString(); }) == List{"UNKNOWN_STORE"});
  CHECK(reasons([](E e) { e->currency = "EUR"; }) == List{"CURRENCY"});
  CHECK(reasons([](E e) { e->lines[1].line_no = 1; }) == List{"MALFORMED"});
  CHECK(reasons([](E e) { e->lines[0].variant_id = "x"; }) == List{"MALFORMED"});
  CHECK(reasons([](E e) { e->business_date = "2026-02-30"; }) == List{"MALFORMED"});
  CHECK(reasons([](E e) { e->training = true; }) == List{"MALFORMED"});
  CHECK(till.UploadSale().outcome() == Result::RECORDED);
  CheckChains(world);
  // Sent again, an entry says why it was set aside.
  const v1::UploadJournalResponse again = till.Upload();
  CHECK(again.results(0).outcome() == Result::REPLAY);
  CHECK(Names(again.results(0)) == List{"AMOUNTS"});
}

TEST_CASE("UploadJournal: a register nobody knows, a device that was revoked before", "[handler]") {
  World world;
  Till lost(world, world.ids.NewId());
  CHECK(Names(lost.UploadSale()) == List{"UNKNOWN_REGISTER"});
  world.PutRegister(lost.reg, "R9");  // its event came late: what follows stands
  CHECK(lost.UploadSale().outcome() == Result::RECORDED);

  Till till(world, world.reg, "D2");
  till.Sell();
  till.revoked_at = world.clock.Now() + absl::Seconds(1);
  till.Announce();
  world.clock.Advance(absl::Minutes(1));
  till.Sell();
  testing::TestCall manager(testing::ClaimsFor(world.tenant, {Permission::JOURNAL_UPLOAD}),
                            Permission::JOURNAL_UPLOAD);
  manager.until = world.clock.Now() + absl::Seconds(30);
  v1::UploadJournalResponse response;
  REQUIRE(till.uploads.UploadJournal(manager, till.Request(), &response).ok());
  CHECK(response.results(0).outcome() == Result::RECORDED);
  CHECK(Names(response.results(0)) == List{"DEVICE_REVOKED"});
  CHECK(response.results(1).outcome() == Result::QUARANTINED);
  CHECK(Names(response.results(1)) == List{"SIGNED_AFTER_REVOCATION"});
}

TEST_CASE("UploadJournal: what the database will not take is set aside alone", "[handler]") {
  World world;
  Till till(world, world.reg);
  till.Sell();
  const int64_t bad = till.Sell([](journal::SaleEntry* entry) { entry->reason = "POISON"; });
  till.Sell();
  pg::Pool admin({.dsn = world.database.Dsn("admin"), .application_name = "test"});
  constexpr pg::Query kRefuse{"test_refuse", R"sql(
    ALTER TABLE transaction.sales ADD CHECK (reason_code <> 'POISON'))sql"};
  REQUIRE(admin.Exec({}, kRefuse).ok());
  const v1::UploadJournalResponse response = till.Upload();
  REQUIRE(response.results_size() == 3);
  CHECK(response.results(0).outcome() == Result::RECORDED);
  CHECK(response.results(1).outcome() == Result::QUARANTINED);
  CHECK(Names(response.results(1)) == List{"MALFORMED"});
  CHECK(response.results(2).outcome() == Result::RECORDED);
  CHECK_FALSE(SaleOf(world, till.kept(bad).entry.sale_id));
  CheckChains(world);
}

TEST_CASE("UploadJournal: the same sale by POST and by upload happens once, in either order",
          "[handler]") {
  World world;
  Till till(world, world.reg);
  // POST first, without numbers: it stands on the server journal, the upload's copy is set aside.
  v1::CreateSaleRequest first = world.BasketSale();
  REQUIRE(Create(world, first).ok());
  CHECK(Names(till.UploadSale([&](journal::SaleEntry* e) { e->sale_id = first.sale_id(); })) ==
        List{"SALE_ID_TAKEN"});
  // Upload first: the POST that was under way is refused, the sale stands once.
  const int64_t n = till.Sell();
  CHECK(till.Upload(n).results(0).outcome() == Result::RECORDED);
  v1::CreateSaleRequest late = Post(till, n, till.kept(n).entry.receipt_no);
  late.set_sale_id(till.kept(n).entry.sale_id);
  CHECK(base::CodeOf(Create(world, late).status()) == ErrorCode::IDEMPOTENCY_MISMATCH);
  CHECK(CountsOf(world).sales == 2);
  // Both at once, many times: whichever comes first, there is one sale and one chain.
  for (int i = 0; i < 20; ++i) {
    const int64_t next = till.Sell();
    v1::CreateSaleRequest post = Post(till, next, till.kept(next).entry.receipt_no);
    post.set_sale_id(till.kept(next).entry.sale_id);
    v1::UploadJournalResponse response;
    absl::Status uploaded;
    std::thread upload([&] { uploaded = till.Send(till.Request(next), &response); });
    const auto posted = Create(world, post);
    upload.join();
    INFO(uploaded.ToString());
    REQUIRE(uploaded.ok());
    const Result& result = response.results(0);
    if (posted.ok()) {
      CHECK(result.outcome() == Result::SUPERSEDED);
      till.Adopt(result);
    } else {
      CHECK(result.outcome() == Result::RECORDED);
    }
  }
  CHECK(CountsOf(world).sales == 22);
  CheckChains(world);
}

TEST_CASE("UploadJournal: the same file from two places at once is recorded once", "[handler]") {
  World world;
  Till till(world, world.reg);
  for (int i = 0; i < 100; ++i) till.Sell();
  std::vector<std::thread> clients;
  std::vector<absl::Status> statuses(4);
  std::vector<v1::UploadJournalResponse> responses(4);
  for (size_t c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] { statuses[c] = till.Send(till.Request(), &responses[c]); });
  }
  for (std::thread& client : clients) client.join();
  int recorded = 0;
  for (size_t c = 0; c < 4; ++c) {
    INFO(statuses[c].ToString());
    REQUIRE(statuses[c].ok());
    REQUIRE(responses[c].results_size() == 100);
    for (const Result& result : responses[c].results()) {
      if (result.outcome() == Result::RECORDED) ++recorded;
    }
  }
  CHECK(recorded == 100);
  const Counts counts = CountsOf(world);
  CHECK(counts.sales == 100);
  CHECK(counts.events == 100);
  CheckChains(world);
}

TEST_CASE("UploadJournal: a connection lost during T1 leaves each entry recorded once",
          "[handler]") {
  World world;
  Till till(world, world.reg);
  testing::DatabaseProxy proxy(world.database.Dsn("rw"));
  pg::Pool pool({.dsn = proxy.Dsn(), .application_name = "test", .connections = 4});
  Batcher batcher(pool, world.real_clock, world.ids, {});
  Checkout checkout({.pool = &pool,
                     .read_model = &world.read_model,
                     .consumers = nullptr,
                     .batcher = &batcher,
                     .clock = &world.clock,
                     .bell = nullptr});
  UploadHandler uploads(checkout, world.ids, {});
  for (int i = 0; i < 5; ++i) {
    till.Sell();
    till.Note(journal::kKindNoSale);
    if (i == 3) till.Sell([](journal::SaleEntry* entry) { entry->currency = "EUR"; });
    proxy.CutOnReply("outcomes");  // T1 ran; its answer is lost
    testing::TestCall call = till.Call();
    v1::UploadJournalResponse response;
    const absl::Status status = uploads.UploadJournal(call, till.Request(), &response);
    INFO(status.ToString());
    REQUIRE(status.ok());
    CHECK(response.results_size() == till.Request().entries_size());
  }
  const Counts counts = CountsOf(world);
  CHECK(counts.sales == 5);
  CHECK(counts.entries == 11);
  CHECK(counts.events == 11);
  CHECK(counts.signatures == 11);
  CheckChains(world);
}

}  // namespace cloudpos::transaction
