#pragma once

// Positions in a producer's log, and the opaque bytes consumers keep of them.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace cloudpos::events {

/// Order of the log: events are served in this order, and nothing commits before a position that
/// was served.
struct Position {
  int32_t generation = 0;
  uint64_t txid = 0;
  int64_t seq = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

/// A position and who stands there: `tag` comes from the event's id, so that after a restore
/// another event at the same position is not taken for the one that was read. A cursor that names
/// no event (of a snapshot, or of an end of the log) has seq and tag 0.
struct Cursor {
  Position at;
  uint64_t tag = 0;

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

uint64_t TagOf(const base::Uuid& event_id);

/// One byte of version, the fields big-endian, four bytes of SHA-256.
std::string EncodeCursor(const Cursor& cursor);
/// Empty bytes are the start of the log. CURSOR_LOST for bytes we did not make.
absl::StatusOr<Cursor> DecodeCursor(std::string_view bytes);

}  // namespace cloudpos::events
