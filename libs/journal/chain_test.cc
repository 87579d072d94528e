#include "libs/journal/chain.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/journal/sha256_blocks.h"

namespace cloudpos::journal {

TEST_CASE("Sha256: NIST vectors (FIPS 180-4 examples, CAVP)", "[journal][domain]") {
  const auto hex = [](std::string_view bytes) { return ToHex(Sha256Of(bytes)); };
  CHECK(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(
      hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopq"
          "rlmnopqrsmnopqrstnopqrstu") ==
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hex("\xd3") == "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
}

TEST_CASE("Sha256: any cut of the input gives the same hash", "[journal][domain]") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes.push_back(static_cast<char>(i * 7));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view all = std::string_view(bytes).substr(0, size);
    const Hash whole = Sha256Of(all);
    for (const std::size_t cut : {size / 3, size / 2, size}) {
      Sha256 sha;
      sha.Update(all.substr(0, cut));
      sha.Update(all.substr(cut));
      REQUIRE(sha.Finish() == whole);
    }
  }
}

TEST_CASE("Sha256: the processor's instructions and the portable code agree", "[journal][domain]") {
  if (!HasShaInstructions()) WARN("no SHA instructions here: the portable code was compared alone");
  std::array<std::uint8_t, 320> blocks{};
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = static_cast<std::uint8_t>(i * 37 + 5);
  for (std::size_t count = 1; count <= 5; ++count) {
    Sha256State portable = {1, 2, 3, 4, 5, 6, 7, 0xffffffff};
    Sha256State native = portable;
    CompressPortable(blocks.data(), count, &portable);
    if (HasShaInstructions()) {
      CompressNative(blocks.data(), count, &native);
      CHECK(native == portable);
    }
  }
}

TEST_CASE("ParseHash: accepts 64 lower-case digits only", "[journal][domain]") {
  Hash hash;
  CHECK(ParseHash(std::string(64, 'a'), &hash));
  CHECK(hash[31] == 0xaa);
  CHECK_FALSE(ParseHash(std::string(64, 'A'), &hash));
  CHECK_FALSE(ParseHash(std::string(62, 'a'), &hash));
  CHECK_FALSE(ParseHash(std::string(63, 'a'), &hash));
  CHECK_FALSE(ParseHash(std::string(63, 'a') + "g", &hash));
}

TEST_CASE("ChainHash: V66", "[journal][domain]") {
  const Hash first = ChainHash(1, kGenesis, "a");
  CHECK(ToHex(first) == "621f7a888cc222bbe775354e7a916507cd3b32a94e747a770e6e1339c25aa90e");
  const Hash second = ChainHash(2, first, "b");
  CHECK(ToHex(second) == "7b83ed0398239af4374a5f9d144bc57e75f0f73ea97f12c48fbcdca0443b3a1f");
  CHECK(ChainHashOf(2, first, Sha256Of("b")) == second);
}

}  // namespace cloudpos::journal
