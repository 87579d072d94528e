#include "libs/base/error.h"

#include <catch2/catch.hpp>

#include "libs/base/status_macros.h"

namespace cloudpos::base {
namespace {

TEST_CASE("MeaningOf: every code of error.proto has a status and a title", "[base]") {
  const auto* codes = common::v1::ErrorCode_descriptor();
  for (int i = 0; i < codes->value_count(); ++i) {
    const auto* value = codes->value(i);
    if (value->number() == 0) continue;
    INFO(value->name());
    REQUIRE(value->options().HasExtension(common::v1::meaning));
    const Meaning& meaning = MeaningOf(static_cast<ErrorCode>(value->number()));
    CHECK(meaning.status != absl::StatusCode::kOk);
    CHECK_FALSE(meaning.title.empty());
  }
  CHECK(MeaningOf(common::v1::PRICE_CHANGED).status == absl::StatusCode::kAborted);
  CHECK(MeaningOf(common::v1::IDEMPOTENCY_MISMATCH).http_status == 422);
  CHECK(MeaningOf(common::v1::NOT_FOUND).http_status == 0);
}

TEST_CASE("MeaningOf: an unknown number means INTERNAL", "[base]") {
  CHECK(MeaningOf(static_cast<ErrorCode>(9999)).status == absl::StatusCode::kInternal);
  CHECK(MeaningOf(static_cast<ErrorCode>(-1)).status == absl::StatusCode::kInternal);
}

TEST_CASE("Fail: what was put in is read back", "[base]") {
  ErrorInfo info;
  info.code = common::v1::JOURNAL_NO;
  info.detail = "journal_no 17 is taken";
  info.hint = "read the head";
  info.fields = {{"journal.journalNo", "is not the next one"}, {"", std::string(300, 'x')}};
  info.data = {{"head", "17"}, {std::string("nul\0byte", 8), ""}};
  info.retry_after = std::chrono::milliseconds(0);
  const absl::Status status = Fail(info);
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(status.message() == "journal.journalNo: journal_no 17 is taken");
  CHECK(CodeOf(status) == common::v1::JOURNAL_NO);

  const ErrorInfo back = InfoOf(status);
  CHECK(back.code == info.code);
  CHECK(back.detail == info.detail);
  CHECK(back.hint == info.hint);
  REQUIRE(back.fields.size() == 2);
  CHECK(back.fields[0].field == "journal.journalNo");
  CHECK(back.fields[1].detail == std::string(300, 'x'));
  CHECK(back.data == info.data);
  CHECK(back.retry_after == info.retry_after);
}

TEST_CASE("Fail: the field form names the field once", "[base]") {
  const ErrorInfo info =
      InfoOf(Fail(common::v1::OUT_OF_RANGE, "lines[2].quantityMilli", "must be 1 or more"));
  CHECK(info.code == common::v1::OUT_OF_RANGE);
  CHECK(info.detail == "must be 1 or more");
  REQUIRE(info.fields.size() == 1);
  CHECK(info.fields[0].field == "lines[2].quantityMilli");
  CHECK_FALSE(info.retry_after);
}

TEST_CASE("InfoOf: INTERNAL text stays in the status and never reaches the caller", "[base]") {
  const absl::Status ours = Fail(common::v1::INTERNAL, "cannot open key file");
  CHECK(ours.message() == "cannot open key file");
  CHECK(InfoOf(ours).detail == "Something went wrong on our side.");
  CHECK(InfoOf(absl::InternalError("column x")).detail == "Something went wrong on our side.");
  CHECK(InfoOf(absl::DataLossError("column x")).code == common::v1::INTERNAL);
}

TEST_CASE("InfoOf: a foreign status yields the generic code of its canonical code", "[base]") {
  CHECK(InfoOf(absl::OkStatus()).code == common::v1::ERROR_CODE_UNSPECIFIED);
  const ErrorInfo invalid = InfoOf(absl::InvalidArgumentError("must be short"));
  CHECK(invalid.code == common::v1::INVALID_ARGUMENT);
  CHECK(invalid.detail == "must be short");
  const ErrorInfo away = InfoOf(absl::UnavailableError("connect to 10.0.0.7 failed"));
  CHECK(away.code == common::v1::UNAVAILABLE);
  CHECK(away.detail == "A part of the system is not available.");
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "text");
    const absl::StatusCode generic = MeaningOf(CodeOf(status)).status;
    INFO(code);
    if (status.code() == absl::StatusCode::kUnknown || absl::IsDataLoss(status)) {
      CHECK(generic == absl::StatusCode::kInternal);
    } else if (absl::IsFailedPrecondition(status) || absl::IsOutOfRange(status)) {
      CHECK(generic == absl::StatusCode::kInvalidArgument);  // the same HTTP number
    } else {
      CHECK(generic == status.code());
    }
  }
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int half, Half(n));
  CLOUDPOS_RETURN_IF_ERROR(Half(half).status());
  CLOUDPOS_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST_CASE("status macros: values go on, errors return", "[base]") {
  CHECK(*Quarter(12) == 3);
  CHECK(absl::IsInvalidArgument(Quarter(6).status()));
  CHECK(absl::IsInvalidArgument(Quarter(5).status()));
}

}  // namespace
}  // namespace cloudpos::base
