#include "libs/base/ids.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

using Bytes16 = std::array<uint8_t, 16>;

void SetVersion(Bytes16* bytes, uint8_t version) {
  (*bytes)[6] = static_cast<uint8_t>(((*bytes)[6] & 0x0f) | version << 4);
  (*bytes)[8] = static_cast<uint8_t>(((*bytes)[8] & 0x3f) | 0x80);
}

void PutMillis(Bytes16* bytes, uint64_t millis) {
  for (size_t i = 0; i < 6; ++i) (*bytes)[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
}

// Without randomness ids and secrets would repeat: nothing sensible can be done but stop.
void FillRandom(uint8_t* out, size_t size) {
  if (RAND_bytes(out, static_cast<int>(size)) == 1) return;
  std::fputs("fatal: the system's random source failed\n", stderr);
  std::abort();
}

// A child of fork must not hand out what is left in its parent's buffers.
std::atomic<uint32_t> fork_count{0};

void WatchForks() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { ++fork_count; }); });
}

// Random bytes in stock per thread: one call into OpenSSL serves a hundred ids.
class RandomStock {
 public:
  RandomStock() { WatchForks(); }

  void Take(uint8_t* out, size_t size) {
    const uint32_t forks = fork_count.load(std::memory_order_relaxed);
    if (used_ + size > bytes_.size() || forks != forks_) {
      FillRandom(bytes_.data(), bytes_.size());
      used_ = 0;
      forks_ = forks;
    }
    std::memcpy(out, bytes_.data() + used_, size);
    used_ += size;
  }

 private:
  std::array<uint8_t, 1024> bytes_;
  size_t used_ = sizeof(bytes_);
  uint32_t forks_ = 0;
};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool IsDashAt(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Bytes16 bytes{};
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDashAt(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    uint8_t& byte = bytes[digits / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
    ++digits;
  }
  return Uuid(bytes);
}

absl::StatusOr<Uuid> Uuid::ParseField(std::string_view text, std::string_view field) {
  if (text.empty()) return Fail(common::v1::FIELD_REQUIRED, field, "is required");
  const auto id = Parse(text);
  if (!id) return Fail(common::v1::INVALID_ARGUMENT, field, "must be a UUID");
  if (id->is_nil()) return Fail(common::v1::INVALID_ARGUMENT, field, "must not be the nil UUID");
  return *id;
}

std::string Uuid::ToString() const {
  std::string text;
  AppendTo(&text);
  return text;
}

void Uuid::AppendTo(std::string* out) const {
  constexpr char kHex[] = "0123456789abcdef";
  const size_t begin = out->size();
  out->append(36, '-');
  char* text = out->data() + begin;
  size_t at = 0;
  for (const uint8_t byte : bytes_) {
    if (IsDashAt(at)) ++at;
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 15];
  }
}

bool Uuid::is_nil() const { return bytes_ == Bytes16{}; }

// The 12 bits after the milliseconds are their fraction (RFC 9562 6.2, method 3), so that ids of
// one process sort by time within a few hundred nanoseconds and index pages stay warm.
Uuid RandomIdSource::NewId() {
  thread_local RandomStock stock;
  Bytes16 bytes;
  stock.Take(bytes.data() + 8, 8);
  const auto nanos = static_cast<uint64_t>(absl::ToUnixNanos(SystemClock().Now()));
  PutMillis(&bytes, nanos / 1'000'000);
  const uint64_t fraction = nanos % 1'000'000 * 4096 / 1'000'000;
  bytes[6] = static_cast<uint8_t>(fraction >> 8);
  bytes[7] = static_cast<uint8_t>(fraction);
  SetVersion(&bytes, 7);
  return Uuid(bytes);
}

Uuid DeriveUuidV7(absl::Time time, std::string_view name) {
  const std::string digest = Sha256(name);
  Bytes16 bytes;
  std::memcpy(bytes.data(), digest.data(), bytes.size());
  PutMillis(&bytes, static_cast<uint64_t>(absl::ToUnixMillis(time)));
  SetVersion(&bytes, 7);
  return Uuid(bytes);
}

Uuid DeriveUuidV5(const Uuid& space, std::string_view name) {
  std::string input(reinterpret_cast<const char*>(space.bytes().data()), space.bytes().size());
  input.append(name);
  uint8_t digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const uint8_t*>(input.data()), input.size(), digest);
  Bytes16 bytes;
  std::memcpy(bytes.data(), digest, bytes.size());
  SetVersion(&bytes, 5);
  return Uuid(bytes);
}

std::string RandomBytes(size_t n) {
  std::string bytes(n, '\0');
  FillRandom(reinterpret_cast<uint8_t*>(bytes.data()), n);
  return bytes;
}

}  // namespace cloudpos::base

size_t std::hash<cloudpos::base::Uuid>::operator()(const cloudpos::base::Uuid& id) const noexcept {
  uint64_t high = 0;
  uint64_t low = 0;
  std::memcpy(&high, id.bytes().data(), sizeof(high));
  std::memcpy(&low, id.bytes().data() + sizeof(high), sizeof(low));
  // The high half is mostly time: multiply it apart before mixing.
  const uint64_t mixed = (high * 0x9e3779b97f4a7c15) ^ low;
  return static_cast<size_t>(mixed ^ mixed >> 32);
}
