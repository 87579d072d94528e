#pragma once

// Documents as a till makes them up.

#include <string>
#include <vector>

#include "tests/chaos/harness/client_log.h"
#include "tests/chaos/harness/dice.h"
#include "tests/chaos/harness/world.h"

namespace cloudpos::chaos {

/// A line of an acknowledged sale that can come back.
struct SoldLine {
  int64_t line_no = 0;
  int64_t quantity_milli = 0;
  int64_t total_minor = 0;
};

struct SoldSale {
  std::string id;
  Till till;
  std::vector<SoldLine> lines;
};

/// A sale of 1 to 5 lines; `expects_price` when one of them states the price it was shown.
Document MakeSale(const World& world, const Till& till, Dice* dice);
/// The same id, another payload: must be refused once the sale is recorded.
Document OtherPayload(const Document& sale);
/// Takes back the whole of one line.
Document MakeReturn(const SoldSale& sale, const SoldLine& line, Dice* dice);
Document MakeAbandon(const std::string& sale_id, const Till& till);

/// What can come back of an acknowledged sale.
SoldSale ReadSold(const std::string& reply_body, const Till& till);

}  // namespace cloudpos::chaos
