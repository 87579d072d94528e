#include "tests/security/strangers/fill.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>

#include "libs/base/ids.h"

namespace cloudpos::strangers {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string NewId() {
  base::RandomIdSource ids;
  return ids.NewId().ToString();
}

/// 1, 2, 3 ...: for what must be unique.
std::string Unique() {
  static std::atomic<int> next{1};
  return std::to_string(next++);
}

// Lists that are optional and would ask for further rights or formats.
const std::set<std::string, std::less<>> kLeftOut = {"discounts",  "barcodes",   "options",
                                                     "subject_id", "page_token", "series"};

// Values by field; a message's name before it where the same word means different things.
const std::map<std::string, std::string, std::less<>> kTexts = {
    {"time_zone", "Europe/London"},
    {"currency_code", "GBP"},
    {"tax_category", "standard"},
    {"TaxCategory.code", "standard"},
    {"reason_code", "COUNT"},
    {"from", "2026-01-05"},
    {"to", "2026-01-05"},
    {"business_date", "2026-01-05"},
    {"jurisdiction", "GB"},
    // A linked return names a line, not a variant.
    {"ReturnLineInput.variant_id", ""},
};

const std::map<std::string, int64_t, std::less<>> kNumbers = {
    // Never the one that is stored: what passes is refused with STALE_VERSION and changes nothing.
    {"version", 999'999'999}, {"quantity_milli", 1000}, {"amount_minor", 100},
    {"minor_units", 100},     {"page_size", 5},         {"ReturnLineInput.disposition", 1},
};

class Filler {
 public:
  Filler(const Rpc& rpc, const Recipe& recipe, const Names& names)
      : rpc_(rpc), recipe_(recipe), names_(names), needed_(recipe.with.begin(), recipe.with.end()) {
    for (const Binding& binding : rpc.bindings) {
      for (size_t at = 0; (at = binding.path.find('{', at)) != std::string::npos; ++at) {
        const size_t end = binding.path.find_first_of("}=", at);
        needed_.insert(binding.path.substr(at + 1, end - at - 1));
      }
      if (binding.body != "*") needed_.insert(binding.body);
    }
    if (!rpc.policy.id_field().empty()) needed_.insert(rpc.policy.id_field());
    if (!rpc.policy.store_field().empty()) needed_.insert(rpc.policy.store_field());
    is_new_ = !rpc.policy.id_field().empty() && !IsInPath(rpc.policy.id_field());
  }

  Filled Run() {
    const auto* factory = google::protobuf::MessageFactory::generated_factory();
    Filled filled;
    filled.message.reset(const_cast<google::protobuf::MessageFactory*>(factory)
                             ->GetPrototype(rpc_.method->input_type())
                             ->New());
    FillMessage(filled.message.get(), "", false);
    filled.named = std::move(named_);
    return filled;
  }

 private:
  bool IsInPath(const std::string& field) const {
    return std::any_of(rpc_.bindings.begin(), rpc_.bindings.end(), [&](const Binding& binding) {
      return binding.path.find("{" + field) != std::string::npos;
    });
  }

  /// Something below `path` is needed for the method to be called at all.
  bool IsNeeded(const std::string& path) const {
    return std::any_of(needed_.begin(), needed_.end(), [&path](const std::string& needed) {
      return needed == path || needed.starts_with(path + ".");
    });
  }

  void FillMessage(Message* message, const std::string& prefix, bool is_element) {
    const Descriptor& type = *message->GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string path = prefix + field.name();
      const bool is_needed = IsNeeded(path);
      if (recipe_.without.contains(path)) continue;
      if (!is_needed && kLeftOut.contains(field.name())) continue;
      if (field.is_repeated()) {
        if ((recipe_.is_much || is_needed) && !field.is_map()) AddElement(message, field, path);
      } else if (field.message_type() != nullptr) {
        // Within an element only amounts; else what has to be there.
        const bool is_amount = is_element && field.message_type()->name() == "Money";
        if (is_needed || is_amount) {
          FillMessage(message->GetReflection()->MutableMessage(message, &field), path + ".",
                      is_element);
        }
      } else if (is_needed || !field.has_presence()) {
        // What may be left out stays as it is.
        FillScalar(message, field, path, is_element && i == 0);
      }
    }
  }

  void AddElement(Message* message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& r = *message->GetReflection();
    if (field.message_type() != nullptr) {
      FillMessage(r.AddMessage(message, &field), path + ".", true);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      // "store_ids" names what "store_id" does.
      std::string single = field.name();
      if (single.ends_with("_ids")) single.pop_back();
      r.AddString(message, &field, TextOf(single, *field.containing_type(), path, false));
    } else if (field.enum_type() != nullptr) {
      const bool is_permission = field.enum_type() == common::v1::Permission_descriptor();
      r.AddEnumValue(
          message, &field,
          is_permission ? rpc_.policy.permission() : field.enum_type()->value(1)->number());
    }
  }

  void FillScalar(Message* message, const FieldDescriptor& field, const std::string& path,
                  bool is_first_of_element) {
    const Reflection& r = *message->GetReflection();
    const bool is_much = recipe_.is_much || IsNeeded(path);
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const bool is_bytes = field.type() == FieldDescriptor::TYPE_BYTES;
        if (is_bytes && !is_much) return;
        const std::string text =
            is_bytes ? "x"
                     : TextOf(field.name(), *field.containing_type(), path, is_first_of_element);
        if (!text.empty()) r.SetString(message, &field, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT32:
        return r.SetInt32(message, &field, static_cast<int32_t>(NumberOf(field, is_much)));
      case FieldDescriptor::CPPTYPE_INT64:
        return r.SetInt64(message, &field, NumberOf(field, is_much));
      case FieldDescriptor::CPPTYPE_ENUM:
        if (is_much) r.SetEnumValue(message, &field, field.enum_type()->value(1)->number());
        return;
      default:
        return;  // flags stay off
    }
  }

  int64_t NumberOf(const FieldDescriptor& field, bool is_much) const {
    for (const std::string& key :
         {field.containing_type()->name() + "." + field.name(), field.name()}) {
      const auto known = kNumbers.find(key);
      if (known != kNumbers.end()) return known->second;
    }
    return is_much || field.name() == "generation" ? 1 : 0;
  }

  /// The value of a text field; empty: left out.
  std::string TextOf(const std::string& name, const Descriptor& type, const std::string& path,
                     bool is_first_of_element) {
    const auto qualified = kTexts.find(type.name() + "." + name);
    if (qualified != kTexts.end()) return qualified->second;
    if (name.ends_with("_id")) return IdOf(name, type, path, is_first_of_element);
    if (rpc_.is_read()) {  // finds things by their texts
      const auto found = names_.find(name);
      if (found != names_.end()) return Named(name, found->second);
    }
    if (!recipe_.is_much && !IsNeeded(path)) return {};
    const auto known = kTexts.find(name);
    return known == kTexts.end() ? MadeUp(name) : known->second;
  }

  std::string IdOf(const std::string& name, const Descriptor& type, const std::string& path,
                   bool is_first_of_element) {
    // A new thing's own id is made by who makes it.
    const bool is_own = is_new_ && path == rpc_.policy.id_field();
    const bool is_part = is_first_of_element &&
                         (type.name().starts_with("New") || type.name().starts_with("Create"));
    if (is_own || is_part) return NewId();
    // "source_sale_id" is a sale's.
    for (std::string_view key = name; !key.empty();) {
      const auto found = names_.find(key);
      if (found != names_.end()) return Named(found->first, found->second);
      const size_t underscore = key.find('_');
      if (underscore == std::string_view::npos) break;
      key.remove_prefix(underscore + 1);
    }
    return NewId();  // of a kind that the world knows nothing of
  }

  std::string Named(const std::string& key, const std::string& value) {
    named_.emplace_back(key, value);
    return value;
  }

  std::string MadeUp(const std::string& name) const {
    const std::string n = Unique();
    if (name == "code") return "C" + n;
    if (name.ends_with("sku")) return "SKU-" + n;
    if (name.ends_with("slug")) return "cell-" + n;
    if (name.ends_with("email")) return "cell-" + n + "@example.com";
    if (name.ends_with("password")) return "a quiet harbour 42";
    return "Cell " + n;
  }

  const Rpc& rpc_;
  const Recipe& recipe_;
  const Names& names_;
  std::set<std::string> needed_;  // paths of fields
  bool is_new_ = false;           // the method makes a thing under an id of the caller's
  std::vector<std::pair<std::string, std::string>> named_;
};

/// Replaces texts anywhere in a message.
void Replace(Message* message, const Names& with) {
  const Reflection& r = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  r.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? r.FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->message_type() != nullptr) {
        Replace(field->is_repeated() ? r.MutableRepeatedMessage(message, field, i)
                                     : r.MutableMessage(message, field),
                with);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const auto found = with.find(field->is_repeated() ? r.GetRepeatedString(*message, field, i)
                                                          : r.GetString(*message, field));
        if (found == with.end()) continue;
        if (field->is_repeated()) {
          r.SetRepeatedString(message, field, i, found->second);
        } else {
          r.SetString(message, field, found->second);
        }
      }
    }
  }
}

}  // namespace

bool Filled::IsForeignTo(const Names& names) const {
  return std::any_of(named.begin(), named.end(), [&names](const auto& pair) {
    const auto mine = names.find(pair.first);
    return mine == names.end() || mine->second != pair.second;
  });
}

bool Filled::HasKey(std::string_view key) const {
  return std::any_of(named.begin(), named.end(),
                     [key](const auto& pair) { return pair.first == key; });
}

Filled Fill(const Rpc& rpc, const Recipe& recipe, const Names& names) {
  return Filler(rpc, recipe, names).Run();
}

bool Holds(const Filled& filled, std::string_view path) {
  const Message* message = filled.message.get();
  while (true) {
    const size_t dot = path.find('.');
    const auto* field = message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
    const Reflection& r = *message->GetReflection();
    if (field == nullptr) return false;
    if (field->is_repeated() ? r.FieldSize(*message, field) == 0 : !r.HasField(*message, field)) {
      return false;
    }
    if (dot == std::string_view::npos) return true;
    if (field->message_type() == nullptr) return false;
    message = field->is_repeated() ? &r.GetRepeatedMessage(*message, field, 0)
                                   : &r.GetMessage(*message, field);
    path.remove_prefix(dot + 1);
  }
}

Filled WithStrangeNames(const Filled& filled, const Names* mine) {
  Filled strange;
  strange.message.reset(filled.message->New());
  strange.message->CopyFrom(*filled.message);
  Names with;
  for (const auto& [key, value] : filled.named) {
    const auto own = mine == nullptr ? Names::const_iterator() : mine->find(key);
    if (mine != nullptr && own != mine->end() && own->second == value) continue;
    if (!with.contains(value)) with[value] = key.ends_with("_id") ? NewId() : "NONE" + Unique();
    strange.named.emplace_back(key, with[value]);
  }
  Replace(strange.message.get(), with);
  return strange;
}

}  // namespace cloudpos::strangers
