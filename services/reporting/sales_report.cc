#include <charconv>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/reporting/report_handler.h"

namespace cloudpos::reporting {
namespace {

using base::Fail;
using common::v1::FIELD_REQUIRED;
using common::v1::INVALID_PAGE_TOKEN;
using common::v1::OUT_OF_RANGE;

constexpr int kPageDefault = 200;
constexpr int kPageMax = 1000;
constexpr int kHourDaysMax = 31;
constexpr int64_t kOffsetMax = 10'000'000;

/// A page token is the number of groups before it.
absl::StatusOr<int64_t> ParseToken(const std::string& token) {
  if (token.empty()) return 0;
  const std::optional<std::string> text = base::Base64UrlDecode(token);
  int64_t offset = -1;
  if (text) {
    const auto end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, offset);
    if (error != std::errc() || at != end) offset = -1;
  }
  if (offset < 0 || offset > kOffsetMax) {
    return Fail(INVALID_PAGE_TOKEN, "pageToken", "is not a token of this report");
  }
  return offset;
}

/// "1792888800 60" -> "2026-10-25T01:00:00+01:00".
std::string HourKeyOf(const std::string& key) {
  int64_t seconds = 0;
  int offset = 0;
  const size_t blank = key.find(' ');
  std::from_chars(key.data(), key.data() + blank, seconds);
  std::from_chars(key.data() + blank + 1, key.data() + key.size(), offset);
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%S%Ez", absl::FromUnixSeconds(seconds),
                          absl::FixedTimeZone(offset * 60));
}

absl::Status CheckRequest(const v1::GetSalesReportRequest& request) {
  if (request.group_by() == v1::SALES_GROUPING_UNSPECIFIED) {
    return Fail(FIELD_REQUIRED, "groupBy", "is required");
  }
  if (!v1::SalesGrouping_IsValid(request.group_by())) {
    return Fail(OUT_OF_RANGE, "groupBy", "is not a grouping");
  }
  if (request.page_size() < 0 || request.page_size() > kPageMax) {
    return Fail(OUT_OF_RANGE, "pageSize", "must be 1 to 1000");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReportHandler::GetSalesReport(rpc::CallContext& ctx,
                                           const v1::GetSalesReportRequest& request,
                                           v1::GetSalesReportResponse* response) {
  CLOUDPOS_RETURN_IF_ERROR(CheckRequest(request));
  CLOUDPOS_ASSIGN_OR_RETURN(const int64_t offset, ParseToken(request.page_token()));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Range range, ParseRange(ctx, request.from(), request.to(), request.store_id()));
  if (request.group_by() == v1::HOUR && range.to - range.from >= kHourDaysMax) {
    return Fail(OUT_OF_RANGE, "to", "by hour a report covers at most 31 days");
  }
  const size_t size =
      static_cast<size_t>(request.page_size() == 0 ? kPageDefault : request.page_size());
  Stamp(as_of(), response);
  std::vector<Group> groups, totals;
  std::map<std::string, std::string> names;
  CLOUDPOS_RETURN_IF_ERROR(Read(ctx, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(groups, SelectGroups(tx, range, request.group_by(),
                                                   static_cast<int64_t>(size) + 1, offset));
    CLOUDPOS_ASSIGN_OR_RETURN(totals, SelectTotals(tx, range));
    CLOUDPOS_ASSIGN_OR_RETURN(names, SelectNames(tx, range.tenant, request.group_by(), groups));
    return absl::OkStatus();
  }));
  if (groups.size() > size) {
    groups.resize(size);
    response->set_next_page_token(
        base::Base64UrlEncode(std::to_string(offset + static_cast<int64_t>(size))));
  }
  for (const Group& group : groups) {
    v1::SalesGroup* out = response->add_groups();
    out->set_key(request.group_by() == v1::HOUR ? HourKeyOf(group.key) : group.key);
    if (const auto name = names.find(group.key); name != names.end()) out->set_name(name->second);
    out->set_currency_code(group.currency);
    SetFigures(group.figures, out->mutable_figures());
  }
  for (const Group& total : totals) {
    v1::CurrencyFigures* out = response->add_totals();
    out->set_currency_code(total.currency);
    SetFigures(total.figures, out->mutable_figures());
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::reporting
