#pragma once

// The API description, OpenAPI 3.1, from descriptors, policies and the comments of the protos.

#include <string>

#include "gateway/route_table.h"

namespace cloudpos::gateway {

/// The document as JSON.
std::string MakeOpenApi(const RouteTable& routes);

}  // namespace cloudpos::gateway
