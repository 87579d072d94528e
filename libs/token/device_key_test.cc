#include "libs/token/device_key.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/token/token.h"

namespace cloudpos::token {
namespace {

std::string Hex(std::string_view text) { return base::HexDecode(text).value(); }

// RFC 6979 appendix A.2.5: P-256 with SHA-256, message "sample".
constexpr char kPoint[] =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr char kSignature[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
// The order of the group, and r of the signature above with s replaced by order - s.
constexpr char kOrder[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr char kOtherS[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";

}  // namespace

TEST_CASE("VerifyP256: a published signature and nothing near it", "[token]") {
  const std::string point = Hex(kPoint);
  const std::string signature = Hex(kSignature);
  CHECK(VerifyP256(point, "sample", signature));
  CHECK(VerifyP256(point, "sample", Hex(kOtherS)));
  CHECK_FALSE(VerifyP256(point, "sampl", signature));
  CHECK_FALSE(VerifyP256(point, "", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(VerifyP256(point, "sample", changed));
  }
  CHECK_FALSE(VerifyP256(point, "sample", signature.substr(1)));
  CHECK_FALSE(VerifyP256(point, "sample", signature + '\0'));
  CHECK_FALSE(VerifyP256(point, "sample", ""));
  CHECK_FALSE(VerifyP256(DeviceKey::Generate().public_point(), "sample", signature));
}

TEST_CASE("VerifyP256: numbers out of range are no signature", "[token]") {
  const std::string point = Hex(kPoint);
  const std::string zero(32, '\0');
  const std::string order = Hex(kOrder);
  const std::string all(32, '\xff');
  const std::string r = Hex(kSignature).substr(0, 32);
  const std::string s = Hex(kSignature).substr(32);
  for (const std::string& bad : {zero, order, all}) {
    CHECK_FALSE(VerifyP256(point, "sample", bad + s));
    CHECK_FALSE(VerifyP256(point, "sample", r + bad));
    CHECK_FALSE(VerifyP256(point, "sample", bad + bad));
  }
}

TEST_CASE("IsP256Point: 65 bytes of a point on the curve", "[token]") {
  const std::string point = Hex(kPoint);
  CHECK(IsP256Point(point));
  for (const size_t at : {size_t{1}, size_t{32}, size_t{33}, size_t{64}}) {
    std::string off = point;
    off[at] = static_cast<char>(off[at] ^ 1);
    CHECK_FALSE(IsP256Point(off));
    CHECK_FALSE(VerifyP256(off, "sample", Hex(kSignature)));
  }
  CHECK_FALSE(IsP256Point(""));
  CHECK_FALSE(IsP256Point(std::string(1, '\0')));  // infinity, as OpenSSL writes it
  CHECK_FALSE(IsP256Point(std::string(65, '\0')));
  CHECK_FALSE(IsP256Point("\x04" + std::string(64, '\0')));
  CHECK_FALSE(IsP256Point("\x04" + std::string(64, '\xff')));
  CHECK_FALSE(IsP256Point(point.substr(0, 64)));
  CHECK_FALSE(IsP256Point(point + '\0'));
  CHECK_FALSE(IsP256Point("\x02" + point.substr(1, 32)));  // the compressed form
  CHECK_FALSE(IsP256Point("\x06" + point.substr(1)));      // the hybrid form
  CHECK_FALSE(IsP256Point("\x03" + point.substr(1)));
}

TEST_CASE("DeviceKey: signs what VerifyP256 accepts, and survives its PEM form", "[token]") {
  const DeviceKey key = DeviceKey::Generate();
  REQUIRE(key.public_point().size() == kP256PointBytes);
  const auto again = DeviceKey::FromPem(key.ToPem());
  REQUIRE(again.ok());
  CHECK(again->public_point() == key.public_point());
  // Often enough that a short r or s, which must be padded, occurs.
  for (int i = 0; i < 1000; ++i) {
    const std::string message = "entry " + std::to_string(i);
    const std::string signature = again->Sign(message);
    REQUIRE(signature.size() == kP256SignatureBytes);
    REQUIRE(VerifyP256(key.public_point(), message, signature));
  }
  CHECK(key.public_point() != DeviceKey::Generate().public_point());
}

TEST_CASE("DeviceKey: other keys are refused", "[token]") {
  CHECK_FALSE(DeviceKey::FromPem("").ok());
  CHECK_FALSE(DeviceKey::FromPem("-----BEGIN PRIVATE KEY-----\n").ok());
  CHECK(base::CodeOf(DeviceKey::FromPem(GenerateKeyPem()).status()) ==
        common::v1::INVALID_ARGUMENT);
}

}  // namespace cloudpos::token
