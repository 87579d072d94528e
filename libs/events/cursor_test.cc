#include "libs/events/cursor.h"

#include "catch2/catch.hpp"
#include "libs/base/error.h"

namespace cloudpos::events {

TEST_CASE("Cursor: what is encoded comes back", "[events][domain]") {
  const Cursor cursor{{.generation = 7, .txid = 0xfedcba9876543210, .seq = 1LL << 40},
                      0x0123456789abcdef};
  CHECK(*DecodeCursor(EncodeCursor(cursor)) == cursor);
  CHECK(*DecodeCursor("") == Cursor{});
}

TEST_CASE("Cursor: bytes of others and flipped bits are refused", "[events][domain]") {
  const std::string bytes = EncodeCursor({{1, 2, 3}, 4});
  CHECK(base::CodeOf(DecodeCursor("5").status()) == base::ErrorCode::CURSOR_LOST);
  CHECK_FALSE(DecodeCursor(bytes + "x").ok());
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    CHECK_FALSE(DecodeCursor(flipped).ok());
  }
}

TEST_CASE("Position: generation, then transaction, then sequence", "[events][domain]") {
  CHECK(Position{1, 900, 9} < Position{2, 5, 1});
  CHECK(Position{1, 5, 900} < Position{1, 6, 1});
  CHECK(Position{1, 5, 1} < Position{1, 5, 2});
}

}  // namespace cloudpos::events
