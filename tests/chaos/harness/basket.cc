#include "tests/chaos/harness/basket.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "boost/json/array.hpp"
#include "libs/base/clock.h"

namespace cloudpos::chaos {
namespace {

constexpr int kDiscountPpm = 100'000;
/// Whatever the price becomes meanwhile, and with tax added: cash that covers it.
constexpr int64_t kCashFactor = 2;

int64_t UnixMillis() { return absl::ToUnixMillis(base::SystemClock().Now()); }

/// Text of a request, member by member: a sale is made a few hundred times a second.
class Writer {
 public:
  Writer& Raw(std::string_view text) {
    out_.append(text);
    return *this;
  }
  Writer& Text(const char* name, std::string_view value) {
    return Name(name).Raw("\"").Raw(value).Raw("\"");
  }
  Writer& Number(const char* name, int64_t value) { return Name(name).Raw(std::to_string(value)); }
  Writer& Name(const char* name) {
    if (out_.back() != '{' && out_.back() != '[') out_.push_back(',');
    return Raw("\"").Raw(name).Raw("\":");
  }
  Writer& Item() {
    if (out_.back() != '[') out_.push_back(',');
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_ = "{";
};

struct Basket {
  int64_t gross = 0;     // at the prices we know
  bool is_exact = true;  // gross is what will be due
};

void AddLine(const Variant& variant, Dice* dice, Writer* out, Basket* basket) {
  const int64_t quantity = dice->Percent(70) ? 1 : dice->Between(2, 4);
  const int64_t price = variant.price_minor.load(std::memory_order_relaxed);
  out->Item().Raw("{").Text("variantId", variant.id).Number("quantityMilli", quantity * 1000);
  if (variant.lively || dice->Percent(20)) out->Number("expectedUnitPriceMinor", price);
  if (dice->Percent(10)) {
    out->Name("discounts").Raw("[{").Text("kind", "PERCENT").Number("ratePpm", kDiscountPpm);
    out->Text("reasonCode", "FRIENDS").Raw("}]");
    basket->is_exact = false;
  }
  out->Raw("}");
  basket->gross += price * quantity;
  if (!variant.inclusive) basket->is_exact = false;
}

/// Cash (more than is due), a card for all of it, or both.
void AddTenders(const Basket& basket, Dice* dice, Writer* out) {
  out->Name("tenders").Raw("[");
  const int64_t kind = dice->Between(1, 10);
  if (basket.is_exact && kind <= 3) {
    out->Raw("{").Text("type", kind == 1 ? "OTHER" : "EXTERNAL_CARD");
    out->Number("amountMinor", basket.gross).Raw("}]");
    return;
  }
  if (kind == 4) {
    out->Raw("{").Text("type", "OTHER").Number("amountMinor", basket.gross / 2).Raw("}");
  }
  out->Item().Raw("{").Text("type", "CASH");
  out->Number("amountMinor", (basket.gross * kCashFactor + 999) / 500 * 500).Raw("}]");
}

void Finish(Writer* out, Document* document) {
  document->body = out->Raw("}").Take();
  document->key = KeyOf(document->body);
}

}  // namespace

Document MakeSale(const World& world, const Till& till, Dice* dice) {
  Document sale{.kind = "sale",
                .id = dice->Id(UnixMillis()),
                .store = till.store,
                .reg = till.id,
                .path = "/v1/sales",
                .body = {},
                .key = {}};
  Writer out;
  out.Text("saleId", sale.id).Text("storeId", till.store).Text("registerId", till.id);
  out.Name("lines").Raw("[");
  Basket basket;
  const int64_t lines = dice->Between(1, 5);
  for (int64_t i = 0; i < lines; ++i) {
    // Few goods are sold often: two dice, the lower counts.
    const size_t variant =
        std::min(dice->Index(world.variants.size()), dice->Index(world.variants.size()));
    AddLine(*world.variants[variant], dice, &out, &basket);
  }
  out.Raw("]");
  AddTenders(basket, dice, &out);
  Finish(&out, &sale);
  return sale;
}

Document OtherPayload(const Document& sale) {
  Document other = sale;
  other.body.pop_back();
  other.body.append(",\"orderReference\":\"another\"}");
  other.key = KeyOf(other.body);
  return other;
}

Document MakeReturn(const SoldSale& sale, const SoldLine& line, Dice* dice) {
  Document document{.kind = "return",
                    .id = dice->Id(UnixMillis()),
                    .store = sale.till.store,
                    .reg = sale.till.id,
                    .path = "/v1/returns",
                    .body = {},
                    .key = {}};
  Writer out;
  out.Text("returnId", document.id).Text("storeId", document.store);
  out.Text("registerId", document.reg).Text("sourceSaleId", sale.id);
  out.Text("reasonCode", "UNWANTED").Name("lines").Raw("[{").Number("sourceLineNo", line.line_no);
  out.Number("quantityMilli", line.quantity_milli).Raw("}]").Name("tenders").Raw("[");
  if (line.total_minor > 0) {
    out.Raw("{").Text("type", "CASH").Number("amountMinor", line.total_minor).Raw("}");
  }
  out.Raw("]");
  Finish(&out, &document);
  return document;
}

Document MakeAbandon(const std::string& sale_id, const Till& till) {
  Document document{.kind = "abandon",
                    .id = sale_id,
                    .store = till.store,
                    .reg = till.id,
                    .path = "/v1/sales/" + sale_id + ":abandon",
                    .body = {},
                    .key = {}};
  Writer out;
  out.Text("storeId", till.store).Text("registerId", till.id).Text("reasonCode", "WALKED_OUT");
  Finish(&out, &document);
  return document;
}

SoldSale ReadSold(const std::string& reply_body, const Till& till) {
  const boost::json::object reply = ParseObject(reply_body);
  const boost::json::value* sale = reply.if_contains("sale");
  SoldSale sold{.id = {}, .till = till, .lines = {}};
  if (sale == nullptr || !sale->is_object()) return sold;
  sold.id = TextOf(sale->get_object(), "saleId");
  const boost::json::value* lines = sale->get_object().if_contains("lines");
  if (lines == nullptr || !lines->is_array()) return sold;
  for (const boost::json::value& value : lines->get_array()) {
    if (!value.is_object()) continue;
    const boost::json::object& line = value.get_object();
    sold.lines.push_back({.line_no = NumberOf(line, "lineNo"),
                          .quantity_milli = NumberOf(line, "quantityMilli"),
                          .total_minor = NumberOf(line, "totalMinor")});
  }
  return sold;
}

}  // namespace cloudpos::chaos
