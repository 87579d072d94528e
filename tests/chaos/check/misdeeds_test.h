#pragma once

// Things done wrong from the start, and the rule each breaks.

#include <functional>
#include <vector>

#include "tests/chaos/check/report.h"

namespace cloudpos::chaos {

class Shop;

struct Misdeed {
  Rule rule;
  const char* name;
  std::function<void(Shop&)> act;
};

/// Wrong in the books.
const std::vector<Misdeed>& RecordedWrong();
/// Wrong in what clients are told, whatever the books say.
const std::vector<Misdeed>& AnsweredWrong();
/// Wrong between the two.
const std::vector<Misdeed>& OtherWrongs();

}  // namespace cloudpos::chaos
