// Making products and variants.

#include <set>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/catalogue_write.h"
#include "services/inventory/convert.h"
#include "services/inventory/prices.h"
#include "services/inventory/store_products.h"
#include "services/inventory/store_search.h"
#include "services/inventory/taken.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

std::string At(const std::string& field, size_t index) {
  return field + "[" + std::to_string(index) + "]";
}

/// As it was made: what a repeat is answered with.
void SetCreated(const Created& created, Product* product) {
  product->created_at = product->updated_at = created.created_at;
  int64_t version = created.created_version;
  for (Variant& variant : product->variants) {
    variant.version = version++;
    variant.created_at = variant.updated_at = created.created_at;
  }
}

}  // namespace

struct CatalogueHandler::Creation {
  std::vector<NewProduct> products;
  std::vector<std::string> at;  // path of each in the request
  bool is_batch = false;
  bool is_replay = false;  // all of them existed
};

absl::Status CatalogueHandler::CreateIn(pg::Tx& tx, rpc::CallContext& ctx, absl::Time now,
                                        Creation* creation) {
  CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
  std::vector<base::Uuid> ids;
  for (const NewProduct& made : creation->products) ids.push_back(made.product.id);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto existing, SelectCreatedProducts(tx, ctx.tenant(), ids));

  std::vector<size_t> fresh;
  for (size_t i = 0; i < creation->products.size(); ++i) {
    NewProduct& made = creation->products[i];
    const auto found = existing.find(made.product.id);
    if (found == existing.end()) {
      fresh.push_back(i);
      continue;
    }
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(found->second.request_hash, made.request_hash,
                                              creation->at[i] + "productId"));
    SetCreated(found->second, &made.product);
  }
  creation->is_replay = fresh.empty();
  if (fresh.empty()) return absl::OkStatus();

  std::vector<const Product*> products;
  std::vector<std::string> at;
  for (const size_t i : fresh) {
    products.push_back(&creation->products[i].product);
    at.push_back(creation->at[i]);
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckCategories(tx, ctx.tenant(), products, at));
  CLOUDPOS_RETURN_IF_ERROR(CheckNotTaken(tx, ctx.tenant(), products, at));

  std::vector<NewProduct> rows;
  std::vector<const Variant*> variants;
  v1::BatchCreateProductsResponse made;
  for (const size_t i : fresh) {
    Product& product = creation->products[i].product;
    product.created_at = product.updated_at = now;
    for (Variant& variant : product.variants) {
      variant.created_at = now;
      variants.push_back(&variant);
    }
    write.TouchVariants(product, now);
    rows.push_back(creation->products[i]);
    made.add_products()->set_product_id(product.id.ToString());
  }
  CLOUDPOS_RETURN_IF_ERROR(InsertProducts(tx, ctx.tenant(), rows));
  CLOUDPOS_RETURN_IF_ERROR(InsertVariants(tx, ctx.tenant(), variants, "", ctx.subject()));
  CLOUDPOS_RETURN_IF_ERROR(IndexProducts(tx, ctx.tenant(), products, true));
  const v1::Product after = ToProto(*products[0]);
  write.Audit(
      now, {.action = creation->is_batch ? "product.batch_create" : "product.create",
            .subject_type = "product",
            .subject_id = creation->is_batch ? "" : products[0]->id.ToString(),
            .after_json = creation->is_batch ? events::AuditJson(made) : events::AuditJson(after)});
  return write.Finish();
}

absl::Status CatalogueHandler::Create(rpc::CallContext& ctx, Creation* creation) {
  std::vector<const Product*> products;
  for (const NewProduct& made : creation->products) products.push_back(&made.product);
  CLOUDPOS_RETURN_IF_ERROR(CheckDistinct(products, creation->at));
  PriceCheck check;
  for (size_t p = 0; p < products.size(); ++p) {
    for (size_t v = 0; v < products[p]->variants.size(); ++v) {
      check.Add(products[p]->variants[v].prices, At(creation->at[p] + "variants", v) + ".prices");
    }
  }
  CLOUDPOS_RETURN_IF_ERROR(check.Run(deps_, ctx));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_RETURN_IF_ERROR(pg::Transact(
      *deps_.pool, TxFor(ctx), [&](pg::Tx& tx) { return CreateIn(tx, ctx, now, creation); }));
  if (creation->is_replay) {
    ctx.SetReplayed();
  } else {
    Ring(deps_);
  }
  return absl::OkStatus();
}

absl::Status CatalogueHandler::CreateProduct(rpc::CallContext& ctx,
                                             const v1::CreateProductRequest& request,
                                             v1::Product* response) {
  Creation creation;
  CLOUDPOS_ASSIGN_OR_RETURN(Product product, ParseProduct(request, ""));
  creation.products.push_back({std::move(product), RequestHash(request)});
  creation.at.emplace_back();
  CLOUDPOS_RETURN_IF_ERROR(Create(ctx, &creation));
  *response = ToProto(creation.products[0].product);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::BatchCreateProducts(rpc::CallContext& ctx,
                                                   const v1::BatchCreateProductsRequest& request,
                                                   v1::BatchCreateProductsResponse* response) {
  const auto count = static_cast<size_t>(request.products_size());
  if (count == 0) return base::Fail(FIELD_REQUIRED, "products", "is required");
  if (count > kBatchProductsMax) {
    return base::Fail(LIMIT_EXCEEDED, "products", "at most 200 are allowed");
  }
  Creation creation;
  creation.is_batch = true;
  size_t variants = 0;
  for (size_t i = 0; i < count; ++i) {
    const v1::CreateProductRequest& one = request.products(static_cast<int>(i));
    creation.at.push_back(At("products", i) + ".");
    CLOUDPOS_ASSIGN_OR_RETURN(Product product, ParseProduct(one, creation.at[i]));
    variants += product.variants.size();
    creation.products.push_back({std::move(product), RequestHash(one)});
  }
  if (variants > kBatchVariantsMax) {
    return base::Fail(LIMIT_EXCEEDED, "products", "at most 2000 variants are allowed in one batch");
  }
  CLOUDPOS_RETURN_IF_ERROR(Create(ctx, &creation));
  for (const NewProduct& made : creation.products) {
    *response->add_products() = ToProto(made.product);
  }
  return absl::OkStatus();
}

absl::Status CatalogueHandler::AddVariant(rpc::CallContext& ctx,
                                          const v1::AddVariantRequest& request,
                                          v1::Variant* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid product_id,
                            base::Uuid::ParseField(request.product_id(), "productId"));
  if (!request.has_variant()) return base::Fail(FIELD_REQUIRED, "variant", "is required");
  CLOUDPOS_ASSIGN_OR_RETURN(Variant variant, ParseVariant(request.variant(), "variant."));
  CLOUDPOS_RETURN_IF_ERROR(CheckVariant(variant, "variant."));
  variant.product = product_id;
  PriceCheck check;
  check.Add(variant.prices, "variant.prices");
  CLOUDPOS_RETURN_IF_ERROR(check.Run(deps_, ctx));
  const std::string hash = RequestHash(request);
  const absl::Time now = deps_.clock->Now();
  bool is_replay = false;
  CLOUDPOS_RETURN_IF_ERROR(pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
    CLOUDPOS_ASSIGN_OR_RETURN(auto product, SelectProduct(tx, ctx.tenant(), product_id));
    if (!product) return NotFound("product");
    CLOUDPOS_ASSIGN_OR_RETURN(const auto created,
                              SelectCreatedVariants(tx, ctx.tenant(), {variant.id}));
    is_replay = !created.empty();
    if (is_replay) {
      const Created& first = created.begin()->second.created;
      variant.version = first.created_version;
      variant.created_at = variant.updated_at = first.created_at;
      return CheckSameRequest(first.request_hash, hash, "variant.variantId");
    }
    if (product->archived) return base::Fail(ARCHIVED, "Unarchive the product first.");
    if (product->variants.size() >= kVariantsMax) {
      return base::Fail(LIMIT_EXCEEDED, "variant", "a product has at most 100 variants");
    }
    variant.position = product->variants.back().position + 1;
    product->variants = {variant};
    CLOUDPOS_RETURN_IF_ERROR(CheckNotTaken(tx, ctx.tenant(), {&*product}, {""}, "variant"));
    variant.version = write.NextVersion();
    variant.created_at = variant.updated_at = now;
    product->variants = {variant};
    CLOUDPOS_RETURN_IF_ERROR(InsertVariants(tx, ctx.tenant(), {&variant}, hash, ctx.subject()));
    CLOUDPOS_RETURN_IF_ERROR(IndexProducts(tx, ctx.tenant(), {&*product}, true));
    write.Add(*product, variant);
    const v1::Variant after = ToProto(variant);
    write.Audit(now, {.action = "variant.create",
                      .subject_type = "variant",
                      .subject_id = variant.id.ToString(),
                      .after_json = events::AuditJson(after)});
    return write.Finish();
  }));
  if (is_replay) ctx.SetReplayed();
  Ring(deps_);
  *response = ToProto(variant);
  return absl::OkStatus();
}

}  // namespace cloudpos::inventory
