#pragma once

// Prices of a store are in the store's currency.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/rpc/server.h"
#include "services/inventory/context.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

/// Collects the prices of a request and checks them against their stores with one look-up.
class PriceCheck {
 public:
  /// `prices` live as long as the check; `field` is the path of the list.
  void Add(const std::vector<Price>& prices, std::string field);
  /// NOT_FOUND (store), CURRENCY_MISMATCH. Before the transaction: auth may be asked.
  absl::Status Run(const Deps& deps, const rpc::CallContext& ctx) const;

 private:
  struct List {
    const std::vector<Price>* prices;
    std::string field;
  };
  std::vector<List> lists_;
};

}  // namespace cloudpos::inventory
