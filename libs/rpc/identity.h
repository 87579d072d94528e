#pragma once

// Keeps a token::Verifier supplied: asks auth for keys and revocations every two seconds and keeps
// the last answer in the state folder, so that a restart needs no auth (architecture section 5).

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/rpc/client.h"
#include "libs/token/token.h"

namespace cloudpos::rpc {

class IdentityFeed {
 public:
  struct Options {
    std::string service{};  // who asks; prefixes the metric
    std::shared_ptr<grpc::Channel> auth{};
    std::string state_dir{};
    const base::Clock* clock = nullptr;
    token::Verifier* verifier = nullptr;
  };
  explicit IdentityFeed(Options options);  // loads the kept state, starts asking
  ~IdentityFeed();

  /// Keys are known: tokens can be verified.
  bool has_keys() const;
  /// The revocation list is at most 60 s old.
  bool is_fresh() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::rpc
