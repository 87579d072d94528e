// Finding things: by code, by words, by what changed; categories and prices.

#include <map>

#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = CatalogueHandler;

std::vector<std::string> Search(World& world, const std::string& text, bool archived_too = false) {
  v1::SearchVariantsRequest request;
  request.set_q(text);
  request.set_include_archived(archived_too);
  std::vector<std::string> skus;
  const auto found = world.Do(world.catalogue, &H::SearchVariants, request);
  for (const auto& item : found.items()) skus.push_back(item.variant().sku());
  return skus;
}

std::string LookUp(World& world, const std::string& code) {
  v1::LookupVariantRequest request;
  request.set_code(code);
  testing::TestCall call = world.Call();
  v1::CatalogueItem item;
  const absl::Status status = world.catalogue.LookupVariant(call, request, &item);
  if (base::CodeOf(status) == ErrorCode::NOT_FOUND) return "";
  World::Require(status);
  return item.variant().sku();
}

v1::Category NewCategory(World& world, const std::string& name, const std::string& parent = {}) {
  v1::CreateCategoryRequest request;
  request.set_category_id(world.ids.NewId().ToString());
  request.set_name(name);
  request.set_parent_category_id(parent);
  return world.Do(world.catalogue, &H::CreateCategory, request);
}

using Found = std::vector<std::string>;

v1::VariantPrice PriceOf(int64_t minor, const std::string& store = {},
                         const std::string& currency = "GBP") {
  v1::VariantPrice price;
  price.set_store_id(store);
  price.mutable_amount()->set_currency_code(currency);
  price.mutable_amount()->set_minor_units(minor);
  return price;
}

}  // namespace

TEST_CASE("LookupVariant: by barcode however it is written, then by SKU", "[inventory][handler]") {
  World world;
  auto request = world.NewProduct("Tissues", "TIS");
  request.mutable_variants(0)->add_barcodes()->set_code("036000291452");
  request.mutable_variants(0)->add_barcodes()->set_code("042100005264");
  world.Create(request);
  world.Create(world.NewProduct("Decoy", "042100005264"));  // a SKU that looks like the barcode
  CHECK(LookUp(world, "036000291452") == "TIS");
  CHECK(LookUp(world, "0036000291452") == "TIS");
  CHECK(LookUp(world, "04252614") == "TIS");
  CHECK(LookUp(world, "042100005264") == "TIS");
  CHECK(LookUp(world, "TIS") == "TIS");
  CHECK(LookUp(world, "tis").empty());
  CHECK(LookUp(world, "036000291453").empty());
  v1::LookupVariantRequest empty;
  CHECK(world.Refused(world.catalogue, &H::LookupVariant, empty) == ErrorCode::FIELD_REQUIRED);
}

TEST_CASE("LookupVariant: the variant meant, of several, and of this tenant",
          "[inventory][handler]") {
  World world;
  auto request = world.NewProduct("Sock", "SOCK-S");
  request.mutable_variants(0)->add_barcodes()->set_code("036000291452");
  auto* large = world.AddVariant(&request, "SOCK-L", 300);
  large->add_barcodes()->set_code("042100005264");
  v1::VariantOption* size = request.mutable_variants(0)->add_options();
  size->set_name("size");
  size->set_value("S");
  size = large->add_options();
  size->set_name("size");
  size->set_value("L");
  world.Create(request);
  CHECK(LookUp(world, "SOCK-L") == "SOCK-L");
  CHECK(LookUp(world, "042100005264") == "SOCK-L");
  CHECK(LookUp(world, "036000291452") == "SOCK-S");
  World other;
  CHECK(LookUp(other, "SOCK-L").empty());
  CHECK(LookUp(other, "042100005264").empty());
}

TEST_CASE("SearchVariants: words, beginnings, slips, codes, categories", "[inventory][handler]") {
  World world;
  const v1::Category garden = NewCategory(world, "Garden & Outdoor");
  auto lantern = world.NewProduct("WHITE METAL LANTERN", "71053");
  lantern.set_category_id(garden.category_id());
  lantern.mutable_variants(0)->add_barcodes()->set_code("4006381333931");
  world.Create(lantern);
  world.Create(world.NewProduct("Crème brûlée set", "CB-100/X"));
  auto shirt = world.NewProduct("T-shirt", "TS-S");
  auto* option = shirt.mutable_variants(0)->add_options();
  option->set_name("colour");
  option->set_value("White");
  world.Create(shirt);
  world.Create(world.NewProduct("White lantern candle refill", "71054"));

  CHECK(Search(world, "metal") == Found{"71053"});
  CHECK(Search(world, "white lantern") == Found{"71053", "71054"});
  CHECK(Search(world, "lant whi") == Found{"71053", "71054"});
  CHECK(Search(world, "lantren metl") == Found{"71053"});
  CHECK(Search(world, "creme brulee") == Found{"CB-100/X"});
  CHECK(Search(world, "brulle") == Found{"CB-100/X"});
  CHECK(Search(world, "CB-100") == Found{"CB-100/X"});
  CHECK(Search(world, "cb100x") == Found{"CB-100/X"});
  CHECK(Search(world, "4006381") == Found{"71053"});
  CHECK(Search(world, "71053") == Found{"71053"});
  CHECK(Search(world, "outdoor") == Found{"71053"});
  CHECK(Search(world, "garden metal") == Found{"71053"});
  CHECK(Search(world, "shirt white") == Found{"TS-S"});
  CHECK(Search(world, "white kettle").empty());
  CHECK(Search(world, "--").empty());

  v1::UpdateCategoryRequest rename;
  rename.set_category_id(garden.category_id());
  rename.set_version(garden.version());
  rename.set_name("Patio");
  world.Do(world.catalogue, &H::UpdateCategory, rename);
  CHECK(Search(world, "outdoor").empty());
  CHECK(Search(world, "patio") == Found{"71053"});

  v1::UpdateProductRequest update;
  update.set_product_id(lantern.product_id());
  update.set_version(1);
  update.set_name("Black metal lamp");
  update.set_category_id("");
  world.Do(world.catalogue, &H::UpdateProduct, update);
  CHECK(Search(world, "patio").empty());
  CHECK(Search(world, "white") == Found{"TS-S", "71054"});
  CHECK(Search(world, "lamp") == Found{"71053"});

  v1::ArchiveProductRequest archive;
  archive.set_product_id(lantern.product_id());
  archive.set_version(2);
  world.Do(world.catalogue, &H::ArchiveProduct, archive);
  CHECK(Search(world, "lamp").empty());
  CHECK(Search(world, "lamp", true) == Found{"71053"});
  CHECK(LookUp(world, "71053") == "71053");
  world.tenant = world.ids.NewId();
  CHECK(Search(world, "white").empty());
}

TEST_CASE("ListCatalogueChanges: pages in order, latest only, beyond the end",
          "[inventory][handler]") {
  World world;
  std::map<std::string, int64_t> latest;
  for (int i = 0; i < 5; ++i) {
    const auto request = world.NewProduct("Thing", std::to_string(i));
    world.Create(request);
    v1::UpdateProductRequest update;
    update.set_product_id(request.product_id());
    update.set_version(1);
    update.set_name("Renamed");
    latest[request.variants(0).variant_id()] =
        world.Do(world.catalogue, &H::UpdateProduct, update).variants(0).version();
  }
  NewCategory(world, "Last");
  v1::ListCatalogueChangesRequest request;
  request.set_page_size(4);
  std::vector<int64_t> seen;
  bool more = true;
  while (more) {
    const auto page = world.Do(world.catalogue, &H::ListCatalogueChanges, request);
    for (const auto& change : page.changes()) seen.push_back(change.version());
    CHECK(page.latest_version() == 11);
    request.set_since(page.version());
    more = page.more();
  }
  CHECK(seen == std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(world.Changes(11).changes_size() == 0);
  CHECK(world.Changes(11).version() == 11);
  request.set_since(12);
  CHECK(world.Refused(world.catalogue, &H::ListCatalogueChanges, request) ==
        ErrorCode::OUT_OF_RANGE);

  request.set_since(0);
  request.set_latest_only(true);
  seen.clear();
  more = true;
  while (more) {
    const auto page = world.Do(world.catalogue, &H::ListCatalogueChanges, request);
    for (const auto& change : page.changes()) {
      seen.push_back(change.version());
      if (change.has_variant()) {
        CHECK(latest[change.variant().variant_id()] == change.version());
      }
    }
    request.set_since(page.version());
    more = page.more();
  }
  CHECK(seen == std::vector<int64_t>{2, 4, 6, 8, 10, 11});
}

TEST_CASE("Categories: made once, nested, listed, never below themselves", "[inventory][handler]") {
  World world;
  const v1::Category top = NewCategory(world, "Top");
  const v1::Category below = NewCategory(world, "Below", top.category_id());
  CHECK(below.version() == 2);
  v1::CreateCategoryRequest again;
  again.set_category_id(top.category_id());
  again.set_name("Top");
  testing::TestCall call = world.Call();
  v1::Category response;
  World::Require(world.catalogue.CreateCategory(call, again, &response));
  CHECK(call.is_replayed);
  CHECK(response.SerializeAsString() == top.SerializeAsString());
  again.set_name("Other");
  CHECK(world.Refused(world.catalogue, &H::CreateCategory, again) ==
        ErrorCode::IDEMPOTENCY_MISMATCH);

  v1::UpdateCategoryRequest update;
  update.set_category_id(top.category_id());
  update.set_version(1);
  update.set_parent_category_id(below.category_id());
  CHECK(world.Refused(world.catalogue, &H::UpdateCategory, update) == ErrorCode::INVALID_ARGUMENT);
  update.set_parent_category_id(world.store.ToString());
  CHECK(world.Refused(world.catalogue, &H::UpdateCategory, update) == ErrorCode::NOT_FOUND);
  update.clear_parent_category_id();
  update.set_archived(true);
  CHECK(world.Do(world.catalogue, &H::UpdateCategory, update).version() == 3);
  CHECK(world.Refused(world.catalogue, &H::UpdateCategory, update) == ErrorCode::STALE_VERSION);
  CHECK(world.Do(world.catalogue, &H::ListCategories, {}).categories_size() == 1);
  v1::ListCategoriesRequest all;
  all.set_include_archived(true);
  all.set_page_size(1);
  const auto page = world.Do(world.catalogue, &H::ListCategories, all);
  REQUIRE(page.categories_size() == 1);
  CHECK(page.categories(0).name() == "Below");
  all.set_page_token(page.next_page_token());
  CHECK(world.Do(world.catalogue, &H::ListCategories, all).categories(0).name() == "Top");
  CHECK(world.Changes(2).changes(0).category().archived());
}

TEST_CASE("SetPrices: history is kept, repeats change nothing", "[inventory][handler]") {
  World world;
  const auto request = world.NewProduct("Mug", "MUG", 250);
  world.Create(request);
  const std::string mug = request.variants(0).variant_id();
  v1::SetPricesRequest set;
  set.set_variant_id(mug);
  set.set_version(1);
  *set.add_prices() = PriceOf(300);
  *set.add_prices() = PriceOf(280, world.store.ToString());
  world.clock.Advance(absl::Hours(1));
  CHECK(world.Do(world.catalogue, &H::SetPrices, set).version() == 2);
  CHECK(world.Do(world.catalogue, &H::SetPrices, set).version() == 2);  // as they are already
  set.mutable_prices(1)->mutable_amount()->set_minor_units(270);
  CHECK(world.Refused(world.catalogue, &H::SetPrices, set) == ErrorCode::STALE_VERSION);
  set.set_version(2);
  CHECK(world.Do(world.catalogue, &H::SetPrices, set).prices(1).amount().minor_units() == 270);
  CHECK(world.Changes(1).changes_size() == 2);
  CHECK(world.Changes(2).changes(0).variant().prices_size() == 2);

  v1::ListPriceHistoryRequest list;
  list.set_variant_id(mug);
  list.set_page_size(3);
  const auto history = world.Do(world.catalogue, &H::ListPriceHistory, list);
  REQUIRE(history.periods_size() == 3);
  CHECK(history.periods(0).price().amount().minor_units() == 270);
  CHECK(history.periods(0).to_version() == 0);
  list.set_page_token(history.next_page_token());
  const auto rest = world.Do(world.catalogue, &H::ListPriceHistory, list);
  REQUIRE(rest.periods_size() == 1);
  CHECK(rest.periods(0).price().amount().minor_units() == 250);
  CHECK(rest.periods(0).from_version() == 1);
  CHECK(rest.periods(0).to_version() == 2);
  CHECK(rest.periods(0).valid_to().seconds() - rest.periods(0).valid_from().seconds() == 3600);
}

TEST_CASE("SetPrices: a store's manager sets that store's prices alone", "[inventory][handler]") {
  World world;
  const auto request = world.NewProduct("Mug", "MUG", 250);
  world.Create(request);
  v1::SetPricesRequest set;
  set.set_variant_id(request.variants(0).variant_id());
  set.set_version(1);
  *set.add_prices() = PriceOf(250);
  *set.add_prices() = PriceOf(200, world.store.ToString());
  const auto outcome = [&] {
    testing::TestCall call(
        testing::ClaimsFor(world.tenant, {common::v1::PRICE_WRITE}, {world.store}),
        common::v1::PRICE_WRITE);
    v1::Variant response;
    const absl::Status status = world.catalogue.SetPrices(call, set, &response);
    CHECK((!status.ok() || call.is_store_checked));
    return base::CodeOf(status);
  };
  CHECK(outcome() == common::v1::ERROR_CODE_UNSPECIFIED);
  set.set_version(2);
  set.mutable_prices(0)->mutable_amount()->set_minor_units(240);
  CHECK(outcome() == ErrorCode::PERMISSION_DENIED);
  set.mutable_prices(0)->mutable_amount()->set_minor_units(250);
  *set.add_prices() = PriceOf(200, world.other_store.ToString(), "EUR");
  CHECK(outcome() == ErrorCode::NOT_FOUND);
  *set.mutable_prices(2) = PriceOf(200, world.other_store.ToString(), "GBP");
  CHECK(outcome() == ErrorCode::CURRENCY_MISMATCH);
}

}  // namespace cloudpos::inventory
