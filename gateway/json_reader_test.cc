// What the JSON reader refuses, each with its code and the path of the field.

#include "gateway/json_reader.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <random>

#include "cloudpos/toy/v1/toy.pb.h"
#include "gateway/json_writer.h"
#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

using common::v1::ErrorCode;

struct Refusal {
  std::string json;
  ErrorCode code;
  std::string field;
};

std::string Repeat(const std::string& text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

std::vector<Refusal> Refusals() {
  using namespace common::v1;
  return {
      {"", MALFORMED_JSON, ""},
      {"{", MALFORMED_JSON, ""},
      {"{} {}", MALFORMED_JSON, ""},
      {"{}x", MALFORMED_JSON, ""},
      {"{\"aBool\":true,}", MALFORMED_JSON, ""},
      {"{'aBool':true}", MALFORMED_JSON, ""},
      {"{aBool:true}", MALFORMED_JSON, ""},
      {"{/* no */\"aBool\":true}", MALFORMED_JSON, ""},
      {"{\"aString\":\"\xff\"}", MALFORMED_JSON, ""},
      {"{\"aString\":\"\xc0\x80\"}", MALFORMED_JSON, ""},
      {"{\"aString\":\"\xed\xa0\x80\"}", MALFORMED_JSON, ""},
      {"{\"aString\":\"\\ud800\"}", MALFORMED_JSON, ""},
      {"{\"aString\":\"\n\"}", MALFORMED_JSON, ""},
      {"\xEF\xBB\xBF{}", MALFORMED_JSON, ""},
      {"{\"anInt32\":01}", MALFORMED_JSON, ""},
      {"{\"anInt32\":+1}", MALFORMED_JSON, ""},
      {"{\"aDouble\":NaN}", MALFORMED_JSON, ""},
      {"{\"aBool\":true,\"aBool\":true}", MALFORMED_JSON, "aBool"},
      {"{\"byText\":{\"a\":\"1\",\"a\":\"2\"}}", MALFORMED_JSON, "byText.a"},
      {"{\"structure\":{\"a\":1,\"a\":2}}", MALFORMED_JSON, "structure.a"},
      {Repeat("[", 33) + Repeat("]", 33), LIMIT_EXCEEDED, ""},
      {"{\"int64s\":[" + Repeat("1,", 10000) + "1]}", LIMIT_EXCEEDED, ""},
      {"{\"aDouble\":1" + Repeat("0", 32) + "}", LIMIT_EXCEEDED, ""},
      {"[]", WRONG_TYPE, ""},
      {"null", WRONG_TYPE, ""},
      {"{\"nothing\":1}", UNKNOWN_FIELD, "nothing"},
      {"{\"a_bool\":true}", UNKNOWN_FIELD, "a_bool"},
      {"{\"\":true}", UNKNOWN_FIELD, ""},
      {"{\"parts\":[{},{\"sku\":\"a\",\"x\":1}]}", UNKNOWN_FIELD, "parts[1].x"},
      {"{\"child\":{\"child\":{\"nope\":1}}}", UNKNOWN_FIELD, "child.child.nope"},
      {"{\"renamed\":\"x\"}", UNKNOWN_FIELD, "renamed"},
      {"{\"aBool\":\"true\"}", WRONG_TYPE, "aBool"},
      {"{\"aBool\":1}", WRONG_TYPE, "aBool"},
      {"{\"aString\":1}", WRONG_TYPE, "aString"},
      {"{\"anInt32\":1.5}", WRONG_TYPE, "anInt32"},
      {"{\"anInt32\":\"1.5\"}", WRONG_TYPE, "anInt32"},
      {"{\"anInt32\":\"\"}", WRONG_TYPE, "anInt32"},
      {"{\"anInt32\":\" 1\"}", WRONG_TYPE, "anInt32"},
      {"{\"anInt32\":true}", WRONG_TYPE, "anInt32"},
      {"{\"parts\":{}}", WRONG_TYPE, "parts"},
      {"{\"parts\":[null]}", WRONG_TYPE, "parts[0]"},
      {"{\"parts\":[1]}", WRONG_TYPE, "parts[0]"},
      {"{\"byText\":[]}", WRONG_TYPE, "byText"},
      {"{\"byText\":{\"a\":1}}", WRONG_TYPE, "byText[\"a\"]"},
      {"{\"byInt\":{\"x\":{}}}", WRONG_TYPE, "byInt[\"x\"]"},
      {"{\"byBool\":{\"yes\":1}}", WRONG_TYPE, "byBool[\"yes\"]"},
      {"{\"child\":\"x\"}", WRONG_TYPE, "child"},
      {"{\"colour\":1}", WRONG_TYPE, "colour"},
      {"{\"timestamp\":1}", WRONG_TYPE, "timestamp"},
      {"{\"anInt32\":2147483648}", OUT_OF_RANGE, "anInt32"},
      {"{\"anInt32\":-2147483649}", OUT_OF_RANGE, "anInt32"},
      {"{\"aUint32\":-1}", OUT_OF_RANGE, "aUint32"},
      {"{\"aUint32\":4294967296}", OUT_OF_RANGE, "aUint32"},
      {"{\"anInt64\":9007199254740992}", OUT_OF_RANGE, "anInt64"},
      {"{\"anInt64\":-9007199254740992}", OUT_OF_RANGE, "anInt64"},
      {"{\"anInt64\":\"9223372036854775808\"}", OUT_OF_RANGE, "anInt64"},
      {"{\"anInt64\":99999999999999999999}", OUT_OF_RANGE, "anInt64"},
      {"{\"anInt64\":1e30}", OUT_OF_RANGE, "anInt64"},
      {"{\"anInt64\":-1e18}", OUT_OF_RANGE, "anInt64"},
      {"{\"aUint64\":18446744073709551616}", OUT_OF_RANGE, "aUint64"},
      {"{\"aDouble\":1e999}", OUT_OF_RANGE, "aDouble"},
      {"{\"aFloat\":1e39}", OUT_OF_RANGE, "aFloat"},
      {"{\"int64s\":[1,2,99999999999999999]}", OUT_OF_RANGE, "int64s[2]"},
      {"{\"int64Value\":9007199254740992}", OUT_OF_RANGE, "int64Value"},
      {"{\"colour\":\"PINK\"}", INVALID_ARGUMENT, "colour"},
      {"{\"someBytes\":\"*\"}", INVALID_ARGUMENT, "someBytes"},
      {"{\"someBytes\":\"QQ=\"}", INVALID_ARGUMENT, "someBytes"},
      {"{\"aString\":\"a\\u0000b\"}", INVALID_ARGUMENT, "aString"},
      {"{\"timestamp\":\"yesterday\"}", INVALID_ARGUMENT, "timestamp"},
      {"{\"timestamp\":\"2026-02-30T00:00:00Z\"}", INVALID_ARGUMENT, "timestamp"},
      {"{\"timestamp\":\"2026-01-05T10:00:00\"}", INVALID_ARGUMENT, "timestamp"},
      {"{\"timestamp\":\"2026-01-05T24:00:00Z\"}", INVALID_ARGUMENT, "timestamp"},
      {"{\"duration\":\"1\"}", INVALID_ARGUMENT, "duration"},
      {"{\"mask\":\"snake_case\"}", INVALID_ARGUMENT, "mask"},
      {"{\"choiceText\":\"a\",\"choiceNumber\":1}", INVALID_ARGUMENT, "choiceNumber"},
      {"{\"any\":{\"x\":1}}", FIELD_REQUIRED, "any"},
      {"{\"any\":{\"@type\":\"a/no.such.Type\"}}", INVALID_ARGUMENT, "any"},
  };
}

TEST_CASE("ReadJson: every refusal names its code and field", "[gateway][json]") {
  for (const Refusal& row : Refusals()) {
    INFO(row.json.substr(0, 200));
    toy::v1::Everything message;
    const absl::Status status = ReadJson(row.json, &message);
    const base::ErrorInfo info = base::InfoOf(status);
    INFO(status.ToString());
    REQUIRE_FALSE(status.ok());
    CHECK(common::v1::ErrorCode_Name(info.code) == common::v1::ErrorCode_Name(row.code));
    const bool has_path = !row.field.empty() || row.code == common::v1::UNKNOWN_FIELD;
    if (has_path && row.field != "byText.a" && row.field != "structure.a") {
      REQUIRE(info.fields.size() == 1);
      CHECK(info.fields[0].field == row.field);
    }
  }
}

TEST_CASE("ReadJson: mutilated text is refused as the client's fault or read", "[gateway][json]") {
  std::mt19937 random(20260105);
  const std::string seed =
      R"({"aDouble":1.5,"anInt64":-12,"aString":"x\u00e9","someBytes":"QUI=","colour":"RED",)"
      R"("child":{"parts":[{"sku":"a","quantityMilli":1}]},"byInt":{"1":{"sku":"b"}},)"
      R"("timestamp":"2026-01-05T10:00:00Z","duration":"1.5s","mask":"aB,c","value":[1,{"a":null}],)"
      R"("any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"2s"}})";
  toy::v1::Everything whole;
  REQUIRE(ReadJson(seed, &whole).ToString() == "OK");
  for (int i = 0; i < 50000; ++i) {
    std::string text = seed;
    for (auto n = random() % 4 + 1; n > 0; --n) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 9);
          break;
        case 2:
          text.insert(at, 1, "{}[]\",:0-e.\\"[random() % 13]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
          break;
      }
    }
    toy::v1::Everything message;
    const absl::Status status = ReadJson(text, &message);
    INFO(text);
    REQUIRE((status.ok() || absl::IsInvalidArgument(status)));
  }
}

TEST_CASE("ReadJson: more than a thousand keys are refused", "[gateway][json]") {
  std::string json = "{\"byText\":{";
  for (int i = 0; i < 1001; ++i) json += "\"k" + std::to_string(i) + "\":\"\",";
  json.back() = '}';
  toy::v1::Everything message;
  CHECK(base::CodeOf(ReadJson(json + "}", &message)) == common::v1::LIMIT_EXCEEDED);
}

TEST_CASE("ReadJson: the forms that are accepted", "[gateway][json]") {
  toy::v1::Everything m;
  const absl::Status status = ReadJson(
      R"({"anInt64":"-17","anInt32":1e3,"aUint64":2.0,"aDouble":"1.5","someBytes":"_-8",
          "timestamp":"2026-01-05T11:00:00.25+01:00","duration":"-1.5s","child":null,
          "maybeInt":0,"value":null,"choiceNull":null,"mask":"a.bC,d","int64Value":"5",
          "colours":["RED","DEEP_BLUE"],"aString":"\u00e9\ud83d\ude00","anotherName":"x"})",
      &m);
  REQUIRE(status.ToString() == "OK");
  CHECK(m.an_int64() == -17);
  CHECK(m.an_int32() == 1000);
  CHECK(m.a_uint64() == 2);
  CHECK(m.a_double() == 1.5);
  CHECK(m.some_bytes() == "\xff\xef");
  CHECK(m.timestamp().seconds() == 1767607200);
  CHECK(m.timestamp().nanos() == 250000000);
  CHECK(m.duration().seconds() == -1);
  CHECK(m.duration().nanos() == -500000000);
  CHECK_FALSE(m.has_child());
  CHECK(m.has_maybe_int());
  CHECK(m.value().kind_case() == google::protobuf::Value::kNullValue);
  CHECK(m.choice_case() == toy::v1::Everything::kChoiceNull);
  CHECK(m.mask().paths(1) == "d");
  CHECK(m.a_string() == "é😀");
  CHECK(m.renamed() == "x");
}

TEST_CASE("WriteJson: zero values stay, unset messages and optionals go", "[gateway][json]") {
  toy::v1::CreateToyRequest request;
  request.add_parts();
  std::string json;
  REQUIRE(WriteJson(request, &json).ok());
  CHECK(
      json ==
      R"({"toyId":"","name":"","colour":"COLOUR_UNSPECIFIED","tags":[],"parts":[{"sku":"","quantityMilli":0}]})");
}

TEST_CASE("WriteJson: what has no JSON form is an internal error", "[gateway][json]") {
  toy::v1::Everything message;
  std::string json;
  message.set_an_int64((int64_t{1} << 53) - 1);
  CHECK(WriteJson(message, &json).ok());
  message.set_an_int64(int64_t{1} << 53);
  CHECK(base::CodeOf(WriteJson(message, &json)) == common::v1::INTERNAL);
  message.set_an_int64(0);
  message.mutable_timestamp()->set_seconds(int64_t{1} << 40);
  CHECK(base::CodeOf(WriteJson(message, &json)) == common::v1::INTERNAL);
}

TEST_CASE("JSON: a round trip of 1.8 KB stays within its budget", "[gateway][json][.bench]") {
  toy::v1::CreateToyRequest request;
  request.set_toy_id("01890a5d-ac96-774b-bcce-b302099a8057");
  request.set_name("Basket of the lunch hour");
  request.mutable_price()->set_currency_code("GBP");
  request.mutable_price()->set_minor_units(123456);
  for (int i = 0; i < 28; ++i) {
    auto* part = request.add_parts();
    part->set_sku("SKU-1234567-" + std::to_string(i));
    part->set_quantity_milli(1000 + i);
  }
  std::string json;
  REQUIRE(WriteJson(request, &json).ok());
  constexpr int kTurns = 20000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kTurns; ++i) {
    toy::v1::CreateToyRequest back;
    REQUIRE(ReadJson(json, &back).ok());
    std::string again;
    REQUIRE(WriteJson(back, &again).ok());
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  std::cout << json.size()
            << " bytes: " << std::chrono::duration<double, std::micro>(took).count() / kTurns
            << " us\n";
}

}  // namespace
}  // namespace cloudpos::gateway
