#include "tests/chaos/check/paper.h"

#include <algorithm>
#include <filesystem>

#include "libs/base/status_macros.h"

namespace cloudpos::chaos {
namespace {

class Paper {
 public:
  Paper(const Books& books, Documents* documents, History* history, Report* report)
      : books_(books), documents_(*documents), history_(*history), report_(*report) {}

  void ReadBook(std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) return;  // torn as the power failed: not handed out
      ReadLine(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }

  void Finish() {
    for (const auto& [id, text] : last_) Add(id, text);
  }

 private:
  void ReadLine(std::string_view text) {
    report_.Compared(Rule::kLog, 1);
    boost::json::error_code error;
    const boost::json::value line = boost::json::parse(std::string(text), error);
    const base::Uuid sale =
        !error && line.is_object() ? IdIn(line.get_object(), "saleId") : base::Uuid();
    if (sale.is_nil()) {
      return report_.Broken(Rule::kLog,
                            "a receipt cannot be read: " + std::string(text.substr(0, 200)));
    }
    last_[sale] = text;
  }

  void Add(const base::Uuid& sale, std::string_view text) {
    const boost::json::value line = boost::json::parse(std::string(text));
    const boost::json::object& receipt = line.get_object();
    Document& document = documents_[documents_.Of(sale)];
    document.paper = SumOf(ReceiptLine{receipt});
    if (document.acked != kNowhere) return;  // its log says it all
    document.receipt_number = HashOf(TextIn(receipt, "receiptNumber"));
    const base::Uuid store = StoreOf(receipt);
    history_.taken[store] += IntIn(receipt, "totalMinor");
    ForEachIn(receipt, "lines", [&](const boost::json::object& item) {
      if (!BoolIn(item, "stocked")) return;
      history_.moved[{store, IdIn(item, "variantId")}] -= IntIn(item, "quantityMilli");
    });
  }

  base::Uuid StoreOf(const boost::json::object& receipt) {
    const auto found = books_.index.find(IdIn(receipt, "journal"));
    return found == books_.index.end() ? base::Uuid() : books_.journals[found->second].store;
  }

  const Books& books_;
  Documents& documents_;
  History& history_;
  Report& report_;
  std::map<base::Uuid, std::string_view> last_;
};

}  // namespace

absl::Status ReadPaper(const std::string& folder, const Books& books, Documents* documents,
                       History* history, Report* report) {
  std::vector<std::string> paths;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder + "/registers", ignored)) {
    if (file.path().extension() == ".book") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  Paper paper(books, documents, history, report);
  for (const std::string& path : paths) {
    CLOUDPOS_ASSIGN_OR_RETURN(history->books.emplace_back(), MappedFile::Open(path));
    paper.ReadBook(history->books.back()->text());
  }
  paper.Finish();
  return absl::OkStatus();
}

}  // namespace cloudpos::chaos
