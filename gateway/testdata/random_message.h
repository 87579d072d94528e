#pragma once

// Random messages of any type, by reflection, within what has a JSON form: valid UTF-8 without NUL,
// 64-bit integers within 2^53-1, times in range, known types in an Any.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>

namespace cloudpos::gateway {

class RandomMessage {
 public:
  explicit RandomMessage(std::mt19937_64& random) : random_(random) {}

  void Fill(int depth, google::protobuf::Message* m) {
    const auto& type = *m->GetDescriptor();
    const std::string& name = type.full_name();
    const auto* r = m->GetReflection();
    if (name == "google.protobuf.Timestamp") {
      r->SetInt64(m, type.field(0), Between(-62135596800, 253402300799));
      r->SetInt32(m, type.field(1), Nanos());
    } else if (name == "google.protobuf.Duration") {
      const int64_t seconds = Between(-315576000000, 315576000000);
      r->SetInt64(m, type.field(0), seconds);
      r->SetInt32(m, type.field(1), seconds < 0 ? -Nanos() : Nanos());
    } else if (name == "google.protobuf.FieldMask") {
      for (int64_t i = Between(0, 3); i > 0; --i) r->AddString(m, type.field(0), "some_path.to_it");
    } else if (name == "google.protobuf.Value") {
      const int kind = static_cast<int>(Between(0, depth > 0 ? 5 : 3));
      SetOne(depth, type.field(kind), m);
    } else if (name == "google.protobuf.Any") {
      FillAny(depth, m);
    } else {
      FillFields(depth, m);
    }
  }

 private:
  using Field = google::protobuf::FieldDescriptor;

  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Flip() { return (random_() & 1) != 0; }
  int32_t Nanos() {
    switch (Between(0, 3)) {
      case 0:
        return 0;
      case 1:
        return static_cast<int32_t>(Between(0, 999)) * 1000000;
      case 2:
        return static_cast<int32_t>(Between(0, 999999)) * 1000;
      default:
        return static_cast<int32_t>(Between(0, 999999999));
    }
  }

  std::string Text() {
    static const char* kPieces[] = {"a",
                                    "Zed",
                                    " ",
                                    "\"",
                                    "\\",
                                    "/",
                                    "\n",
                                    "\x01",
                                    "\t",
                                    "é",
                                    "ß€",
                                    "日本",
                                    "\xF0\x9F\x98\x80",
                                    "\xE2\x80\xA8",
                                    "<b>",
                                    "\x7F",
                                    "0",
                                    "&",
                                    "'",
                                    "\xC2\x85"};
    std::string text;
    for (int64_t i = Between(0, 6); i > 0; --i) text += kPieces[Between(0, 19)];
    return text;
  }
  std::string Bytes() {
    std::string bytes;
    for (int64_t i = Between(0, 9); i > 0; --i) bytes.push_back(static_cast<char>(random_()));
    return bytes;
  }
  double Number() {
    static const double kSpecial[] = {0,      1, -1, 0.1, 1e300, -1e-300, 5e-324, 123456789.125,
                                      1.0 / 3};
    return Flip() ? kSpecial[Between(0, 8)] : static_cast<double>(Between(-1000000, 1000000)) / 64;
  }
  int64_t Integer(int64_t low, int64_t high) {
    switch (Between(0, 4)) {
      case 0:
        return low;
      case 1:
        return high;
      case 2:
        return 0;
      default:
        return Between(low, high);
    }
  }

  void FillAny(int depth, google::protobuf::Message* m) {
    const auto& type = *m->GetDescriptor();
    const auto* r = m->GetReflection();
    if (depth <= 0) return;
    const char* names[] = {"google.protobuf.Timestamp", "google.protobuf.Int64Value",
                           "google.rpc.ErrorInfo", "google.protobuf.Value"};
    const auto* inner_type =
        google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
            names[Between(0, 3)]);
    if (inner_type == nullptr) return;
    std::unique_ptr<google::protobuf::Message> inner(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(inner_type)->New());
    Fill(depth - 1, inner.get());
    r->SetString(m, type.field(0), "type.googleapis.com/" + inner_type->full_name());
    r->SetString(m, type.field(1), inner->SerializeAsString());
  }

  void FillFields(int depth, google::protobuf::Message* m) {
    const auto& type = *m->GetDescriptor();
    const auto* r = m->GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const Field* f = type.field(i);
      const bool is_message = f->cpp_type() == Field::CPPTYPE_MESSAGE;
      if (is_message && depth <= 0 && !f->is_required()) continue;
      if (!f->is_required() && Between(0, 2) == 0) continue;
      const auto* oneof = f->real_containing_oneof();
      if (oneof != nullptr && r->HasOneof(*m, oneof)) continue;
      if (!f->is_repeated()) {
        SetOne(depth, f, m);
      } else if (!f->is_map()) {
        for (int64_t n = Between(0, 3); n > 0; --n) SetOne(depth, f, m);
      } else {
        FillMap(depth, f, m);
      }
    }
  }

  void FillMap(int depth, const Field* f, google::protobuf::Message* m) {
    const auto* r = m->GetReflection();
    const auto* key = f->message_type()->FindFieldByNumber(1);
    const int count = key->cpp_type() == Field::CPPTYPE_BOOL ? 1 : static_cast<int>(Between(0, 3));
    for (int i = 0; i < count; ++i) {
      auto* entry = r->AddMessage(m, f);
      SetOne(depth, key, entry);
      // Keys must differ: a map would keep only the last.
      if (key->cpp_type() == Field::CPPTYPE_STRING) {
        entry->GetReflection()->SetString(entry, key, Text() + std::to_string(i));
      }
      SetOne(depth, f->message_type()->FindFieldByNumber(2), entry);
      if (key->cpp_type() != Field::CPPTYPE_STRING) break;
    }
  }

  void SetOne(int depth, const Field* f, google::protobuf::Message* m) {
    constexpr int64_t kMax = (int64_t{1} << 53) - 1;
    const auto* r = m->GetReflection();
    const bool add = f->is_repeated();
    switch (f->cpp_type()) {
      case Field::CPPTYPE_INT32: {
        const auto v = static_cast<int32_t>(Integer(INT32_MIN, INT32_MAX));
        add ? r->AddInt32(m, f, v) : r->SetInt32(m, f, v);
        break;
      }
      case Field::CPPTYPE_UINT32: {
        const auto v = static_cast<uint32_t>(Integer(0, UINT32_MAX));
        add ? r->AddUInt32(m, f, v) : r->SetUInt32(m, f, v);
        break;
      }
      case Field::CPPTYPE_INT64: {
        const int64_t v = Integer(-kMax, kMax);
        add ? r->AddInt64(m, f, v) : r->SetInt64(m, f, v);
        break;
      }
      case Field::CPPTYPE_UINT64: {
        const auto v = static_cast<uint64_t>(Integer(0, kMax));
        add ? r->AddUInt64(m, f, v) : r->SetUInt64(m, f, v);
        break;
      }
      case Field::CPPTYPE_DOUBLE: {
        const double v = Number();
        add ? r->AddDouble(m, f, v) : r->SetDouble(m, f, v);
        break;
      }
      case Field::CPPTYPE_FLOAT: {
        const auto v = static_cast<float>(static_cast<double>(Between(-100000, 100000)) / 7);
        add ? r->AddFloat(m, f, v) : r->SetFloat(m, f, v);
        break;
      }
      case Field::CPPTYPE_BOOL:
        add ? r->AddBool(m, f, Flip()) : r->SetBool(m, f, Flip());
        break;
      case Field::CPPTYPE_ENUM: {
        const auto* value =
            f->enum_type()->value(static_cast<int>(Between(0, f->enum_type()->value_count() - 1)));
        add ? r->AddEnum(m, f, value) : r->SetEnum(m, f, value);
        break;
      }
      case Field::CPPTYPE_STRING: {
        const std::string v = f->type() == Field::TYPE_BYTES ? Bytes() : Text();
        add ? r->AddString(m, f, v) : r->SetString(m, f, v);
        break;
      }
      case Field::CPPTYPE_MESSAGE:
        Fill(depth - 1, add ? r->AddMessage(m, f) : r->MutableMessage(m, f));
        break;
    }
  }

  std::mt19937_64& random_;
};

}  // namespace cloudpos::gateway
