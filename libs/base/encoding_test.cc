#include "libs/base/encoding.h"

#include <catch2/catch.hpp>

namespace cloudpos::base {
namespace {

TEST_CASE("Hex: both ways, either case in, lower case out", "[base]") {
  CHECK(HexEncode(std::string("\x00\xff\x1a", 3)) == "00ff1a");
  CHECK(HexDecode("00FF1a") == std::string("\x00\xff\x1a", 3));
  CHECK(HexDecode("") == "");
  CHECK_FALSE(HexDecode("0"));
  for (const char* wrong :
       {"0g", "g0", "0\x80", "\xff\xff", "00g000", "0000 0", "0x", "//", "::", "@@", "``"}) {
    INFO(wrong);
    CHECK_FALSE(HexDecode(wrong));
  }
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  CHECK(HexDecode(HexEncode(all)) == all);
  std::string appended = "x";
  AppendHex("\x01\xab", &appended);
  CHECK(appended == "x01ab");
}

TEST_CASE("Base64: RFC 4648 section 10", "[base]") {
  const struct {
    const char* plain;
    const char* coded;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"}};
  for (const auto& row : rows) {
    CHECK(Base64Encode(row.plain) == row.coded);
    CHECK(Base64Decode(row.coded) == row.plain);
    std::string bare = row.coded;
    while (bare.ends_with('=')) bare.pop_back();
    CHECK(Base64UrlEncode(row.plain) == bare);
    CHECK(Base64UrlDecode(bare) == row.plain);
  }
  CHECK(Base64UrlEncode("\xfb\xff") == "-_8");
  CHECK(Base64Encode("\xfb\xff") == "+/8=");
}

TEST_CASE("Base64: one value has one text", "[base]") {
  for (const char* text : {"Zh==", "Zg=", "Zg", "Z===", "====", "Zm9v=", "Zm 9", "Zm9-"}) {
    INFO(text);
    CHECK_FALSE(Base64Decode(text));
  }
  for (const char* text : {"Zh", "Zg==", "Z", "Zm9+", "Zm9v\n"}) {
    INFO(text);
    CHECK_FALSE(Base64UrlDecode(text));
  }
}

TEST_CASE("Digests: published vectors", "[base]") {
  CHECK(HexEncode(Sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(ConstantTimeEqual("abc", "abc"));
  CHECK(ConstantTimeEqual("", ""));
  CHECK_FALSE(ConstantTimeEqual("abc", "abd"));
  CHECK_FALSE(ConstantTimeEqual("abc", "abcd"));
}

TEST_CASE("IsValidUtf8: shortest forms of scalar values only", "[base]") {
  for (const char* text : {"", "plain ascii, longer than eight bytes", "caf\xc3\xa9",
                           "\xe2\x82\xac", "\xf0\x9f\x9b\x92", "12345678\xc3\xa9", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    INFO(text);
    CHECK(IsValidUtf8(text));
  }
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe2\x82",
                           "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xff", "12345678\xff", "\xc3\x28", "1234567\xc3"}) {
    CHECK_FALSE(IsValidUtf8(text));
  }
}

TEST_CASE("IsPrintableText: visible, without control characters", "[base]") {
  CHECK(IsPrintableText("Caf\xc3\xa9 \xf0\x9f\x9b\x92"));
  for (const char* text : {"", "   ", "a\nb", "a\tb", "\x7f", "a\xc2\x85", "a\xe2\x80\xa8",
                           "\xc2\xa0\xe3\x80\x80", "\xe2\x80\x8b", "\xff"}) {
    INFO(text);
    CHECK_FALSE(IsPrintableText(text));
  }
}

TEST_CASE("Utf8Length: counts code points", "[base]") {
  CHECK(Utf8Length("") == 0);
  CHECK(Utf8Length("caf\xc3\xa9\xf0\x9f\x9b\x92") == 5);
}

}  // namespace
}  // namespace cloudpos::base
