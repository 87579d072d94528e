#include "services/transaction/till_test.h"

#include <catch2/catch.hpp>

#include "libs/base/status_macros.h"
#include "libs/journal/chain.h"
#include "services/transaction/consumers.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/domain/refund.h"

namespace cloudpos::transaction {
namespace {

using common::v1::Permission;

BasketInput MugAndTeas(const World& world) {
  BasketInput basket;
  basket.lines.resize(2);
  basket.lines[0].variant = world.mug;
  basket.lines[0].quantity_milli = 1000;
  basket.lines[1].variant = world.tea;
  basket.lines[1].quantity_milli = 2000;
  return basket;
}

std::shared_ptr<const Settings> SettingsOf(World& world) {
  const auto settings =
      world.read_model.SettingsOf(world.tenant, base::SystemClock().Now() + absl::Seconds(10));
  REQUIRE(settings.ok());
  return *settings;
}

Store StoreOf(World& world) { return SettingsOf(world)->stores.at(world.store); }

}  // namespace

void Hire(World& world, const base::Uuid& staff, std::initializer_list<Permission> permissions,
          absl::Time since, absl::Time created, bool active) {
  token::PermissionSet set;
  for (const Permission permission : permissions) set.Add(permission);
  auth::v1::StaffRightsChanged changed;
  changed.set_tenant_id(world.tenant.ToString());
  changed.set_staff_id(staff.ToString());
  const auto put = [](absl::Time time, google::protobuf::Timestamp* out) {
    out->set_seconds(absl::ToUnixSeconds(time));
  };
  put(since, changed.mutable_changed_at());
  put(created, changed.mutable_created_at());
  changed.set_active(active);
  changed.add_grants()->set_permissions(set.ToBase64Url());
  world.Apply(ApplyPlaces, {EventWith(world.tenant, changed)});
}

Till::Till(World& w, const base::Uuid& on, std::string device_code, int its_generation,
           std::string its_series)
    : world(w),
      uploads(w.checkout, w.ids, {}),
      device(w.ids.NewId()),
      reg(on),
      cashier(w.ids.NewId()),
      code(std::move(device_code)),
      generation(its_generation),
      series(std::move(its_series)) {
  journal = JournalId(reg, device, generation, series);
  Announce();
  Fetch();
  Hire(world, cashier,
       {Permission::SALE_CREATE, Permission::RETURN_CREATE, Permission::RETURN_UNLINKED,
        Permission::SALE_DISCOUNT_LINE, Permission::SALE_DISCOUNT_ORDER,
        Permission::SALE_PRICE_OVERRIDE, Permission::SALE_VOID});
}

Till::Till(const Till& other, int64_t keep, int its_generation)
    : world(other.world),
      uploads(other.world.checkout, other.world.ids, {}),
      key(other.key),
      device(other.device),
      reg(other.reg),
      journal(JournalId(other.reg, other.device, its_generation, other.series)),
      cashier(other.cashier),
      code(other.code),
      generation(its_generation),
      series(other.series),
      version(other.version),
      file_(other.file_.begin(), other.file_.begin() + keep),
      goods_(other.goods_) {}

void Till::Fetch() {
  const auto goods = world.read_model.VariantsOf(world.tenant, {world.mug, world.tea, world.post},
                                                 base::SystemClock().Now() + absl::Seconds(10));
  REQUIRE(goods.ok());
  goods_ = *goods;
}

void Till::Announce() {
  auth::v1::DeviceChanged changed;
  changed.set_tenant_id(world.tenant.ToString());
  changed.set_store_id(world.store.ToString());
  changed.set_device_id(device.ToString());
  changed.set_version(++version);
  changed.set_code(code);
  changed.set_register_id(reg.ToString());
  changed.set_public_key(key.public_point());
  if (revoked_at) {
    changed.set_revoked(true);
    changed.mutable_revoked_at()->set_seconds(absl::ToUnixSeconds(*revoked_at));
  }
  world.Apply(ApplyPlaces, {EventWith(world.tenant, changed)});
}

Head Till::HeadBefore(int64_t n) const {
  Head head;
  for (int64_t i = 1; i < n; ++i) {
    const Kept& one = kept(i);
    head.journal_no = i;
    head.receipt_no = std::max(head.receipt_no, one.entry.receipt_no);
    head.grand_total = one.entry.grand_total;
    head.hash = one.hash;
  }
  return head;
}

journal::SaleEntry Till::Start(std::string_view kind) const {
  const absl::Time now = world.clock.Now();
  journal::SaleEntry entry;
  entry.business_date =
      base::FormatDate(base::BusinessDate(now, StoreOf(world).zone, StoreOf(world).cutoff_minutes));
  entry.posting_date = entry.business_date;
  entry.currency = "GBP";
  entry.device = device.ToString();
  entry.generation = generation;
  entry.journal = journal.ToString();
  entry.kind = kind;
  entry.occurred_at_us = absl::ToUnixMicros(now);
  entry.operator_id = cashier.ToString();
  entry.register_id = reg.ToString();
  entry.sale_id = world.ids.NewId().ToString();
  entry.series = series;
  entry.store = world.store.ToString();
  entry.tenant = world.tenant.ToString();
  entry.training = series == kTrainingSeries;
  return entry;
}

int64_t Till::Append(journal::SaleEntry entry, const Change& change) {
  const Head before = HeadBefore(static_cast<int64_t>(file_.size()) + 1);
  entry.n = before.journal_no + 1;
  entry.receipt_no = journal::IsReceipt(entry) ? before.receipt_no + 1 : 0;
  entry.grand_total = before.grand_total + journal::EntrySign(entry) * entry.totals.total;
  if (change) change(&entry);
  Kept kept;
  REQUIRE(journal::EncodeEntry(entry, &kept.payload).ok());
  kept.hash = journal::ChainHash(static_cast<uint64_t>(entry.n), before.hash, kept.payload);
  kept.signature =
      key.Sign(std::string_view(reinterpret_cast<const char*>(kept.hash.data()), kept.hash.size()));
  kept.entry = std::move(entry);
  file_.push_back(std::move(kept));
  return static_cast<int64_t>(file_.size());
}

int64_t Till::SellBasket(const BasketInput& basket, const Change& change) {
  const auto settings = SettingsOf(world);
  const Store store = StoreOf(world);
  const auto priced = PriceBasket(basket, store, *settings, goods_.found);
  REQUIRE(priced.ok());
  const StorePolicy policy = settings->PolicyOf(store.id);
  journal::SaleEntry entry = Start(journal::kKindSale);
  entry.catalogue_version = goods_.version;
  FillEntry(basket, *priced, policy, &entry);
  const std::vector<TenderInput> tenders = {{.type = "CASH", .amount = 100'000, .reference = ""}};
  const auto settled = SettleSale(entry.totals.total, tenders, policy.cash);
  REQUIRE(settled.ok());
  FillTenders(tenders, *settled, &entry);
  return Append(std::move(entry), change);
}

int64_t Till::Sell(const Change& change) { return SellBasket(MugAndTeas(world), change); }

int64_t Till::Return(int64_t n, int64_t quantity_milli, const Change& change) {
  const journal::SaleEntry& sold = kept(n).entry;
  journal::SaleEntry entry = Start(journal::kKindReturn);
  entry.source_sale_id = sold.sale_id;
  entry.reason = "DAMAGED";
  entry.catalogue_version = sold.catalogue_version;
  const int64_t whole = std::min(quantity_milli, sold.lines[0].quantity_milli);
  REQUIRE(FillLinkedReturn(sold, {{1, whole, 0, "RESTOCK"}}, &entry).ok());
  entry.lines[0].quantity_milli = quantity_milli;
  entry.lines[0].return_reason = entry.reason;
  const std::vector<TenderInput> tenders = {
      {.type = "CASH", .amount = entry.totals.total, .reference = ""}};
  const auto settled = SettleReturn(entry.totals.total, tenders, {});
  REQUIRE(settled.ok());
  FillTenders(tenders, *settled, &entry);
  return Append(std::move(entry), change);
}

int64_t Till::Note(std::string_view kind, const Change& change) {
  return Append(Start(kind), change);
}

v1::UploadJournalRequest Till::Request(int64_t from, int64_t to) const {
  v1::UploadJournalRequest request;
  request.set_device_id(device.ToString());
  request.set_generation(generation);
  request.set_series(series);
  const int64_t last = to == 0 ? static_cast<int64_t>(file_.size()) : to;
  for (int64_t n = from; n <= last; ++n) {
    v1::UploadEntry* entry = request.add_entries();
    entry->set_payload(kept(n).payload);
    entry->set_signature(kept(n).signature);
  }
  return request;
}

testing::TestCall Till::Call() const {
  token::Claims claims =
      testing::ClaimsFor(world.tenant, {Permission::JOURNAL_UPLOAD}, {world.store});
  claims.subject = device;
  claims.device = device;
  testing::TestCall call(std::move(claims), Permission::JOURNAL_UPLOAD);
  call.until = std::max(call.until, world.clock.Now() + absl::Seconds(30));
  return call;
}

absl::Status Till::Send(const v1::UploadJournalRequest& request,
                        v1::UploadJournalResponse* response) {
  testing::TestCall call = Call();
  return uploads.UploadJournal(call, request, response);
}

v1::UploadJournalResponse Till::Upload(int64_t from) {
  v1::UploadJournalResponse response;
  const absl::Status status = Send(Request(from), &response);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return response;
}

v1::UploadResult Till::UploadSale(const Change& change) {
  const v1::UploadJournalResponse response = Upload(Sell(change));
  REQUIRE(response.results_size() == 1);
  return response.results(0);
}

void Till::Adopt(const v1::UploadResult& superseded) {
  file_.resize(static_cast<size_t>(superseded.journal_no()) - 1);
  const Head before = HeadBefore(superseded.journal_no());
  Kept kept;
  kept.payload = superseded.server_entry().payload();
  REQUIRE(journal::ParseEntry(kept.payload, &kept.entry).ok());
  kept.hash = journal::ChainHash(static_cast<uint64_t>(kept.entry.n), before.hash, kept.payload);
  const std::string_view hash(reinterpret_cast<const char*>(kept.hash.data()), kept.hash.size());
  REQUIRE(superseded.server_entry().hash() == hash);
  kept.signature = key.Sign(hash);
  file_.push_back(std::move(kept));
}

}  // namespace cloudpos::transaction
