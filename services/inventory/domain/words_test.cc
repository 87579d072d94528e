#include "services/inventory/domain/words.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace cloudpos::inventory {
namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("WordsOf: case, accents and punctuation do not matter", "[inventory][domain]") {
  CHECK(WordsOf("WHITE metal-LANTERN, white") == Words{"white", "metal", "lantern"});
  CHECK(WordsOf("Crème Brûlée") == Words{"creme", "brulee"});
  CHECK(WordsOf("cafe\xCC\x81") == Words{"cafe"});  // e and a combining accent
  CHECK(WordsOf("Straße Œuvre Łódź Ærø") == Words{"strasse", "oeuvre", "lodz", "aero"});
  CHECK(WordsOf("ЧАЙ ΤΣΑΙ 茶") == Words{"чай", "τσαι", "茶"});
  CHECK(WordsOf("7\" × 3½") == Words{"7", "3"});
  CHECK(WordsOf(" \t—…") == Words{});
  CHECK(WordsOf(std::string(500, 'a'))[0].size() == kWordBytesMax);
}

TEST_CASE("WordsOf: bytes that are no UTF-8 do no harm", "[inventory][domain]") {
  for (int first = 0; first < 256; ++first) {
    for (const char* rest : {"", "a", "\x80", "\xff\xff\xff"}) {
      const std::string text = std::string(1, static_cast<char>(first)) + rest;
      for (const std::string& word : WordsOf(text)) CHECK(GramsOf(word).size() >= 1);
    }
  }
}

TEST_CASE("GramsOf: three letters in a row, ends marked", "[inventory][domain]") {
  CHECK(GramsOf("tea") == Words{"  t", " te", "tea", "ea "});
  CHECK(GramsOf("é") == Words{"  é", " é "});
}

TEST_CASE("IsNear: slips of the key", "[inventory][domain]") {
  CHECK(IsNear("lantern", "lantern", 0));
  CHECK(IsNear("lantren", "lantern", 1));   // swapped
  CHECK(IsNear("lanern", "lantern", 1));    // left out
  CHECK(IsNear("lanttern", "lantern", 1));  // added
  CHECK(IsNear("lamtern", "lantern", 1));   // changed
  CHECK_FALSE(IsNear("lamtren", "lantern", 1));
  CHECK(IsNear("lamtren", "lantern", 2));
  CHECK_FALSE(IsNear("", "ab", 1));
  CHECK(IsNear("", "", 0));
  CHECK(IsNear("кофэ", "кофе", 1));  // letters, not bytes
}

TEST_CASE("SlipsAllowed: by length, and none in numbers", "[inventory][domain]") {
  CHECK(SlipsAllowed("tea") == 0);
  CHECK(SlipsAllowed("mugs") == 1);
  CHECK(SlipsAllowed("lantern") == 1);
  CHECK(SlipsAllowed("lanterns") == 2);
  CHECK(SlipsAllowed("4006381333931") == 0);
}

TEST_CASE("ScoreOf: whole words before beginnings before categories before slips",
          "[inventory][domain]") {
  const SearchDocument lantern{
      .words = {"white", "metal", "lantern"}, .categories = {"garden"}, .length = 19};
  const int whole = ScoreOf({"lantern"}, lantern);
  const int beginning = ScoreOf({"lant"}, lantern);
  const int category = ScoreOf({"gard"}, lantern);
  const int slip = ScoreOf({"lantren"}, lantern);
  CHECK(whole > beginning);
  CHECK(beginning > category);
  CHECK(category > slip);
  CHECK(slip > 0);
  CHECK(ScoreOf({"white", "lantern"}, lantern) > whole);
  CHECK(ScoreOf({"white", "kettle"}, lantern) == 0);
}

}  // namespace cloudpos::inventory
