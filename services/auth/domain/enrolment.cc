#include "services/auth/domain/enrolment.h"

#include "libs/base/encoding.h"

namespace cloudpos::auth {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kCodeCharacters = kCodeBytes * 8 / 5;
constexpr size_t kTimeBytes = 8;
constexpr size_t kMacBytes = 32;

std::string Hyphenated(std::string text) { return text.insert(kCodeCharacters / 2, "-"); }

/// The character that Crockford's rules take `c` for.
char Read(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return c;
}

std::string BigEndian(absl::Time time) {
  const auto micros = static_cast<uint64_t>(absl::ToUnixMicros(time));
  std::string bytes;
  for (size_t i = 0; i < kTimeBytes; ++i) {
    bytes.push_back(static_cast<char>(micros >> 8 * (kTimeBytes - 1 - i) & 0xff));
  }
  return bytes;
}

absl::Time ReadTime(std::string_view bytes) {
  uint64_t micros = 0;
  for (const char c : bytes) micros = micros << 8 | static_cast<unsigned char>(c);
  return absl::FromUnixMicros(static_cast<int64_t>(micros));
}

std::string Mac(std::string_view secret, const base::Uuid& device, std::string_view body) {
  return base::HmacSha256(secret, "challenge/1\n" + device.ToString() + std::string(body));
}

}  // namespace

std::string MakeEnrolmentCode(std::string_view random) {
  uint64_t bits = 0;
  for (const char c : random.substr(0, kCodeBytes)) {
    bits = bits << 8 | static_cast<unsigned char>(c);
  }
  std::string text;
  for (size_t i = 0; i < kCodeCharacters; ++i) {
    text.push_back(kAlphabet[bits >> 5 * (kCodeCharacters - 1 - i) & 31]);
  }
  return Hyphenated(std::move(text));
}

std::optional<std::string> NormalizeEnrolmentCode(std::string_view typed) {
  std::string text;
  for (const char c : typed) {
    if (c == '-' || c == ' ') continue;
    const char read = Read(c);
    if (kAlphabet.find(read) == std::string_view::npos) return std::nullopt;
    if (text.size() == kCodeCharacters) return std::nullopt;
    text.push_back(read);
  }
  if (text.size() != kCodeCharacters) return std::nullopt;
  return Hyphenated(std::move(text));
}

EnrolmentDecision DecideEnrolment(const std::optional<EnrolmentCode>& code, bool is_device_revoked,
                                  std::string_view public_key, absl::Time now) {
  if (!code || is_device_revoked || now >= code->expires_at) return EnrolmentDecision::kRefuse;
  if (code->public_key.empty()) return EnrolmentDecision::kEnrol;
  return code->public_key == public_key ? EnrolmentDecision::kReplay : EnrolmentDecision::kRefuse;
}

std::string EnrolmentStatement(std::string_view code) {
  return "cloudpos-enrol/1\n" + std::string(code);
}

std::string TokenStatement(std::string_view challenge) {
  return "cloudpos-device-token/1\n" + std::string(challenge);
}

std::string MakeChallenge(std::string_view secret, const base::Uuid& device, absl::Time expires_at,
                          std::string_view nonce) {
  const std::string body = BigEndian(expires_at) + std::string(nonce);
  return body + Mac(secret, device, body);
}

bool IsChallengeFor(std::string_view secret, const base::Uuid& device, std::string_view challenge,
                    absl::Time now) {
  if (challenge.size() != kTimeBytes + kNonceBytes + kMacBytes) return false;
  const std::string_view body = challenge.substr(0, kTimeBytes + kNonceBytes);
  return base::ConstantTimeEqual(Mac(secret, device, body), challenge.substr(body.size())) &&
         now < ReadTime(body.substr(0, kTimeBytes));
}

}  // namespace cloudpos::auth
