#include "tests/chaos/check/shop_test.h"

#include <libpq-fe.h>

#include <boost/json.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "catch2/catch.hpp"
#include "libs/base/encoding.h"
#include "libs/journal/chain.h"
#include "libs/testing/database.h"
#include "tests/chaos/check/checker.h"
#include "tests/chaos/check/shop_sql_test.h"

namespace cloudpos::chaos {
namespace {

constexpr int64_t kOpening = 1'000'000;
/// The till that has a device and a journal of its own.
constexpr size_t kOwnJournal = 4;

boost::json::object LineJson(const journal::EntryLine& line) {
  int64_t discount = 0;
  for (const journal::EntryDiscount& taken : line.discounts) discount += taken.amount;
  return {{"lineNo", line.line_no},
          {"variantId", line.variant_id},
          {"sku", line.sku},
          {"name", "Thing"},
          {"quantityMilli", line.quantity_milli},
          {"pricePer", line.price_per},
          {"listPriceMinor", line.list_price},
          {"unitPriceMinor", line.unit_price},
          {"grossMinor", line.gross},
          {"discountMinor", discount},
          {"orderDiscountMinor", line.order_discount},
          {"netMinor", line.net},
          {"taxMinor", line.total - line.net},
          {"totalMinor", line.total},
          {"sourceLineNo", line.source_line_no}};
}

/// Adds a line and, where it has one, its tax to the entry's totals.
void AddLine(journal::EntryLine line, const journal::EntryTax& tax, journal::SaleEntry* entry) {
  int64_t discount = line.order_discount;
  for (const journal::EntryDiscount& taken : line.discounts) discount += taken.amount;
  const int64_t amount = line.gross - discount;
  line.net = tax.inclusive ? amount - tax.amount : amount;
  line.total = line.net + tax.amount;
  line.line_no = static_cast<int64_t>(entry->lines.size()) + 1;
  if (!tax.tax_id.empty()) {
    line.taxes = {tax};
    line.taxes[0].base = line.net;
    entry->taxes.push_back(line.taxes[0]);
  }
  entry->totals.gross += line.gross;
  entry->totals.discount += discount;
  entry->totals.net += line.net;
  entry->totals.tax += tax.amount;
  entry->totals.total += line.total;
  entry->lines.push_back(std::move(line));
}

std::string TextOf(const journal::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

void Must(const absl::Status& status) {
  INFO(status.ToString());
  REQUIRE(status.ok());
}

}  // namespace

Shop::Shop() : Shop(false) {}

Shop::Shop(bool is_large) : is_large_(is_large) {
  tenant = ids_.NewId();
  const std::string name = "/chaos-check." + base::HexEncode(base::RandomBytes(6));
  folder_ = std::filesystem::temp_directory_path().string() + name;
  std::filesystem::create_directories(folder_ + "/clients");
  log_.open(folder_ + "/clients/000.jsonl");
  std::filesystem::create_directories(folder_ + "/registers");
  book_.open(folder_ + "/registers/000.book");
  for (base::Uuid* id : {&mug_, &tea_, &post_, &operator_, &tax_added_, &tax_inside_}) {
    *id = ids_.NewId();
  }
  stores_ = {ids_.NewId(), ids_.NewId()};
  for (size_t i = 0; i < 4; ++i) {
    tills_.push_back({.id = ids_.NewId(), .store = stores_[i / 2], .journal = ids_.NewId()});
  }
  tills_.push_back(
      {.id = tills_[0].id, .store = stores_[0], .journal = ids_.NewId(), .device = ids_.NewId()});
}

Shop::~Shop() {
  if (open_session_ != nullptr) PQfinish(open_session_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

journal::SaleEntry Shop::SaleOf(size_t till) {
  journal::SaleEntry entry;
  entry.business_date = entry.posting_date = "2026-01-05";
  entry.catalogue_version = 7;
  entry.currency = "GBP";
  if (!tills_[till].device.is_nil()) entry.device = tills_[till].device.ToString();
  entry.generation = 1;
  entry.journal = tills_[till].journal.ToString();
  entry.kind = journal::kKindSale;
  entry.occurred_at_us = 1'767'607'200'000'000 + now;
  entry.operator_id = operator_.ToString();
  entry.policy = {.cash_increment = 1,
                  .discount_order = "LINE_THEN_ORDER",
                  .discount_rounding = "HALF_UP",
                  .inclusive_rounding = "ROUND_TAX",
                  .rounding_level = "PER_LINE",
                  .tax_rounding = "HALF_UP"};
  entry.register_id = tills_[till].id.ToString();
  entry.sale_id = ids_.NewId().ToString();
  entry.series = "SALES";
  entry.store = tills_[till].store.ToString();
  entry.tenant = tenant.ToString();
  const auto thing = [](const base::Uuid& id, const char* sku, int64_t price, int64_t units) {
    journal::EntryLine line;
    line.gross = price * units;
    line.list_price = line.unit_price = price;
    line.product_id = line.variant_id = id.ToString();
    line.quantity_milli = units * 1000;
    line.sku = sku;
    line.stocked = true;
    return line;
  };
  AddLine(
      thing(mug_, "MUG", 250, 1),
      {.amount = 25, .jurisdiction = "GB", .rate_ppm = 100'000, .tax_id = tax_added_.ToString()},
      &entry);
  journal::EntryLine tea = thing(tea_, "TEA", 199, 2);
  tea.discounts = {{.amount = 8, .code = "KIND", .kind = "FIXED"}};
  AddLine(std::move(tea),
          {.amount = 65,
           .inclusive = true,
           .jurisdiction = "GB",
           .rate_ppm = 200'000,
           .tax_id = tax_inside_.ToString()},
          &entry);
  journal::EntryLine post = thing(post_, "POST", 400, 1);
  post.stocked = false;
  AddLine(std::move(post), {}, &entry);
  entry.tenders = {{.amount = entry.totals.total,
                    .change = 35,
                    .tendered = entry.totals.total + 35,
                    .tender_no = 1,
                    .type = "CASH"}};
  entry.totals.change = 35;
  return entry;
}

std::string Shop::Record(size_t till_no, journal::SaleEntry* entry) {
  Till& till = tills_[till_no];
  entry->n = till.number + 1;
  const bool is_receipt = entry->kind == "SALE" || entry->kind == "RETURN";
  if (is_receipt && entry->receipt_no == 0) entry->receipt_no = till.receipt + 1;
  entry->grand_total = till.total + journal::EntrySign(*entry) * entry->totals.total;
  Recorded recorded{.journal = till.journal,
                    .document = *base::Uuid::Parse(entry->sale_id),
                    .number = entry->n,
                    .lines = static_cast<int64_t>(entry->lines.size()),
                    .kind = entry->kind};
  REQUIRE(journal::EncodeEntry(*entry, &recorded.payload).ok());
  till.hash = journal::ChainHash(static_cast<uint64_t>(entry->n), till.hash, recorded.payload);
  recorded.hash = TextOf(till.hash);
  if (!till.device.is_nil()) recorded.signature = key_.Sign(recorded.hash);
  till.number = entry->n;
  if (is_receipt) till.receipt = entry->receipt_no;
  till.total = entry->grand_total;
  recorded_.push_back(std::move(recorded));
  return journal::ToHex(till.hash);
}

std::string Shop::RequestFor(const journal::SaleEntry& entry) {
  const bool is_return = entry.kind == "RETURN";
  boost::json::object body{{is_return ? "returnId" : "saleId", entry.sale_id},
                           {"storeId", entry.store},
                           {"registerId", entry.register_id}};
  if (is_return) body["sourceSaleId"] = entry.source_sale_id;
  boost::json::array lines, tenders;
  for (const journal::EntryLine& line : entry.lines) {
    boost::json::object row{{"quantityMilli", line.quantity_milli}};
    if (is_return) {
      row["sourceLineNo"] = line.source_line_no;
    } else {
      row["variantId"] = line.variant_id;
      row["expectedUnitPriceMinor"] = line.list_price;
    }
    lines.push_back(std::move(row));
  }
  for (const journal::EntryTender& tender : entry.tenders) {
    tenders.push_back({{"type", tender.type}, {"amountMinor", tender.tendered}});
  }
  body["lines"] = std::move(lines);
  body["tenders"] = std::move(tenders);
  return boost::json::serialize(body);
}

std::string Shop::AnswerFor(const journal::SaleEntry& entry, const std::string& hash) {
  boost::json::array lines, tenders, taxes;
  for (const journal::EntryLine& line : entry.lines) lines.push_back(LineJson(line));
  for (const journal::EntryTender& tender : entry.tenders) {
    tenders.push_back({{"tenderNo", tender.tender_no},
                       {"type", tender.type},
                       {"appliedMinor", tender.amount},
                       {"tenderedMinor", tender.tendered},
                       {"changeMinor", tender.change},
                       {"roundingMinor", tender.rounding}});
  }
  for (const journal::EntryTax& tax : entry.taxes) {
    taxes.push_back({{"taxId", tax.tax_id},
                     {"ratePpm", tax.rate_ppm},
                     {"baseMinor", tax.base},
                     {"amountMinor", tax.amount}});
  }
  const journal::EntryTotals& totals = entry.totals;
  boost::json::object sale{{"saleId", entry.sale_id},
                           {"kind", entry.kind},
                           {"state", "COMPLETED"},
                           {"storeId", entry.store},
                           {"registerId", entry.register_id},
                           {"operatorId", entry.operator_id},
                           {"journalId", entry.journal},
                           {"journalNo", entry.n},
                           {"receiptNo", entry.receipt_no},
                           {"receiptNumber", "S1-R1-0-" + std::to_string(entry.receipt_no)},
                           {"currencyCode", entry.currency},
                           {"businessDate", entry.business_date},
                           {"catalogueVersion", entry.catalogue_version},
                           {"sourceSaleId", entry.source_sale_id},
                           {"reasonCode", entry.reason},
                           {"journalHash", hash},
                           {"lines", std::move(lines)},
                           {"tenders", std::move(tenders)},
                           {"taxes", std::move(taxes)},
                           {"totals",
                            {{"grossMinor", totals.gross},
                             {"discountMinor", totals.discount},
                             {"netMinor", totals.net},
                             {"taxMinor", totals.tax},
                             {"totalMinor", totals.total},
                             {"cashRoundingMinor", totals.cash_rounding},
                             {"changeMinor", totals.change}}}};
  return boost::json::serialize(
      boost::json::object{{entry.kind == "RETURN" ? "returnDocument" : "sale", std::move(sale)}});
}

std::string Shop::Sent(const std::string& kind, const std::string& id, const std::string& request) {
  const std::string op = ids_.NewId().ToString();
  Say(boost::json::serialize(boost::json::object{{"e", "send"},
                                                 {"t", now += 100},
                                                 {"op", op},
                                                 {"kind", kind},
                                                 {"id", id},
                                                 {"attempt", 1},
                                                 {"key", base::HexEncode(base::Sha256(request))},
                                                 {"body", boost::json::parse(request)}}));
  return op;
}

void Shop::Received(const std::string& op, int status, const std::string& body, bool replayed) {
  Say(boost::json::serialize(boost::json::object{{"e", "recv"},
                                                 {"t", now += 100},
                                                 {"op", op},
                                                 {"status", status},
                                                 {"replayed", replayed},
                                                 {"body", body}}));
}

void Shop::Refused(const std::string& op, int status, const std::string& code) {
  Received(op, status, R"({"status":)" + std::to_string(status) + R"(,"code":")" + code + R"("})");
}

void Shop::Say(const std::string& line) { log_ << line << "\n"; }

void Shop::Lost(const std::string& op) {
  Say(boost::json::serialize(
      boost::json::object{{"e", "lost"}, {"t", now += 100}, {"op", op}, {"why", "reset"}}));
}

void Shop::Tell(const std::string& kind, const base::Uuid& id, const std::string& request,
                const std::string& answer) {
  if (!is_large_) told_.push_back({id, kind, request, answer});
  Received(Sent(kind, id.ToString(), request), kind == "abandon" ? 200 : 201, answer);
}

base::Uuid Shop::Sell(size_t till, const Twist& twist) {
  journal::SaleEntry entry = SaleOf(till);
  const std::string request = RequestFor(entry);
  if (twist) twist(&entry);
  const base::Uuid id = *base::Uuid::Parse(entry.sale_id);
  const std::string hash = Record(till, &entry);
  Tell("sale", id, request, AnswerFor(entry, hash));
  if (first_sale_.is_nil()) first_sale_ = id;
  if (is_large_) sold_.clear();
  sold_[id] = {till, std::move(entry)};
  return id;
}

base::Uuid Shop::Return(const base::Uuid& sale, const Twist& twist) {
  const auto& [till, sold] = sold_.at(sale);
  journal::SaleEntry entry = SaleOf(till);
  entry.kind = journal::kKindReturn;
  entry.reason = "DAMAGED";
  entry.source_sale_id = sold.sale_id;
  entry.totals = {};
  entry.taxes.clear();
  journal::EntryLine line = sold.lines[1];
  entry.lines.clear();
  line.quantity_milli = 1000;
  line.gross = 199;
  line.discounts = {{.amount = 4, .kind = "FIXED"}};
  line.disposition = "DAMAGED";
  line.return_reason = "DAMAGED";
  line.source_line_no = 2;
  journal::EntryTax tax = line.taxes[0];
  tax.amount = 33;
  AddLine(std::move(line), tax, &entry);
  entry.tenders = {{.amount = entry.totals.total,
                    .tendered = entry.totals.total,
                    .tender_no = 1,
                    .type = "CASH"}};
  const std::string request = RequestFor(entry);
  if (twist) twist(&entry);
  const base::Uuid id = *base::Uuid::Parse(entry.sale_id);
  const std::string hash = Record(till, &entry);
  Tell("return", id, request, AnswerFor(entry, hash));
  return id;
}

base::Uuid Shop::Abandon(size_t till, const Twist& twist) {
  journal::SaleEntry entry = SaleOf(till);
  entry.kind = journal::kKindAbandoned;
  entry.lines.clear();
  entry.taxes.clear();
  entry.tenders.clear();
  entry.totals = {};
  entry.catalogue_version = 0;
  entry.reason = "CANCELLED";
  if (twist) twist(&entry);
  const base::Uuid id = *base::Uuid::Parse(entry.sale_id);
  Record(till, &entry);
  const boost::json::object request{{"saleId", entry.sale_id}, {"reasonCode", "CANCELLED"}};
  Tell("abandon", id, boost::json::serialize(request), R"({"state":"ABANDONED"})");
  return id;
}

base::Uuid Shop::SellOffline(const Twist& twist) {
  journal::SaleEntry entry = SaleOf(kOwnJournal);
  if (twist) twist(&entry);
  HandOut(entry, Record(kOwnJournal, &entry));
  return *base::Uuid::Parse(entry.sale_id);
}

base::Uuid Shop::SellHeld(bool is_released, const Twist& twist) {
  const base::Uuid id = SellOffline(twist);
  recorded_.back().is_held = true;
  recorded_.back().is_released = is_released;
  return id;
}

void Shop::HandOut(const journal::SaleEntry& entry, const std::string& hash) {
  boost::json::array lines;
  for (const journal::EntryLine& line : entry.lines) {
    lines.push_back({{"variantId", line.variant_id},
                     {"quantityMilli", line.quantity_milli},
                     {"stocked", line.stocked}});
  }
  book_ << boost::json::serialize(
               boost::json::object{{"saleId", entry.sale_id},
                                   {"journal", entry.journal},
                                   {"n", entry.n},
                                   {"receiptNumber", "S1-R1-0-" + std::to_string(entry.receipt_no)},
                                   {"businessDate", entry.business_date},
                                   {"totalMinor", entry.totals.total},
                                   {"hash", hash},
                                   {"lines", std::move(lines)}})
        << "\n";
}

void Shop::LeaveOpen() {
  open_session_ = PQconnectdb(SuiteDsn().c_str());
  PQclear(PQexec(open_session_, "BEGIN"));
  PQclear(PQexec(open_session_, "SELECT 1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(2'300));
}

void Shop::HasNoClients() { std::filesystem::remove(folder_ + "/clients/000.jsonl"); }

void Shop::Trade() {
  std::vector<base::Uuid> sales;
  for (size_t i = 0; i < 12; ++i) sales.push_back(Sell(i % 4));
  Repeat(sales[1]);
  const base::Uuid gone = Abandon(0);
  Refused(Sent("sale", gone.ToString(), RequestFor(SaleOf(0))), 409, "SALE_ABANDONED");
  Return(sales[2]);
  Return(sales[2], [](journal::SaleEntry* entry) {
    // The second tea takes what is left of the line.
    entry->lines[0].taxes[0].amount = entry->taxes[0].amount = 32;
    entry->lines[0].net = entry->lines[0].taxes[0].base = entry->taxes[0].base = 163;
    entry->totals.net = 163;
    entry->totals.tax = 32;
  });
  // Another request under a used id; a refusal that recorded nothing; an answer that was lost.
  journal::SaleEntry other = SaleOf(0);
  other.lines.pop_back();
  Refused(Sent("sale", sales[3].ToString(), RequestFor(other)), 422, "IDEMPOTENCY_MISMATCH");
  Refused(Sent("sale", ids_.NewId().ToString(), RequestFor(SaleOf(1))), 409, "PRICE_CHANGED");
  journal::SaleEntry unheard = SaleOf(2);
  Lost(Sent("sale", unheard.sale_id, RequestFor(unheard)));
  Record(2, &unheard);
  for (size_t i = 0; i < 4; ++i) Sell(i);
  TradeOffline();
}

void Shop::TradeOffline() {
  SellOffline();
  SellHeld(false);
  SellHeld(true);
  // Too much was taken off the till's numbers: held, and what follows goes on from it.
  SellHeld(false, [](journal::SaleEntry* entry) { entry->receipt_no = 7; });
  SellOffline();
  // Given up at the counter, sold by a register that did not hear of it.
  const base::Uuid sold = SellOffline();
  Abandon(1, [&sold](journal::SaleEntry* entry) { entry->sale_id = sold.ToString(); });
  journal::SaleEntry drawer = SaleOf(kOwnJournal);
  drawer.kind = journal::kKindNoSale;
  drawer.lines.clear();
  drawer.taxes.clear();
  drawer.tenders.clear();
  drawer.totals = {};
  Record(kOwnJournal, &drawer);
}

const Shop::Told& Shop::ToldOf(const base::Uuid& id) const {
  for (const Told& told : told_) {
    if (told.id == id) return told;
  }
  FAIL("nothing was told of " << id.ToString());
  return told_.front();
}

const std::string& Shop::request(const base::Uuid& id) const { return ToldOf(id).request; }
const std::string& Shop::answer(const base::Uuid& id) const { return ToldOf(id).answer; }

void Shop::Repeat(const base::Uuid& id) {
  const Told told = ToldOf(id);
  Received(Sent(told.kind, id.ToString(), told.request), 201, told.answer, true);
}

void Shop::WriteOwned(pg::Pool& pool) {
  Must(pool.Exec({}, kInsertTenant, tenant).status());
  for (const base::Uuid& store : stores_) {
    Must(pool.Exec({}, kInsertStore, tenant, store).status());
  }
  for (size_t i = 0; i < kOwnJournal; ++i) {
    Must(pool.Exec({}, kInsertRegister, tenant, tills_[i].store, tills_[i].id).status());
  }
  Must(pool.Exec({}, kInsertVariant, tenant, mug_).status());
  Must(pool.Exec({}, kInsertAudit, tenant).status());
}

void Shop::WritePlaces(pg::Pool& pool) {
  std::vector<base::Uuid> stores, variants;
  for (const base::Uuid& store : stores_) {
    for (const base::Uuid& variant : {mug_, tea_}) {
      stores.push_back(store);
      variants.push_back(variant);
    }
  }
  Must(pool.Exec({}, kInsertLocations, tenant, stores_).status());
  Must(pool.Exec({}, kInsertOpening, tenant, stores, variants, kOpening).status());
}

void Shop::WriteHeads(pg::Pool& pool) {
  for (const Till& till : tills_) {
    Must(pool.Exec({}, kInsertJournal, tenant, till.journal, till.store, till.id, till.number,
                   till.receipt, till.total, pg::Bytes{TextOf(till.hash)}, till.device)
             .status());
    if (till.device.is_nil()) continue;
    const pg::Bytes key{key_.public_point()};
    Must(pool.Exec({}, kInsertKey, tenant, till.device, key).status());
  }
}

void Shop::WriteEntries(pg::Pool& pool, size_t from, size_t to) {
  std::vector<base::Uuid> journals, documents;
  std::vector<int64_t> numbers, lines;
  std::vector<std::string> kinds;
  std::vector<pg::Bytes> payloads, hashes, signatures;
  std::vector<bool> held, released;
  for (size_t i = from; i < std::min(to, recorded_.size()); ++i) {
    const Recorded& recorded = recorded_[i];
    journals.push_back(recorded.journal);
    documents.push_back(recorded.document);
    numbers.push_back(recorded.number);
    lines.push_back(recorded.lines);
    kinds.push_back(recorded.kind);
    payloads.push_back({recorded.payload});
    hashes.push_back({recorded.hash});
    signatures.push_back({recorded.signature});
    held.push_back(recorded.is_held);
    released.push_back(recorded.is_released);
  }
  Must(pool.Exec({}, kInsertEntries, tenant, journals, numbers, kinds, documents, lines, payloads,
                 hashes, held)
           .status());
  Must(pool.Exec({}, kInsertSignatures, tenant, journals, numbers, signatures).status());
  Must(pool.Exec({}, kInsertReleases, tenant, journals, numbers, released).status());
}

void Shop::Write(const std::function<void()>& before_effects) {
  pg::Pool pool({.dsn = SuiteDsn(),
                 .application_name = "test",
                 .connections = 1,
                 .statement_timeout = std::chrono::minutes(10)});
  WriteOwned(pool);
  WritePlaces(pool);
  WriteHeads(pool);
  constexpr size_t kBatch = 5000;
  for (size_t i = 0; i < recorded_.size(); i += kBatch) WriteEntries(pool, i, i + kBatch);
  recorded_.clear();
  recorded_.shrink_to_fit();
  if (before_effects) before_effects();
  for (const pg::Query& query : kDerived) {
    INFO(query.name);
    Must(pool.Exec({}, query, tenant).status());
    if (is_large_) Must(pool.Exec({}, kAnalyze).status());
  }
  Must(pool.Exec({}, kSetCursors).status());
}

void Shop::Run(const pg::Query& query, const base::Uuid& document, const std::string& text) {
  pg::Pool pool({.dsn = SuiteDsn(), .application_name = "test", .connections = 1});
  INFO(query.name);
  if (std::strstr(query.sql, "$3") != nullptr) {
    Must(pool.Exec({}, query, tenant, document, text).status());
  } else if (std::strstr(query.sql, "$2") != nullptr) {
    Must(pool.Exec({}, query, tenant, document).status());
  } else if (std::strstr(query.sql, "$1") != nullptr) {
    Must(pool.Exec({}, query, tenant).status());
  } else {
    Must(pool.Exec({}, query).status());
  }
}

std::string Shop::RunFileText() const {
  boost::json::array stores, registers, variants, opening;
  for (const base::Uuid& store : stores_) {
    stores.push_back(boost::json::string(store.ToString()));
    for (const base::Uuid& variant : {mug_, tea_}) {
      opening.push_back({{"store", store.ToString()},
                         {"variant", variant.ToString()},
                         {"quantityMilli", kOpening}});
    }
  }
  for (size_t i = 0; i < kOwnJournal; ++i) {
    const Till& till = tills_[i];
    registers.push_back({{"id", till.id.ToString()}, {"store", till.store.ToString()}});
  }
  for (const base::Uuid& variant : {mug_, tea_, post_}) {
    variants.push_back({{"id", variant.ToString()}, {"stocked", variant != post_}});
  }
  boost::json::object run{{"tenant", tenant.ToString()},
                          {"seed", 1},
                          {"stores", stores},
                          {"registers", registers},
                          {"variants", variants},
                          {"opening", opening}};
  if (!expect_parked.empty()) run["expectParked"] = boost::json::parse(expect_parked);
  return boost::json::serialize(run);
}

Report Shop::Check(const std::function<void(const char*)>& on_step) {
  std::ofstream(folder_ + "/run.json") << RunFileText();
  log_.flush();
  book_.flush();
  Report report;
  Must(chaos::Check({.logs = folder_, .dsn = SuiteDsn(), .on_step = on_step}, &report));
  return report;
}

}  // namespace cloudpos::chaos
