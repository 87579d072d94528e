// JSON -> protobuf: the first two bytes choose the message type among all that the gateway links,
// the rest is the text. What is read must survive the wire, our writer and reader, and protobuf's
// own JSON reader; what is refused must be refused with a proper problem document.

#include <google/protobuf/util/field_comparator.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "gateway/json_reader.h"
#include "gateway/json_tree.h"
#include "gateway/json_writer.h"
#include "gateway/linked_protos.h"
#include "gateway/problem.h"
#include "gateway/testdata/random_message.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "tests/fuzz/target.h"

namespace cloudpos::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::util::MessageDifferencer;

uint16_t HashOf(const std::string& name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return static_cast<uint16_t>(hash ^ (hash >> 16));
}

/// Types by a hash of their names, so that kept inputs keep their meaning when types are added.
class Types {
 public:
  Types() {
    for (const auto* file : gateway::LinkedProtoFiles()) {
      for (int i = 0; i < file->message_type_count(); ++i) Add(file->message_type(i));
    }
  }
  /// The first type at or after `hash`.
  const Message& At(uint16_t hash) const {
    auto found = by_hash_.lower_bound(hash);
    if (found == by_hash_.end()) found = by_hash_.begin();
    return *MessageFactory::generated_factory()->GetPrototype(found->second);
  }

 private:
  void Add(const Descriptor* type) {
    if (!type->options().map_entry()) by_hash_[HashOf(type->full_name())] = type;
    for (int i = 0; i < type->nested_type_count(); ++i) Add(type->nested_type(i));
  }

  std::map<uint16_t, const Descriptor*> by_hash_;
};

const Types& AllTypes() {
  static const Types types;
  return types;
}

const Message& TypeOf(std::string_view input) {
  const auto high = static_cast<unsigned char>(input[0]);
  const auto low = static_cast<unsigned char>(input[1]);
  return AllTypes().At(static_cast<uint16_t>(high << 8 | low));
}

void CheckRefusal(const absl::Status& status) {
  const base::ErrorInfo info = base::InfoOf(status);
  Check(base::IsValidUtf8(info.detail) && base::IsValidUtf8(info.hint), "refusal: valid UTF-8");
  for (const base::FieldViolation& violation : info.fields) {
    Check(base::IsValidUtf8(violation.field), "refusal: the field's path is valid UTF-8");
    Check(violation.field.size() < 64 * gateway::kJsonDepthMax + 4096, "refusal: a short path");
  }
  const gateway::HttpResponse response = gateway::MakeProblem(status, "id");
  Check(response.status >= 400 && response.status < 500, "refusal: the client's fault");
  gateway::JsonTree tree;
  Check(tree.Parse(response.body).ok(), "refusal: a problem document");
}

void CheckEqual(const Message& expected, const Message& actual, std::string_view what) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  std::string difference;
  MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  differencer.ReportDifferencesToString(&difference);
  Check(differencer.Compare(expected, actual), what, difference);
}

void CheckAccepted(const Message& message, std::string_view text) {
  std::string wire;
  Check(message.SerializePartialToString(&wire), "accepted: has a wire form");
  const std::unique_ptr<Message> back(message.New());
  Check(back->ParsePartialFromString(wire), "accepted: its wire form is valid");
  CheckEqual(message, *back, "accepted: the same by wire");

  std::string json;
  Check(gateway::WriteJson(message, &json).ok(), "accepted: can be written", text);
  back->Clear();
  Check(gateway::ReadJson(json, back.get()).ok(), "written: can be read", json);
  CheckEqual(message, *back, "written: reads the same");

  // Of proto2 (its own descriptors; no method of ours takes such) protobuf refuses what lacks a
  // required field.
  if (!message.IsInitialized()) return;
  back->Clear();
  const auto theirs = google::protobuf::util::JsonStringToMessage(json, back.get());
  Check(theirs.ok(), "written: protobuf reads it", json);
  CheckEqual(message, *back, "written: protobuf reads the same");
}

void Run(std::string_view input) {
  if (input.size() < 2) return;
  const std::unique_ptr<Message> message(TypeOf(input).New());
  const std::string_view text = input.substr(2);
  const absl::Status status = gateway::ReadJson(text, message.get());
  if (status.ok()) {
    CheckAccepted(*message, text);
  } else {
    CheckRefusal(status);
  }
}

/// The JSON of a random message: of the input's type, or now and then of another one.
std::string Invent(std::string_view input, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string made(input.substr(0, 2));
  if (made.size() < 2 || random() % 4 == 0) {
    made = {static_cast<char>(random()), static_cast<char>(random())};
  }
  const std::unique_ptr<Message> message(TypeOf(made).New());
  gateway::RandomMessage(random).Fill(3, message.get());
  // A message without a JSON form gives half a text, which is as good.
  (void)gateway::WriteJson(*message, &made);
  return made;
}

}  // namespace

const Target kJson{.run = Run, .invent = Invent};

}  // namespace cloudpos::fuzz
