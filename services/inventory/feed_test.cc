// The feed: events follow changes, and the snapshot is the state.

#include "services/inventory/feed.h"

#include <set>

#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = CatalogueHandler;

struct Fed {
  std::map<std::string, v1::VariantChanged> variants;
  std::map<std::string, v1::CategoryChanged> categories;
  std::map<std::string, v1::StockAdjusted> adjustments;

  void Take(const events::Event& event) {
    if (event.event_type() == "cloudpos.inventory.v1.VariantChanged") {
      Keep(event, &variants);
    } else if (event.event_type() == "cloudpos.inventory.v1.CategoryChanged") {
      Keep(event, &categories);
    } else if (event.event_type() == "cloudpos.inventory.v1.StockAdjusted") {
      REQUIRE(adjustments[event.aggregate_id()].ParseFromString(event.payload()));
    }
  }
  template <typename Message>
  static void Keep(const events::Event& event, std::map<std::string, Message>* into) {
    Message message;
    REQUIRE(message.ParseFromString(event.payload()));
    CHECK(event.tenant_id() == message.tenant_id());
    Message& kept = (*into)[event.aggregate_id()];
    if (kept.version() < message.version()) kept = message;
  }
};

template <typename Message>
bool AreSame(const std::map<std::string, Message>& a, const std::map<std::string, Message>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const auto& one, const auto& other) {
           return one.first == other.first &&
                  one.second.SerializeAsString() == other.second.SerializeAsString();
         });
}

}  // namespace

TEST_CASE("Feed: events add up to what the snapshot says", "[inventory][store]") {
  World world;
  v1::CreateCategoryRequest category;
  category.set_category_id(world.ids.NewId().ToString());
  category.set_name("Garden");
  world.Do(world.catalogue, &H::CreateCategory, category);
  std::string variant;
  for (int i = 0; i < 4; ++i) {
    const auto request = world.NewProduct("Thing", std::to_string(i));
    variant = world.Create(request).variants(0).variant_id();
    if (i % 2 == 0) continue;
    v1::ArchiveProductRequest archive;
    archive.set_product_id(request.product_id());
    archive.set_version(1);
    world.Do(world.catalogue, &H::ArchiveProduct, archive);
  }
  v1::AdjustStockRequest adjust;
  adjust.set_adjustment_id(world.ids.NewId().ToString());
  adjust.set_store_id(world.store.ToString());
  adjust.set_reason_code("COUNT");
  for (const int64_t milli : {-10'000, 2'000}) {
    adjust.add_lines()->set_variant_id(variant);
    adjust.mutable_lines(adjust.lines_size() - 1)->set_quantity_milli(milli);
  }
  world.Do(world.stock, &StockHandler::AdjustStock, adjust);

  base::SystemClock clock;
  events::Feed feed({.producer = "inventory",
                     .pool = &world.worker,
                     .clock = &clock,
                     .snapshot = SendSnapshot,
                     .has_guard_thread = false});
  const absl::Time deadline = clock.Now() + absl::Seconds(20);
  Fed pulled, sent;
  common::v1::PullRequest pull;
  pull.set_consumer("test");
  // Another transaction of the cluster may hold the horizon back for a moment.
  while (clock.Now() < deadline && pulled.adjustments.empty()) {
    common::v1::PullResponse page;
    World::Require(feed.Pull(pull, deadline, &page));
    for (const events::Event& event : page.events()) pulled.Take(event);
    pull.set_cursor(page.cursor());
  }
  common::v1::SnapshotRequest request;
  request.set_consumer("test");
  std::set<std::string> ids;
  World::Require(feed.Snapshot(request, deadline, [&](const common::v1::SnapshotResponse& message) {
    for (const events::Event& event : message.events()) {
      CHECK(ids.insert(event.event_id()).second);
      sent.Take(event);
    }
    return absl::OkStatus();
  }));
  CHECK(sent.variants.size() == 4);
  CHECK(AreSame(sent.variants, pulled.variants));
  CHECK(AreSame(sent.categories, pulled.categories));
  CHECK(AreSame(sent.adjustments, pulled.adjustments));
  CHECK(sent.adjustments.begin()->second.lines_size() == 2);
}

}  // namespace cloudpos::inventory
