#pragma once

// The fault proxy's control socket (tests/chaos/fault-proxy).

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "boost/json/object.hpp"

namespace cloudpos::chaos {

/// What stands before a process, as `run` started it: gateway, the services' gRPC, each service's
/// way to PostgreSQL, Redis.
extern const std::vector<std::string> kEdges;

class ProxyControl {
 public:
  explicit ProxyControl(std::string path) : path_(std::move(path)) {}

  /// `line` is "NAME MODE [ARGUMENT]"; the proxy's answer.
  absl::StatusOr<boost::json::object> Send(const std::string& line) const;
  absl::Status Heal(const std::string& edge) const { return Send(edge + " heal").status(); }
  /// Connections the current fault of `edge` has hit; negative when the proxy does not answer.
  int64_t Hit(const std::string& edge) const;

 private:
  const std::string path_;
};

}  // namespace cloudpos::chaos
