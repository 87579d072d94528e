#pragma once

// UUIDs: every business id of the suite is one, made by whoever creates the thing.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cloudpos::base {

class Uuid {
 public:
  Uuid() = default;  // the nil UUID
  explicit Uuid(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  /// Parses the canonical 36-character form, either case; nullopt for anything else.
  static std::optional<Uuid> Parse(std::string_view text);
  /// Parses `text` as the value of request field `field` (a JSON path): FIELD_REQUIRED when empty,
  /// INVALID_ARGUMENT when not a UUID or nil.
  static absl::StatusOr<Uuid> ParseField(std::string_view text, std::string_view field);

  std::string ToString() const;           // lower case, canonical
  void AppendTo(std::string* out) const;  // the same, at its end
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  bool is_nil() const;

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

/// Where ids come from; passed in so that tests can fix them. Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual Uuid NewId() = 0;
};

/// UUIDv7 (RFC 9562 5.7): Unix milliseconds and their fraction, then 62 bits from the system's
/// random source.
class RandomIdSource : public IdSource {
 public:
  Uuid NewId() override;
};

/// A UUIDv7 derived from data: the time of the document and a SHA-256 of `name`, so that the same
/// input always makes the same id.
Uuid DeriveUuidV7(absl::Time time, std::string_view name);
/// UUIDv5 (RFC 9562 5.5) in namespace `space`.
Uuid DeriveUuidV5(const Uuid& space, std::string_view name);

/// n bytes from the system's cryptographic random source.
std::string RandomBytes(size_t n);

}  // namespace cloudpos::base

template <>
struct std::hash<cloudpos::base::Uuid> {
  size_t operator()(const cloudpos::base::Uuid& id) const noexcept;
};
