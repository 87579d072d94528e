#include "libs/events/cursor.h"

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace cloudpos::events {
namespace {

constexpr char kVersion = 1;
constexpr size_t kBody = 1 + 4 + 8 + 8 + 8;
constexpr size_t kChecksum = 4;

void PutBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

uint64_t TakeBigEndian(std::string_view* in, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>((*in)[i]);
  in->remove_prefix(bytes);
  return value;
}

}  // namespace

uint64_t TagOf(const base::Uuid& event_id) {
  uint64_t tag = 0;  // the last eight bytes: random in every version we make
  for (size_t i = 8; i < 16; ++i) tag = tag << 8 | event_id.bytes()[i];
  return tag;
}

std::string EncodeCursor(const Cursor& cursor) {
  std::string out(1, kVersion);
  PutBigEndian(static_cast<uint32_t>(cursor.at.generation), 4, &out);
  PutBigEndian(cursor.at.txid, 8, &out);
  PutBigEndian(static_cast<uint64_t>(cursor.at.seq), 8, &out);
  PutBigEndian(cursor.tag, 8, &out);
  return out + base::Sha256(out).substr(0, kChecksum);
}

absl::StatusOr<Cursor> DecodeCursor(std::string_view bytes) {
  if (bytes.empty()) return Cursor{};
  if (bytes.size() != kBody + kChecksum || bytes[0] != kVersion ||
      base::Sha256(bytes.substr(0, kBody)).substr(0, kChecksum) != bytes.substr(kBody)) {
    return base::Fail(base::ErrorCode::CURSOR_LOST, "the cursor was not made by this producer");
  }
  std::string_view rest = bytes.substr(1);
  Cursor cursor;
  cursor.at.generation = static_cast<int32_t>(TakeBigEndian(&rest, 4));
  cursor.at.txid = TakeBigEndian(&rest, 8);
  cursor.at.seq = static_cast<int64_t>(TakeBigEndian(&rest, 8));
  cursor.tag = TakeBigEndian(&rest, 8);
  return cursor;
}

}  // namespace cloudpos::events
