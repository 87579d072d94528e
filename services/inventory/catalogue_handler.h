#pragma once

// CatalogueService (inventory.proto): a method per RPC.

#include <string>
#include <vector>

#include "cloudpos/inventory/v1/inventory.pb.h"
#include "libs/rpc/server.h"
#include "services/inventory/context.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

class CatalogueHandler {
 public:
  explicit CatalogueHandler(Deps deps) : deps_(std::move(deps)) {}
  rpc::MethodTable Methods();

  // category_handlers.cc
  absl::Status CreateCategory(rpc::CallContext& ctx, const v1::CreateCategoryRequest& request,
                              v1::Category* response);
  absl::Status GetCategory(rpc::CallContext& ctx, const v1::GetCategoryRequest& request,
                           v1::Category* response);
  absl::Status ListCategories(rpc::CallContext& ctx, const v1::ListCategoriesRequest& request,
                              v1::ListCategoriesResponse* response);
  absl::Status UpdateCategory(rpc::CallContext& ctx, const v1::UpdateCategoryRequest& request,
                              v1::Category* response);

  // create_handlers.cc
  absl::Status CreateProduct(rpc::CallContext& ctx, const v1::CreateProductRequest& request,
                             v1::Product* response);
  absl::Status BatchCreateProducts(rpc::CallContext& ctx,
                                   const v1::BatchCreateProductsRequest& request,
                                   v1::BatchCreateProductsResponse* response);
  absl::Status AddVariant(rpc::CallContext& ctx, const v1::AddVariantRequest& request,
                          v1::Variant* response);

  // product_handlers.cc
  absl::Status GetProduct(rpc::CallContext& ctx, const v1::GetProductRequest& request,
                          v1::Product* response);
  absl::Status ListProducts(rpc::CallContext& ctx, const v1::ListProductsRequest& request,
                            v1::ListProductsResponse* response);
  absl::Status UpdateProduct(rpc::CallContext& ctx, const v1::UpdateProductRequest& request,
                             v1::Product* response);
  absl::Status ArchiveProduct(rpc::CallContext& ctx, const v1::ArchiveProductRequest& request,
                              v1::Product* response);
  absl::Status UnarchiveProduct(rpc::CallContext& ctx, const v1::UnarchiveProductRequest& request,
                                v1::Product* response);

  // variant_handlers.cc
  absl::Status GetVariant(rpc::CallContext& ctx, const v1::GetVariantRequest& request,
                          v1::CatalogueItem* response);
  absl::Status UpdateVariant(rpc::CallContext& ctx, const v1::UpdateVariantRequest& request,
                             v1::Variant* response);
  absl::Status SetPrices(rpc::CallContext& ctx, const v1::SetPricesRequest& request,
                         v1::Variant* response);
  absl::Status ListPriceHistory(rpc::CallContext& ctx, const v1::ListPriceHistoryRequest& request,
                                v1::ListPriceHistoryResponse* response);

  // lookup_handlers.cc
  absl::Status LookupVariant(rpc::CallContext& ctx, const v1::LookupVariantRequest& request,
                             v1::CatalogueItem* response);
  absl::Status SearchVariants(rpc::CallContext& ctx, const v1::SearchVariantsRequest& request,
                              v1::SearchVariantsResponse* response);
  absl::Status ListCatalogueChanges(rpc::CallContext& ctx,
                                    const v1::ListCatalogueChangesRequest& request,
                                    v1::ListCatalogueChangesResponse* response);

 private:
  struct Creation;  // create_handlers.cc
  absl::Status Create(rpc::CallContext& ctx, Creation* creation);
  absl::Status CreateIn(pg::Tx& tx, rpc::CallContext& ctx, absl::Time now, Creation* creation);
  absl::Status SetArchived(rpc::CallContext& ctx, const std::string& product_id, int64_t version,
                           bool archived, v1::Product* response);

  Deps deps_;
};

}  // namespace cloudpos::inventory
