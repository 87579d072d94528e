// The oracle of the transcoder: protobuf's own JSON library. For every message type in the
// descriptor pool, random messages must survive our writer -> its reader and its writer -> our
// reader.

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "cloudpos/toy/v1/toy.pb.h"
#include "gateway/json_reader.h"
#include "gateway/json_writer.h"
#include "gateway/linked_protos.h"
#include "gateway/testdata/random_message.h"

namespace cloudpos::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::util::MessageDifferencer;

void AddTypes(const Descriptor* type, std::vector<const Descriptor*>* types) {
  if (!type->options().map_entry()) types->push_back(type);
  for (int i = 0; i < type->nested_type_count(); ++i) AddTypes(type->nested_type(i), types);
}

/// Every type of the files that this program links.
std::vector<const Descriptor*> AllTypes() {
  std::vector<const Descriptor*> types;
  for (const auto* file : LinkedProtoFiles()) {
    for (int i = 0; i < file->message_type_count(); ++i) AddTypes(file->message_type(i), &types);
  }
  return types;
}

uint64_t Seed() {
  const char* text = std::getenv("POS_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20260105;
}

std::string Ours(const Message& message) {
  std::string json;
  const absl::Status status = WriteJson(message, &json);
  INFO(message.GetTypeName() << ": " << message.ShortDebugString());
  REQUIRE(status.ToString() == "OK");
  return json;
}

void CheckOne(const Message& original) {
  INFO(original.GetTypeName() << ": " << original.ShortDebugString());
  const std::unique_ptr<Message> back(original.New());
  const std::string ours = Ours(original);
  INFO("ours: " << ours);
  const auto read = google::protobuf::util::JsonStringToMessage(ours, back.get());
  REQUIRE(read.ToString() == "OK");
  REQUIRE(MessageDifferencer::Equals(original, *back));

  for (const bool is_full : {false, true}) {
    google::protobuf::util::JsonPrintOptions options;
    options.always_print_primitive_fields = is_full;
    std::string theirs;
    REQUIRE(google::protobuf::util::MessageToJsonString(original, &theirs, options).ok());
    INFO("theirs: " << theirs);
    // "Print always" invents fields (proto2 defaults, "values" in an empty Struct): such text is
    // another message for its own reader too, and says nothing about ours.
    back->Clear();
    const auto own = google::protobuf::util::JsonStringToMessage(theirs, back.get());
    if (is_full && !(own.ok() && MessageDifferencer::Equals(original, *back))) continue;
    back->Clear();
    REQUIRE(ReadJson(theirs, back.get()).ToString() == "OK");
    REQUIRE(MessageDifferencer::Equals(original, *back));
  }
  back->Clear();
  REQUIRE(ReadJson(ours, back.get()).ToString() == "OK");
  REQUIRE(MessageDifferencer::Equals(original, *back));
}

TEST_CASE("JSON: protobuf's library and ours read what the other writes, every type",
          "[gateway][json]") {
  const uint64_t seed = Seed();
  INFO("POS_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::vector<const Descriptor*> types = AllTypes();
  REQUIRE(types.size() > 40);
  for (const Descriptor* type : types) {
    const Message* prototype = MessageFactory::generated_factory()->GetPrototype(type);
    for (int i = 0; i < 40; ++i) {
      const std::unique_ptr<Message> message(prototype->New());
      RandomMessage(random).Fill(i == 0 ? 0 : 4, message.get());
      CheckOne(*message);
    }
  }
}

TEST_CASE("JSON: a message with every kind of field, many times", "[gateway][json]") {
  std::mt19937_64 random(Seed());
  for (int i = 0; i < 500; ++i) {
    toy::v1::Everything message;
    RandomMessage(random).Fill(5, &message);
    CheckOne(message);
  }
}

}  // namespace
}  // namespace cloudpos::gateway
