// Products and variants: making, changing, versions, refusals.

#include <atomic>
#include <set>
#include <thread>

#include "services/inventory/test_world.h"

namespace cloudpos::inventory {
namespace {

using H = CatalogueHandler;

v1::Product Get(World& world, const std::string& id) {
  v1::GetProductRequest request;
  request.set_product_id(id);
  return world.Do(world.catalogue, &H::GetProduct, request);
}

std::vector<int64_t> VersionsOf(const v1::ListCatalogueChangesResponse& page) {
  std::vector<int64_t> versions;
  for (const auto& change : page.changes()) versions.push_back(change.version());
  return versions;
}

/// 1, 2, 3 ... n.
std::vector<int64_t> UpTo(int64_t n) {
  std::vector<int64_t> numbers;
  for (int64_t i = 1; i <= n; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace

TEST_CASE("CreateProduct: variants, prices and barcodes come back", "[inventory][handler]") {
  World world;
  v1::CreateProductRequest request = world.NewProduct("T-shirt", "TS-S");
  request.set_description("Cotton.\nWash cold.");
  auto* size = request.mutable_variants(0)->add_options();
  size->set_name("size");
  size->set_value("S");
  v1::NewVariant* large = world.AddVariant(&request, "TS-L", 300);
  large->set_stocked(false);
  large->set_negative_stock_policy(v1::BLOCK);
  large->add_barcodes()->set_code("4006381333931");
  large->add_barcodes()->set_code("shelf 7");
  v1::VariantPrice* price = large->add_prices();
  price->set_store_id(world.other_store.ToString());
  price->mutable_amount()->set_currency_code("EUR");
  price->mutable_amount()->set_minor_units(350);
  price->set_price_per(10);

  const v1::Product made = world.Create(request);
  CHECK(made.version() == 1);
  REQUIRE(made.variants_size() == 2);
  CHECK(made.variants(0).name() == "S");
  CHECK(made.variants(0).stocked());
  CHECK(made.variants(0).version() == 1);
  CHECK(made.variants(1).version() == 2);
  CHECK(made.variants(1).negative_stock_policy() == v1::BLOCK);
  CHECK(made.variants(1).barcodes(0).symbology() == v1::EAN_13);
  CHECK(made.variants(1).barcodes(1).symbology() == v1::CODE_128);
  REQUIRE(made.variants(1).prices_size() == 2);
  CHECK(made.variants(1).prices(0).price_per() == 1);
  CHECK(made.variants(1).prices(1).price_per() == 10);
  CHECK(Get(world, request.product_id()).SerializeAsString() == made.SerializeAsString());

  const auto changes = world.Changes(0);
  CHECK(VersionsOf(changes) == UpTo(2));
  CHECK(changes.changes(1).variant().sku() == "TS-L");
  CHECK(changes.changes(1).variant().product_name() == "T-shirt");
  CHECK(changes.changes(1).variant().barcodes(0) == "4006381333931");
  CHECK_FALSE(changes.changes(1).variant().stocked());
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.outbox WHERE event_type = "
                     "'cloudpos.inventory.v1.VariantChanged'") == 2);
  CHECK(world.Number("SELECT count(*) AS n FROM inventory.outbox WHERE event_type = "
                     "'cloudpos.auth.v1.AuditRecorded'") == 1);
}

TEST_CASE("CreateProduct: a repeat answers the same, whatever happened since",
          "[inventory][handler]") {
  World world;
  const v1::CreateProductRequest request = world.NewProduct("Mug", "MUG");
  bool replayed = true;
  const v1::Product first = world.Create(request, &replayed);
  CHECK_FALSE(replayed);
  v1::UpdateProductRequest update;
  update.set_product_id(request.product_id());
  update.set_version(1);
  update.set_name("Big mug");
  world.Do(world.catalogue, &H::UpdateProduct, update);
  world.clock.Advance(absl::Hours(1));
  const v1::Product second = world.Create(request, &replayed);
  CHECK(replayed);
  CHECK(second.SerializeAsString() == first.SerializeAsString());
  CHECK(world.Changes(0).latest_version() == 2);
  v1::CreateProductRequest other = request;
  other.set_name("Another");
  CHECK(world.RefusalOf(other) == ErrorCode::IDEMPOTENCY_MISMATCH);
}

TEST_CASE("CreateProduct: refusals name the field and leave nothing", "[inventory][handler]") {
  World world;
  v1::CreateProductRequest taken = world.NewProduct("Mug", "MUG");
  taken.mutable_variants(0)->add_barcodes()->set_code("036000291452");
  world.Create(taken);
  const auto refused = [&world](ErrorCode code, const std::string& field,
                                const std::function<void(v1::CreateProductRequest*)>& change) {
    v1::CreateProductRequest request = world.NewProduct("Cup", "CUP");
    change(&request);
    std::string named;
    CHECK(world.RefusalOf(request, &named) == code);
    CHECK(named == field);
  };
  using R = v1::CreateProductRequest*;
  refused(ErrorCode::FIELD_REQUIRED, "productId", [](R r) { r->clear_product_id(); });
  refused(ErrorCode::INVALID_ARGUMENT, "productId", [](R r) { r->set_product_id("7"); });
  refused(ErrorCode::FIELD_REQUIRED, "name", [](R r) { r->clear_name(); });
  refused(ErrorCode::INVALID_ARGUMENT, "name", [](R r) { r->set_name("a\nb"); });
  refused(ErrorCode::INVALID_ARGUMENT, "name", [](R r) { r->set_name(std::string(201, 'a')); });
  refused(ErrorCode::FIELD_REQUIRED, "taxCategory", [](R r) { r->clear_tax_category(); });
  refused(ErrorCode::INVALID_ARGUMENT, "taxCategory", [](R r) { r->set_tax_category("A"); });
  refused(ErrorCode::FIELD_REQUIRED, "variants", [](R r) { r->clear_variants(); });
  refused(ErrorCode::FIELD_REQUIRED, "variants[0].sku",
          [](R r) { r->mutable_variants(0)->clear_sku(); });
  refused(ErrorCode::INVALID_BARCODE, "variants[0].barcodes[0].code",
          [](R r) { r->mutable_variants(0)->add_barcodes()->set_code("4006381333932"); });
  refused(ErrorCode::OUT_OF_RANGE, "variants[0].prices[0].amount", [](R r) {
    r->mutable_variants(0)->mutable_prices(0)->mutable_amount()->set_minor_units(-1);
  });
  refused(ErrorCode::INVALID_ARGUMENT, "variants[0].prices[1]",
          [](R r) { *r->mutable_variants(0)->add_prices() = r->variants(0).prices(0); });
  refused(ErrorCode::NOT_FOUND, "categoryId",
          [&](R r) { r->set_category_id(world.store.ToString()); });
  refused(ErrorCode::NOT_FOUND, "variants[0].prices[0].storeId", [&](R r) {
    r->mutable_variants(0)->mutable_prices(0)->set_store_id(world.tenant.ToString());
  });
  refused(ErrorCode::CURRENCY_MISMATCH, "variants[0].prices[0].amount.currencyCode", [&](R r) {
    r->mutable_variants(0)->mutable_prices(0)->set_store_id(world.other_store.ToString());
  });
  refused(ErrorCode::SKU_TAKEN, "variants[0].sku",
          [](R r) { r->mutable_variants(0)->set_sku("MUG"); });
  refused(ErrorCode::SKU_TAKEN, "variants[1].sku", [&](R r) { world.AddVariant(r, "CUP", 1); });
  refused(ErrorCode::BARCODE_TAKEN, "variants[0].barcodes[0]", [](R r) {
    r->mutable_variants(0)->add_barcodes()->set_code("0036000291452");  // the UPC-A as EAN-13
  });
  refused(ErrorCode::ALREADY_EXISTS, "variants[0].variantId",
          [&](R r) { r->mutable_variants(0)->set_variant_id(taken.variants(0).variant_id()); });
  CHECK(world.Changes(0).latest_version() == 1);
  world.Create(world.NewProduct("Cup", "mug"));  // SKUs are equal when their bytes are
}

TEST_CASE("BatchCreateProducts: all or none, and repeats may be cut differently",
          "[inventory][handler]") {
  World world;
  v1::BatchCreateProductsRequest batch;
  for (int i = 0; i < 5; ++i) {
    *batch.add_products() = world.NewProduct("Thing", "T" + std::to_string(i));
  }
  v1::BatchCreateProductsRequest bad = batch;
  bad.mutable_products(4)->mutable_variants(0)->set_sku("T0");
  CHECK(world.Refused(world.catalogue, &H::BatchCreateProducts, bad) == ErrorCode::SKU_TAKEN);
  CHECK(world.Changes(0).latest_version() == 0);

  const auto made = world.Do(world.catalogue, &H::BatchCreateProducts, batch);
  REQUIRE(made.products_size() == 5);
  CHECK(made.products(4).variants(0).version() == 5);
  v1::BatchCreateProductsRequest overlap;
  *overlap.add_products() = batch.products(3);
  *overlap.add_products() = world.NewProduct("New", "NEW");
  const auto second = world.Do(world.catalogue, &H::BatchCreateProducts, overlap);
  CHECK(second.products(0).SerializeAsString() == made.products(3).SerializeAsString());
  CHECK(second.products(1).variants(0).version() == 6);
  testing::TestCall call = world.Call();
  v1::BatchCreateProductsResponse again;
  World::Require(world.catalogue.BatchCreateProducts(call, batch, &again));
  CHECK(call.is_replayed);
  CHECK(again.SerializeAsString() == made.SerializeAsString());
}

TEST_CASE("Catalogue versions: parallel writers take 1..N without a gap", "[inventory][store]") {
  World world;
  constexpr int kThreads = 8, kEach = 10;
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&world, &failed, t] {
      for (int i = 0; i < kEach; ++i) {
        testing::TestCall call = world.Call();
        auto request = world.NewProduct("Thing", std::to_string(t) + "-" + std::to_string(i));
        world.AddVariant(&request, request.variants(0).sku() + "b", 1);
        v1::Product product;
        if (!world.catalogue.CreateProduct(call, request, &product).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  const auto changes = world.Changes(0);
  CHECK(VersionsOf(changes) == UpTo(2 * kThreads * kEach));
  CHECK_FALSE(changes.more());
}

TEST_CASE("CreateProduct: parallel claims of one SKU, exactly one wins", "[inventory][store]") {
  World world;
  std::vector<std::thread> threads;
  std::atomic<int> made{0}, taken{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      testing::TestCall call = world.Call();
      v1::Product product;
      const absl::Status status =
          world.catalogue.CreateProduct(call, world.NewProduct("Mug", "MUG"), &product);
      if (status.ok()) ++made;
      if (base::CodeOf(status) == ErrorCode::SKU_TAKEN) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(taken == 7);
}

TEST_CASE("UpdateProduct: versions, archive and tombstones", "[inventory][handler]") {
  World world;
  auto request = world.NewProduct("Mug", "MUG");
  world.AddVariant(&request, "MUG-2", 1);
  world.Create(request);
  v1::UpdateProductRequest update;
  update.set_product_id(request.product_id());
  update.set_version(1);
  update.set_name("Cup");
  CHECK(world.Do(world.catalogue, &H::UpdateProduct, update).version() == 2);
  testing::TestCall call = world.Call();
  v1::Product product;
  const absl::Status stale = world.catalogue.UpdateProduct(call, update, &product);
  CHECK(base::CodeOf(stale) == ErrorCode::STALE_VERSION);
  CHECK(base::InfoOf(stale).data ==
        std::vector<std::pair<std::string, std::string>>{{"version", "2"}});

  v1::ArchiveProductRequest archive;
  archive.set_product_id(request.product_id());
  archive.set_version(2);
  CHECK(world.Do(world.catalogue, &H::ArchiveProduct, archive).archived());
  CHECK(world.Do(world.catalogue, &H::ArchiveProduct, archive).version() == 3);  // repeatable
  update.set_version(3);
  CHECK(world.Refused(world.catalogue, &H::UpdateProduct, update) == ErrorCode::ARCHIVED);
  const auto changes = world.Changes(2);
  CHECK(VersionsOf(changes) == std::vector<int64_t>{3, 4, 5, 6});
  CHECK(changes.changes(0).variant().product_name() == "Cup");
  CHECK_FALSE(changes.changes(0).variant().archived());
  CHECK(changes.changes(3).variant().archived());
  CHECK(VersionsOf(world.Changes(0, true)) == std::vector<int64_t>{5, 6});
  v1::UnarchiveProductRequest unarchive;
  unarchive.set_product_id(request.product_id());
  unarchive.set_version(3);
  CHECK_FALSE(world.Do(world.catalogue, &H::UnarchiveProduct, unarchive).archived());
  v1::GetProductRequest unknown;
  unknown.set_product_id(world.store.ToString());
  CHECK(world.Refused(world.catalogue, &H::GetProduct, unknown) == ErrorCode::NOT_FOUND);
}

TEST_CASE("AddVariant and UpdateVariant: codes move, archived variants say so",
          "[inventory][handler]") {
  World world;
  auto request = world.NewProduct("Mug", "MUG");
  request.mutable_variants(0)->add_barcodes()->set_code("4006381333931");
  world.Create(request);
  v1::AddVariantRequest add;
  add.set_product_id(request.product_id());
  add.mutable_variant()->set_variant_id(world.ids.NewId().ToString());
  add.mutable_variant()->set_sku("MUG-XL");
  const v1::Variant added = world.Do(world.catalogue, &H::AddVariant, add);
  CHECK(added.version() == 2);
  testing::TestCall call = world.Call();
  v1::Variant again;
  World::Require(world.catalogue.AddVariant(call, add, &again));
  CHECK(call.is_replayed);
  CHECK(again.SerializeAsString() == added.SerializeAsString());
  add.mutable_variant()->set_sku("OTHER");
  CHECK(world.Refused(world.catalogue, &H::AddVariant, add) == ErrorCode::IDEMPOTENCY_MISMATCH);

  v1::UpdateVariantRequest update;
  update.set_variant_id(added.variant_id());
  update.set_version(2);
  update.mutable_barcodes()->add_items()->set_code("4006381333931");
  CHECK(world.Refused(world.catalogue, &H::UpdateVariant, update) == ErrorCode::BARCODE_TAKEN);
  v1::UpdateVariantRequest release;
  release.set_variant_id(request.variants(0).variant_id());
  release.set_version(1);
  release.mutable_barcodes();
  CHECK(world.Do(world.catalogue, &H::UpdateVariant, release).barcodes_size() == 0);
  CHECK(world.Do(world.catalogue, &H::UpdateVariant, update).barcodes_size() == 1);
  CHECK(world.Refused(world.catalogue, &H::UpdateVariant, update) == ErrorCode::STALE_VERSION);
  update.clear_barcodes();
  update.set_version(4);
  update.set_archived(true);
  CHECK(world.Do(world.catalogue, &H::UpdateVariant, update).archived());
  CHECK(world.Changes(4).changes(0).variant().archived());
}

TEST_CASE("Products: another tenant sees nothing", "[inventory][handler]") {
  World world;
  const v1::Product product = world.Create(world.NewProduct("Mug", "MUG"));
  world.tenant = world.ids.NewId();
  v1::GetProductRequest get;
  get.set_product_id(product.product_id());
  CHECK(world.Refused(world.catalogue, &H::GetProduct, get) == ErrorCode::NOT_FOUND);
  CHECK(world.Do(world.catalogue, &H::ListProducts, {}).products_size() == 0);
  CHECK(world.Changes(0).latest_version() == 0);
  world.Create(world.NewProduct("Mug", "MUG"));  // SKUs are unique per tenant
}

TEST_CASE("ListProducts: pages by name, each product once", "[inventory][handler]") {
  World world;
  std::set<std::string> made;
  for (int i = 0; i < 7; ++i) {
    made.insert(world.Create(world.NewProduct("Same name", "S" + std::to_string(i))).product_id());
  }
  v1::ListProductsRequest request;
  request.set_page_size(3);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = world.Do(world.catalogue, &H::ListProducts, request);
    for (const auto& product : page.products()) CHECK(seen.insert(product.product_id()).second);
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  CHECK(seen == made);
  CHECK(pages == 3);
  request.set_page_token("x");
  CHECK(world.Refused(world.catalogue, &H::ListProducts, request) == ErrorCode::INVALID_PAGE_TOKEN);
  request.set_page_size(201);
  CHECK(world.Refused(world.catalogue, &H::ListProducts, request) == ErrorCode::OUT_OF_RANGE);
}

}  // namespace cloudpos::inventory
