#include "tools/replay/replay.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "boost/json/array.hpp"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::replay {
namespace {

namespace json = boost::json;

constexpr int kCataloguePage = 2'000;
constexpr size_t kAdjustmentsPerCall = 100;
constexpr int kReportDays = 400;
constexpr std::chrono::milliseconds kLookAgain{300};

int64_t Number(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr) return 0;
  boost::system::error_code error;
  const auto number = found->to_number<int64_t>(error);
  return error ? 0 : number;
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

const json::object* Object(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found == nullptr ? nullptr : found->if_object();
}

/// The objects of an array; none when it is left out.
std::vector<const json::object*> Objects(const json::object& object, std::string_view key) {
  std::vector<const json::object*> all;
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_array()) return all;
  for (const json::value& value : found->get_array()) {
    if (value.is_object()) all.push_back(&value.get_object());
  }
  return all;
}

absl::Status Explain(const Document& document, const absl::Status& status) {
  const std::string cause(status.message());
  std::string text = "invoice " + document.invoice + ": " + cause;
  if (cause.find(" IDEMPOTENCY_MISMATCH: ") != std::string::npos) {
    text += " (it was sent before with other rows; a file must hold whole invoices)";
  }
  return absl::Status(status.code(), absl::string_view(text.data(), text.size()));
}

class Runner {
 public:
  Runner(const Plan& plan, const ReplayOptions& options) : plan_(plan), options_(options) {}

  absl::StatusOr<std::map<absl::CivilDay, DayFigures>> Run() {
    CLOUDPOS_RETURN_IF_ERROR(ReadCatalogue());
    CLOUDPOS_RETURN_IF_ERROR(SendProducts());
    CLOUDPOS_RETURN_IF_ERROR(SendDocuments());
    CLOUDPOS_RETURN_IF_ERROR(WaitForReports());
    return ReadReports();
  }

 private:
  absl::Status ReadCatalogue();
  absl::Status SendProducts();
  absl::Status SendDocuments();
  absl::Status SendDocument(const Document& document);
  absl::Status WaitForReports();
  absl::StatusOr<size_t> CountMissing();
  absl::StatusOr<std::map<absl::CivilDay, DayFigures>> ReadReports();

  void Tell(const char* what, size_t done, size_t all) const {
    if (options_.progress) options_.progress(what, done, all);
  }

  const Plan& plan_;
  const ReplayOptions& options_;
  Known known_;
  std::mutex mutex_;
  std::map<std::string, int64_t> heads_;  // highest number answered, by journal
  std::vector<std::string> adjustments_;
};

// What earlier replays made is left as it is: another slice of the data may know other names and
// prices for the same codes.
absl::Status Runner::ReadCatalogue() {
  int64_t since = 0;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(
        const json::object page,
        options_.session->Get("/v1/catalogue/changes?latestOnly=true&pageSize=" +
                              std::to_string(kCataloguePage) + "&since=" + std::to_string(since)));
    for (const json::object* change : Objects(page, "changes")) {
      const json::object* variant = Object(*change, "variant");
      if (variant == nullptr) continue;
      known_[Text(*variant, "sku")] = {Text(*variant, "variantId"), Text(*variant, "productId")};
    }
    since = Number(page, "version");
    const json::value* more = page.if_contains("more");
    if (more == nullptr || !more->is_bool() || !more->get_bool()) return absl::OkStatus();
  }
}

absl::Status Runner::SendProducts() {
  const std::vector<Request> requests = ProductRequests(plan_, known_);
  std::atomic<size_t> done{0};
  Tell("products", 0, requests.size());
  return RunAll(requests.size(), 1, [&](size_t i) -> absl::Status {
    CLOUDPOS_RETURN_IF_ERROR(
        options_.session->Post(requests[i].path, requests[i].body).status());
    Tell("products", ++done, requests.size());
    return absl::OkStatus();
  });
}

absl::Status Runner::SendDocument(const Document& document) {
  const Request request = DocumentRequest(plan_, document, options_.place, known_);
  absl::StatusOr<json::object> answer = options_.session->Post(request.path, request.body);
  if (!answer.ok()) return Explain(document, answer.status());
  const std::lock_guard lock(mutex_);
  if (document.kind == Kind::kCorrection) {
    adjustments_.push_back(document.Id().ToString());
    return absl::OkStatus();
  }
  const json::object* recorded =
      Object(*answer, document.kind == Kind::kSale ? "sale" : "returnDocument");
  if (recorded == nullptr || Text(*recorded, "journalId").empty()) {
    return absl::InternalError("invoice " + document.invoice + ": the answer names no journal");
  }
  int64_t& head = heads_[Text(*recorded, "journalId")];
  head = std::max(head, Number(*recorded, "journalNo"));
  return absl::OkStatus();
}

absl::Status Runner::SendDocuments() {
  std::atomic<size_t> done{0};
  const size_t all = plan_.documents.size();
  Tell("documents", 0, all);
  return RunAll(all, options_.workers, [&](size_t i) -> absl::Status {
    CLOUDPOS_RETURN_IF_ERROR(SendDocument(plan_.documents[i]));
    Tell("documents", ++done, all);
    return absl::OkStatus();
  });
}

/// Journal entries and adjustments that the reports do not hold yet.
absl::StatusOr<size_t> Runner::CountMissing() {
  std::map<std::string, int64_t> seen;
  std::string page;
  size_t missing = 0;
  do {
    CLOUDPOS_ASSIGN_OR_RETURN(const json::object progress,
                              options_.session->Get("/v1/reports/progress?pageSize=1000&storeId=" +
                                                    options_.place.store_id + page));
    for (const json::object* journal : Objects(progress, "journals")) {
      seen[Text(*journal, "journalId")] = Number(*journal, "denseNo");
    }
    const std::string next = Text(progress, "nextPageToken");
    page = next.empty() ? next : "&pageToken=" + next;
  } while (!page.empty());
  for (const auto& [journal, head] : heads_) {
    missing += static_cast<size_t>(std::max<int64_t>(head - seen[journal], 0));
  }
  for (size_t i = 0; i < adjustments_.size(); i += kAdjustmentsPerCall) {
    std::string target = "/v1/reports/progress?storeId=" + options_.place.store_id;
    for (size_t k = i; k < std::min(adjustments_.size(), i + kAdjustmentsPerCall); ++k) {
      target += "&adjustmentIds=" + adjustments_[k];
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const json::object progress, options_.session->Get(target));
    const json::value* ids = progress.if_contains("missingAdjustmentIds");
    if (ids != nullptr && ids->is_array()) missing += ids->get_array().size();
  }
  return missing;
}

absl::Status Runner::WaitForReports() {
  CLOUDPOS_ASSIGN_OR_RETURN(size_t missing, CountMissing());
  const size_t all = missing;
  auto moved_at = std::chrono::steady_clock::now();
  Tell("reports", 0, all);
  while (missing > 0) {
    if (std::chrono::steady_clock::now() - moved_at > options_.report_patience) {
      return absl::DeadlineExceededError(
          "the reports still lack " + std::to_string(missing) + " entries and stand still");
    }
    std::this_thread::sleep_for(kLookAgain);
    CLOUDPOS_ASSIGN_OR_RETURN(const size_t left, CountMissing());
    if (left < missing) moved_at = std::chrono::steady_clock::now();
    missing = left;
    Tell("reports", all - std::min(missing, all), all);
  }
  return absl::OkStatus();
}

DayFigures FiguresOf(const json::object& day) {
  return {.sales = Number(day, "salesMinor"),
          .returns = Number(day, "returnsMinor"),
          .units_sold = Number(day, "unitsSoldMilli"),
          .units_returned = Number(day, "unitsReturnedMilli"),
          .sale_count = Number(day, "saleCount"),
          .credit_notes = Number(day, "creditNoteCount"),
          .corrections = Number(day, "correctionCount"),
          .correction_units = Number(day, "correctionUnitsMilli")};
}

absl::StatusOr<std::map<absl::CivilDay, DayFigures>> Runner::ReadReports() {
  std::map<absl::CivilDay, DayFigures> days;
  if (plan_.days.empty()) return days;
  const absl::CivilDay last = plan_.days.rbegin()->first;
  for (absl::CivilDay from = plan_.days.begin()->first; from <= last; from += kReportDays) {
    const absl::CivilDay to = std::min(from + (kReportDays - 1), last);
    CLOUDPOS_ASSIGN_OR_RETURN(
        const json::object report,
        options_.session->Get("/v1/reports/daily?from=" + base::FormatDate(from) +
                              "&to=" + base::FormatDate(to) +
                              "&storeId=" + options_.place.store_id));
    for (const json::object* day : Objects(report, "days")) {
      CLOUDPOS_ASSIGN_OR_RETURN(const absl::CivilDay date,
                                base::ParseDate(Text(*day, "businessDate"), "businessDate"));
      // Days of earlier replays may lie between.
      if (plan_.days.contains(date)) days[date] = FiguresOf(*day);
    }
  }
  return days;
}

}  // namespace

absl::StatusOr<std::map<absl::CivilDay, DayFigures>> Replay(const Plan& plan,
                                                            const ReplayOptions& options) {
  return Runner(plan, options).Run();
}

}  // namespace cloudpos::replay
