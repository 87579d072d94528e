#include "libs/base/page.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

using namespace common::v1;  // error codes

TEST_CASE("Page tokens: belong to one list", "[base]") {
  CHECK(*PageSize(0) == 50);
  CHECK(*PageSize(200) == 200);
  CHECK(CodeOf(PageSize(201).status()) == OUT_OF_RANGE);
  CHECK(CodeOf(PageSize(-1).status()) == OUT_OF_RANGE);
  const std::string token = MakePageToken("stores", {"S1", "x"});
  CHECK(*ParsePageToken(token, "stores", 2) == std::vector<std::string>{"S1", "x"});
  CHECK(ParsePageToken("", "stores", 2)->empty());
  CHECK(CodeOf(ParsePageToken(token, "roles", 2).status()) == INVALID_PAGE_TOKEN);
  CHECK(CodeOf(ParsePageToken(token, "stores", 1).status()) == INVALID_PAGE_TOKEN);
  CHECK(CodeOf(ParsePageToken("%%", "stores", 2).status()) == INVALID_PAGE_TOKEN);
  const std::string nul = MakePageToken("stores", {std::string("a\0b", 3), "x"});
  CHECK(CodeOf(ParsePageToken(nul, "stores", 2).status()) == INVALID_PAGE_TOKEN);
}

}  // namespace
}  // namespace cloudpos::base
