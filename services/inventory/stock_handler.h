#pragma once

// StockService (stock.proto): a method per RPC.

#include <utility>

#include "cloudpos/inventory/v1/stock.pb.h"
#include "libs/rpc/server.h"
#include "services/inventory/context.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {

class StockHandler {
 public:
  explicit StockHandler(Deps deps) : deps_(std::move(deps)) {}
  rpc::MethodTable Methods();

  absl::Status ListStockLevels(rpc::CallContext& ctx, const v1::ListStockLevelsRequest& request,
                               v1::ListStockLevelsResponse* response);
  absl::Status ListStockMovements(rpc::CallContext& ctx,
                                  const v1::ListStockMovementsRequest& request,
                                  v1::ListStockMovementsResponse* response);
  absl::Status ListStockLocations(rpc::CallContext& ctx,
                                  const v1::ListStockLocationsRequest& request,
                                  v1::ListStockLocationsResponse* response);
  absl::Status AdjustStock(rpc::CallContext& ctx, const v1::AdjustStockRequest& request,
                           v1::StockAdjustment* response);

 private:
  /// The stores and variant of a list's request, limited to what the caller may read.
  absl::StatusOr<StockFilter> ReadFilter(rpc::CallContext& ctx, const std::string& store_id,
                                         const std::string& variant_id);
  absl::Status Record(rpc::CallContext& ctx, Adjustment* adjustment, bool* is_replay);

  Deps deps_;
};

}  // namespace cloudpos::inventory
