#pragma once

// How a device proves itself: codes that enrol it, challenges that it signs. Pure decisions.

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace cloudpos::auth {

constexpr size_t kCodeBytes = 5;  // 40 bits: eight characters
constexpr absl::Duration kCodeLife = absl::Minutes(10);
constexpr absl::Duration kChallengeLife = absl::Seconds(60);
constexpr size_t kNonceBytes = 16;

/// "7K3M-Q0XP" of kCodeBytes random bytes: Crockford's base 32.
std::string MakeEnrolmentCode(std::string_view random);
/// The same spelling of what somebody typed; nullopt when it can be no code.
std::optional<std::string> NormalizeEnrolmentCode(std::string_view typed);

/// What is stored of a device's latest code.
struct EnrolmentCode {
  base::Uuid tenant_id;
  base::Uuid device_id;
  base::Uuid created_by;
  absl::Time expires_at;
  std::string public_key;  // the key it enrolled; empty until used
};

enum class EnrolmentDecision { kEnrol, kReplay, kRefuse };
/// For a code as stored now (nullopt: unknown or replaced) and a key whose possession is proven.
EnrolmentDecision DecideEnrolment(const std::optional<EnrolmentCode>& code, bool is_device_revoked,
                                  std::string_view public_key, absl::Time now);

/// What a device signs.
std::string EnrolmentStatement(std::string_view code);
std::string TokenStatement(std::string_view challenge);

/// A challenge for one device, recognised again by `secret` alone: nothing is stored.
std::string MakeChallenge(std::string_view secret, const base::Uuid& device, absl::Time expires_at,
                          std::string_view nonce);
bool IsChallengeFor(std::string_view secret, const base::Uuid& device, std::string_view challenge,
                    absl::Time now);

}  // namespace cloudpos::auth
