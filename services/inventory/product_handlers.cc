// Reading and changing products.

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/catalogue_write.h"
#include "services/inventory/convert.h"
#include "services/inventory/store_products.h"
#include "services/inventory/store_search.h"
#include "services/inventory/taken.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

struct ProductChange {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<base::Uuid> category;
  std::optional<std::string> tax_category;
};

absl::StatusOr<ProductChange> ParseChange(const v1::UpdateProductRequest& request) {
  ProductChange change;
  if (request.has_name()) change.name = request.name();
  if (request.has_description()) change.description = request.description();
  if (request.has_category_id()) {
    CLOUDPOS_ASSIGN_OR_RETURN(change.category, OptionalId(request.category_id(), "categoryId"));
  }
  if (request.has_tax_category()) change.tax_category = request.tax_category();
  return change;
}

/// False when nothing changes.
bool Apply(const ProductChange& change, Product* product) {
  const Product before = *product;
  product->name = change.name.value_or(product->name);
  product->description = change.description.value_or(product->description);
  product->category = change.category.value_or(product->category);
  product->tax_category = change.tax_category.value_or(product->tax_category);
  return product->name != before.name || product->description != before.description ||
         product->category != before.category || product->tax_category != before.tax_category;
}

/// What the fields of the request would be refused for, whatever the product is.
absl::Status CheckChange(const ProductChange& change) {
  Product product;
  product.name = change.name.value_or("-");
  product.description = change.description.value_or("");
  product.tax_category = change.tax_category.value_or("-");
  product.variants.resize(1);
  product.variants[0].sku = "-";
  return CheckProduct(product, "");
}

/// The product without its variants: what a change of the product itself is about.
v1::Product Head(const Product& product) {
  v1::Product head = ToProto(product);
  head.clear_variants();
  return head;
}

/// Writes the change of a product and of all its variants.
absl::Status WriteProduct(pg::Tx& tx, const rpc::CallContext& ctx, CatalogueWrite& write,
                          const char* action, const Product& before, Product* after,
                          absl::Time now) {
  ++after->version;
  after->updated_at = now;
  write.TouchVariants(*after, now);
  CLOUDPOS_RETURN_IF_ERROR(UpdateProduct(tx, ctx.tenant(), *after));
  CLOUDPOS_RETURN_IF_ERROR(UpdateVariantVersions(tx, ctx.tenant(), *after));
  if (after->name != before.name || after->category != before.category) {
    CLOUDPOS_RETURN_IF_ERROR(IndexProducts(tx, ctx.tenant(), {after}, false));
  }
  const v1::Product old_state = Head(before);
  const v1::Product new_state = Head(*after);
  write.Audit(now, {.action = action,
                    .subject_type = "product",
                    .subject_id = after->id.ToString(),
                    .before_json = events::AuditJson(old_state),
                    .after_json = events::AuditJson(new_state)});
  return write.Finish();
}

}  // namespace

absl::Status CatalogueHandler::GetProduct(rpc::CallContext& ctx,
                                          const v1::GetProductRequest& request,
                                          v1::Product* response) {
  ctx.MarkStoresChecked();  // the catalogue is the tenant's
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.product_id(), "productId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto product, LoadProduct(*deps_.pool, CallFor(ctx), id));
  if (!product) return NotFound("product");
  *response = ToProto(*product);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::ListProducts(rpc::CallContext& ctx,
                                            const v1::ListProductsRequest& request,
                                            v1::ListProductsResponse* response) {
  ctx.MarkStoresChecked();
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  ProductFilter filter{.archived_too = request.include_archived()};
  if (!request.category_id().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(filter.category,
                              base::Uuid::ParseField(request.category_id(), "categoryId"));
  }
  const std::string list = std::string(filter.archived_too ? "all products" : "products") + " " +
                           IdText(filter.category.value_or(base::Uuid()));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 2));
  if (!key.empty()) {
    const auto id = base::Uuid::Parse(key[1]);
    if (!id) return base::BadPageToken();
    filter.after = {.name = key[0], .id = *id};
  }
  return pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    response->Clear();
    CLOUDPOS_ASSIGN_OR_RETURN(auto keys, SelectProductKeys(tx, ctx.tenant(), filter, size + 1));
    const bool has_more = keys.size() > static_cast<size_t>(size);
    if (has_more) keys.pop_back();
    std::vector<base::Uuid> ids;
    for (const NameKey& one : keys) ids.push_back(one.id);
    CLOUDPOS_ASSIGN_OR_RETURN(const auto products, SelectProducts(tx, ctx.tenant(), ids));
    for (const Product& product : products) *response->add_products() = ToProto(product);
    if (has_more) {
      response->set_next_page_token(
          base::MakePageToken(list, {keys.back().name, keys.back().id.ToString()}));
    }
    return absl::OkStatus();
  });
}

absl::Status CatalogueHandler::UpdateProduct(rpc::CallContext& ctx,
                                             const v1::UpdateProductRequest& request,
                                             v1::Product* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.product_id(), "productId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const ProductChange change, ParseChange(request));
  CLOUDPOS_RETURN_IF_ERROR(CheckChange(change));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Product product,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Product> {
        CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectProduct(tx, ctx.tenant(), id));
        if (!before) return NotFound("product");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        if (before->archived) return base::Fail(ARCHIVED, "Unarchive the product first.");
        Product after = *before;
        if (!Apply(change, &after)) return after;
        CLOUDPOS_RETURN_IF_ERROR(CheckCategories(tx, ctx.tenant(), {&after}, {""}));
        CLOUDPOS_RETURN_IF_ERROR(
            WriteProduct(tx, ctx, write, "product.update", *before, &after, now));
        return after;
      }));
  Ring(deps_);
  *response = ToProto(product);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::SetArchived(rpc::CallContext& ctx, const std::string& product_id,
                                           int64_t version, bool archived, v1::Product* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::ParseField(product_id, "productId"));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Product product,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Product> {
        CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectProduct(tx, ctx.tenant(), id));
        if (!before) return NotFound("product");
        if (before->archived == archived) return *before;
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, version));
        Product after = *before;
        after.archived = archived;
        CLOUDPOS_RETURN_IF_ERROR(WriteProduct(tx, ctx, write,
                                              archived ? "product.archive" : "product.unarchive",
                                              *before, &after, now));
        return after;
      }));
  Ring(deps_);
  *response = ToProto(product);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::ArchiveProduct(rpc::CallContext& ctx,
                                              const v1::ArchiveProductRequest& request,
                                              v1::Product* response) {
  return SetArchived(ctx, request.product_id(), request.version(), true, response);
}

absl::Status CatalogueHandler::UnarchiveProduct(rpc::CallContext& ctx,
                                                const v1::UnarchiveProductRequest& request,
                                                v1::Product* response) {
  return SetArchived(ctx, request.product_id(), request.version(), false, response);
}

}  // namespace cloudpos::inventory
