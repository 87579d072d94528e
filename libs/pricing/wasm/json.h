// Reading requests of the JSON interface. Internal to libs/pricing/wasm.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/journal/canonical.h"
#include "libs/pricing/error.h"
#include "libs/pricing/price.h"
#include "libs/pricing/refund.h"
#include "libs/pricing/tender.h"

namespace cloudpos::pricing::api {

using journal::Value;
using journal::Writer;

// The first thing wrong with a request.
struct Problem {
  std::string code;
  std::string field;

  void Set(std::string_view new_code, std::string_view new_field) {
    if (code.empty()) code = new_code, field = new_field;
  }
  bool ok() const { return code.empty(); }
};

// The members of one object: read those that are there, refuse those that are not known.
class Object {
 public:
  Object(const Value& value, std::initializer_list<std::string_view> known, Problem* problem);

  void Int(std::string_view key, std::int64_t* out) const;
  void Int32(std::string_view key, std::int32_t* out) const;
  void Bool(std::string_view key, bool* out) const;
  void String(std::string_view key, std::string* out) const;
  Value Array(std::string_view key) const;
  Value Member(std::string_view key) const { return value_.Find(key); }

  // A name of an enum, looked up by `parse`.
  template <typename Enum>
  void Name(std::string_view key, std::optional<Enum> (*parse)(std::string_view), Enum* out) const {
    const Value member = value_.Find(key);
    if (!member.present()) return;
    const std::optional<Enum> found = parse(member.String());
    if (found) *out = *found;
    if (!found) problem_->Set("BAD_VALUE", key);
  }

 private:
  Value value_;
  Problem* problem_;
};

void ReadPrice(const Value& value, PriceRequest* request, bool* trace, std::int32_t* exponent,
               Problem* problem);
void WritePrice(const PriceResult& result, const std::vector<std::string>* trace, Writer* w);
void ReadSold(const Value& value, SoldLine* sold, Problem* problem);
void ReadTenders(const Value& array, std::vector<Tender>* tenders, Problem* problem);
void ReadCashRounding(const Value& value, CashRounding* rounding, Problem* problem);
void WriteInts(std::string_view key, const std::vector<std::int64_t>& values, Writer* w);

}  // namespace cloudpos::pricing::api
