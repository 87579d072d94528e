#pragma once

// The cases in cases/*.txt (README.md says how they are written).

#include <filesystem>
#include <string>
#include <vector>

namespace cloudpos::framing {

struct Expected {
  int status = 0;
  std::string text;  // what the server understood; empty: nothing to compare
  bool is_head = false;
};

struct Case {
  enum class End { kOpen, kClosed, kWaits };

  std::string name;   // "02-lengths: length and chunked"
  std::string bytes;  // what is sent
  std::vector<Expected> replies;
  End end = End::kOpen;
};

/// Of all files of `folder`, in order. Throws std::runtime_error with file and line when one is
/// malformed.
std::vector<Case> ReadCases(const std::filesystem::path& folder);

}  // namespace cloudpos::framing
