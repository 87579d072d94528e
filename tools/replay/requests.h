#pragma once

// A plan as requests to the REST API. Pure.

#include <map>
#include <string>
#include <vector>

#include "boost/json/object.hpp"
#include "libs/base/ids.h"
#include "tools/replay/plan.h"

namespace cloudpos::replay {

/// Where replays go.
struct Place {
  std::string store_id;
  std::string register_id;
};

/// A variant that exists already.
struct KnownVariant {
  std::string variant_id;
  std::string product_id;
};
/// By SKU.
using Known = std::map<std::string, KnownVariant, std::less<>>;

struct Request {
  std::string path;
  boost::json::object body;
};

/// POST /v1/products:batchCreate and /v1/products/{id}/variants for what is not known yet.
std::vector<Request> ProductRequests(const Plan& plan, const Known& known);

/// POST /v1/sales, /v1/returns or /v1/stock/adjustments.
Request DocumentRequest(const Plan& plan, const Document& document, const Place& place,
                        const Known& known);

}  // namespace cloudpos::replay
