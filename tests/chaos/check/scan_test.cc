#include "tests/chaos/check/scan.h"

#include "catch2/catch.hpp"

namespace cloudpos::chaos {
namespace {

std::string MembersOf(std::string_view text) {
  std::string all;
  Members members(text);
  while (members.Next()) {
    all += std::string(members.key()) + (members.is_string() ? "~" : "=") +
           std::string(members.value()) + ";";
  }
  return members.is_bad() ? "bad" : all;
}

TEST_CASE("Members: values as they stand", "[chaos]") {
  CHECK(MembersOf("{}") == "");
  CHECK(MembersOf(R"({"a":1,"b":"x","c":true})") == "a=1;b~x;c=true;");
  CHECK(MembersOf(R"( { "a" : -2 , "b" : null } )") == "a=-2;b=null;");
  CHECK(MembersOf(R"({"a":{"b":[1,{"c":"}]\""}]},"d":[]})") == R"(a={"b":[1,{"c":"}]\""}]};d=[];)");
  CHECK(MembersOf(R"({"a":"\\","b":"\\\"","c":""})") == R"(a~\\;b~\\\";c~;)");
}

TEST_CASE("Members: what is no object is bad", "[chaos]") {
  for (const char* text : {"", "[]", "{", R"({"a")", R"({"a":)", R"({"a":"x)", R"({"a":{)",
                           R"({"a":1)", "{a:1}", R"({"a" 1})"}) {
    INFO(text);
    CHECK(MembersOf(text) == "bad");
  }
}

TEST_CASE("Unescape: every escape of JSON", "[chaos]") {
  std::string out;
  CHECK(Unescape(R"(plain)", &out));
  CHECK(out == "plain");
  CHECK(Unescape(R"(\"\\\/\b\f\n\r\t)", &out));
  CHECK(out == "\"\\/\b\f\n\r\t");
  CHECK(Unescape("\\u0041\\u00e9\\u20ac\\ud83d\\ude00", &out));
  CHECK(out == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  for (const char* text : {R"(\)", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud83d\u0041)"}) {
    INFO(text);
    CHECK(!Unescape(text, &out));
  }
}

}  // namespace
}  // namespace cloudpos::chaos
