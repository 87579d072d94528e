#include "services/transaction/receipt.h"

#include <sstream>
#include <string_view>

#include "absl/time/time.h"
#include "libs/base/encoding.h"
#include "libs/base/money.h"

namespace cloudpos::transaction {
namespace {

constexpr size_t kColumns = 42;

int ExponentOf(const v1::Receipt& receipt) {
  const auto currency = base::Currency::Parse(receipt.currency_code());
  return currency ? currency->exponent() : 2;
}

void AddLines(const std::string& text, google::protobuf::RepeatedPtrField<std::string>* out) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) *out->Add() = line;
  }
}

/// 1500 -> "1.5", 2000 -> "2".
std::string QuantityText(int64_t milli) {
  std::string text = base::FormatMinor(milli, 3);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// 200000 -> "20 %", 88750 -> "8.875 %".
std::string RateText(int32_t ppm) {
  std::string text = base::FormatMinor(ppm, 4);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

std::string TenderText(v1::TenderType type) {
  switch (type) {
    case v1::CASH:
      return "Cash";
    case v1::EXTERNAL_CARD:
      return "Card";
    case v1::CHEQUE:
      return "Cheque";
    case v1::BANK_TRANSFER:
      return "Bank transfer";
    case v1::QR:
      return "QR payment";
    default:
      return "Other";
  }
}

/// What a receipt says, row by row, before it is dressed as text or HTML.
struct Row {
  enum class Kind { kCentre, kPair, kStrong, kRule };
  Kind kind = Kind::kPair;
  std::string left;
  std::string right;
};

class Rows {
 public:
  explicit Rows(const v1::Receipt& receipt) : receipt_(receipt), exponent_(ExponentOf(receipt)) {
    Head();
    for (const v1::SaleLine& line : receipt.lines()) Line(line);
    Totals();
    Foot();
  }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::string Money(int64_t minor) const { return base::FormatMinor(minor, exponent_); }
  void Centre(const std::string& text) { rows_.push_back({Row::Kind::kCentre, text, ""}); }
  void Pair(const std::string& left, const std::string& right) {
    rows_.push_back({Row::Kind::kPair, left, right});
  }
  void Rule() { rows_.push_back({Row::Kind::kRule, "", ""}); }

  void Head() {
    rows_.push_back({Row::Kind::kStrong, receipt_.store_name(), ""});
    for (const std::string& line : receipt_.header()) Centre(line);
    if (receipt_.kind() == v1::RETURN) rows_.push_back({Row::Kind::kStrong, "RETURN", ""});
    Pair("Receipt", receipt_.receipt_number());
    Pair("Date", receipt_.local_time());
    Rule();
  }

  void Line(const v1::SaleLine& line) {
    Pair(line.name(), "");
    std::string how =
        "  " + QuantityText(line.quantity_milli()) + " x " + Money(line.unit_price_minor());
    if (line.price_per() > 1) how += " per " + std::to_string(line.price_per());
    Pair(how, Money(line.gross_minor()));
    if (line.discount_minor() != 0) Pair("  Discount", Money(-line.discount_minor()));
    if (line.order_discount_minor() != 0) {
      Pair("  Share of discount", Money(-line.order_discount_minor()));
    }
    if (!line.note().empty()) Pair("  " + line.note(), "");
  }

  void Totals() {
    Rule();
    const v1::SaleTotals& totals = receipt_.totals();
    if (totals.discount_minor() != 0) Pair("Discounts", Money(-totals.discount_minor()));
    for (const v1::TaxTotal& tax : receipt_.taxes()) {
      std::string name = tax.name();
      const bool says_rate = name.find('%') != std::string::npos;  // "VAT 20 %"
      if (tax.rate_ppm() != 0 && !says_rate) name += " (" + RateText(tax.rate_ppm()) + ")";
      if (tax.inclusive()) name += " incl.";
      Pair(name + " on " + Money(tax.base_minor()), Money(tax.amount_minor()));
    }
    const char* title = receipt_.kind() == v1::RETURN ? "TOTAL BACK " : "TOTAL ";
    rows_.push_back(
        {Row::Kind::kStrong, title + receipt_.currency_code(), Money(totals.total_minor())});
    for (const v1::Tender& tender : receipt_.tenders()) {
      Pair(TenderText(tender.type()), Money(tender.tendered_minor()));
    }
    if (totals.cash_rounding_minor() != 0) {
      Pair("Cash rounding", Money(totals.cash_rounding_minor()));
    }
    if (totals.change_minor() != 0) Pair("Change", Money(totals.change_minor()));
  }

  void Foot() {
    Rule();
    for (const std::string& line : receipt_.footer()) Centre(line);
    if (!receipt_.journal_hash().empty())
      Centre("Journal " + receipt_.journal_hash().substr(0, 16));
  }

  const v1::Receipt& receipt_;
  const int exponent_;
  std::vector<Row> rows_;
};

/// The first `columns` characters of valid UTF-8 text.
std::string Clip(const std::string& text, size_t columns) {
  size_t at = 0, seen = 0;
  while (at < text.size() && seen < columns) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    ++seen;
  }
  return text.substr(0, at);
}

std::string TextRow(const Row& row) {
  if (row.kind == Row::Kind::kRule) return std::string(kColumns, '-');
  const size_t right = base::Utf8Length(row.right);
  if (row.kind == Row::Kind::kCentre || row.right.empty()) {
    const std::string left = Clip(row.left, kColumns);
    if (row.kind == Row::Kind::kPair) return left;
    return std::string((kColumns - base::Utf8Length(left)) / 2, ' ') + left;
  }
  const std::string left = Clip(row.left, kColumns - std::min(kColumns, right + 1));
  const size_t used = base::Utf8Length(left) + right;
  return left + std::string(kColumns > used ? kColumns - used : 1, ' ') + row.right;
}

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string HtmlRow(const Row& row) {
  switch (row.kind) {
    case Row::Kind::kRule:
      return "<tr><td colspan=\"2\"><hr></td></tr>\n";
    case Row::Kind::kCentre:
      return "<tr><td colspan=\"2\" align=\"center\">" + Escape(row.left) + "</td></tr>\n";
    case Row::Kind::kStrong:
      return "<tr><th align=\"left\">" + Escape(row.left) + "</th><th align=\"right\">" +
             Escape(row.right) + "</th></tr>\n";
    case Row::Kind::kPair:
      return "<tr><td>" + Escape(row.left) + "</td><td align=\"right\">" + Escape(row.right) +
             "</td></tr>\n";
  }
  return "";
}

}  // namespace

v1::Receipt ReceiptOf(const v1::Sale& sale, const Store& store) {
  v1::Receipt receipt;
  receipt.set_store_name(store.name);
  AddLines(store.address, receipt.mutable_header());
  if (!store.tax_number.empty()) receipt.add_header("Tax no. " + store.tax_number);
  AddLines(store.receipt_header, receipt.mutable_header());
  receipt.set_receipt_number(sale.receipt_number());
  receipt.set_kind(sale.kind());
  const absl::Time at = absl::FromUnixSeconds(sale.occurred_at().seconds());
  receipt.set_local_time(absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", at, store.zone));
  receipt.set_business_date(sale.business_date());
  receipt.set_operator_id(sale.operator_id());
  receipt.set_currency_code(sale.currency_code());
  *receipt.mutable_lines() = sale.lines();
  *receipt.mutable_taxes() = sale.taxes();
  *receipt.mutable_totals() = sale.totals();
  *receipt.mutable_tenders() = sale.tenders();
  AddLines(store.receipt_footer, receipt.mutable_footer());
  receipt.set_journal_hash(sale.journal_hash());
  receipt.set_source_sale_id(sale.source_sale_id());
  return receipt;
}

std::string ReceiptText(const v1::Receipt& receipt) {
  std::string text;
  const Rows rows(receipt);
  for (const Row& row : rows.rows()) text += TextRow(row) + "\n";
  return text;
}

std::string ReceiptHtml(const v1::Receipt& receipt) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Receipt " +
      Escape(receipt.receipt_number()) +
      "</title>\n</head>\n<body>\n<table width=\"380\" align=\"center\">\n";
  const Rows rows(receipt);
  for (const Row& row : rows.rows()) html += HtmlRow(row);
  return html + "</table>\n</body>\n</html>\n";
}

}  // namespace cloudpos::transaction
