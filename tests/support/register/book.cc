#include "tests/support/register/book.h"

#include <filesystem>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "tests/support/register/json.h"
#include "tests/support/register/own_journal.h"

namespace cloudpos::register_sim {

Book::Book(const std::string& path)
    : folder_(std::filesystem::absolute(path).parent_path().string()),
      name_(std::filesystem::path(path).filename().string()) {}

absl::StatusOr<std::map<std::string, journal::Hash>> Book::Hashes() const {
  std::map<std::string, journal::Hash> hashes;
  CLOUDPOS_ASSIGN_OR_RETURN(const auto lines, folder_.Lines(name_));
  for (const std::string& line : lines) {
    const json::value receipt = json::parse(line);
    CLOUDPOS_ASSIGN_OR_RETURN(
        hashes[Text(receipt.as_object(), "saleId")],
        HashFrom(base::HexDecode(Text(receipt.as_object(), "hash")).value_or("")));
  }
  return hashes;
}

absl::Status Book::Write(const journal::SaleEntry& entry, const std::string& receipt_number,
                         const journal::Hash& hash) const {
  json::array lines;
  for (const journal::EntryLine& line : entry.lines) {
    lines.push_back(json::object{{"variantId", line.variant_id},
                                 {"quantityMilli", line.quantity_milli},
                                 {"stocked", line.stocked}});
  }
  const json::object receipt{{"saleId", entry.sale_id},
                             {"journal", entry.journal},
                             {"n", entry.n},
                             {"receiptNumber", receipt_number},
                             {"businessDate", entry.business_date},
                             {"totalMinor", entry.totals.total},
                             {"hash", base::HexEncode(BytesOf(hash))},
                             {"lines", std::move(lines)}};
  return folder_.Append(name_, json::serialize(receipt));
}

}  // namespace cloudpos::register_sim
