#include "libs/base/error.h"

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/cord.h"

namespace cloudpos::base {
namespace {

constexpr char kPayload[] = "cloudpos/error";
constexpr char kWithheld[] = "Something went wrong on our side.";

// --- the table read from error.proto ---

constexpr std::pair<std::string_view, absl::StatusCode> kStatusNames[] = {
    {"CANCELLED", absl::StatusCode::kCancelled},
    {"UNKNOWN", absl::StatusCode::kUnknown},
    {"INVALID_ARGUMENT", absl::StatusCode::kInvalidArgument},
    {"DEADLINE_EXCEEDED", absl::StatusCode::kDeadlineExceeded},
    {"NOT_FOUND", absl::StatusCode::kNotFound},
    {"ALREADY_EXISTS", absl::StatusCode::kAlreadyExists},
    {"PERMISSION_DENIED", absl::StatusCode::kPermissionDenied},
    {"RESOURCE_EXHAUSTED", absl::StatusCode::kResourceExhausted},
    {"FAILED_PRECONDITION", absl::StatusCode::kFailedPrecondition},
    {"ABORTED", absl::StatusCode::kAborted},
    {"OUT_OF_RANGE", absl::StatusCode::kOutOfRange},
    {"UNIMPLEMENTED", absl::StatusCode::kUnimplemented},
    {"INTERNAL", absl::StatusCode::kInternal},
    {"UNAVAILABLE", absl::StatusCode::kUnavailable},
    {"DATA_LOSS", absl::StatusCode::kDataLoss},
    {"UNAUTHENTICATED", absl::StatusCode::kUnauthenticated},
};

absl::StatusCode StatusCodeOf(std::string_view name) {
  for (const auto& [known, code] : kStatusNames) {
    if (known == name) return code;
  }
  return absl::StatusCode::kInternal;
}

std::vector<Meaning> ReadMeanings() {
  const Meaning fallback{absl::StatusCode::kInternal, "Something went wrong on our side", 0};
  std::vector<Meaning> table(common::v1::ErrorCode_ARRAYSIZE, fallback);
  const auto* codes = common::v1::ErrorCode_descriptor();
  for (int i = 0; i < codes->value_count(); ++i) {
    const auto* value = codes->value(i);
    if (!value->options().HasExtension(common::v1::meaning)) continue;
    const auto& meaning = value->options().GetExtension(common::v1::meaning);
    table[static_cast<size_t>(value->number())] = {StatusCodeOf(meaning.status()), meaning.title(),
                                                   meaning.http_status()};
  }
  return table;
}

// --- the payload: lengths and bytes, read only by this process ---

void PutNumber(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void PutText(std::string* out, std::string_view text) {
  PutNumber(out, text.size());
  out->append(text);
}

class PayloadReader {
 public:
  explicit PayloadReader(std::string_view bytes) : rest_(bytes) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string Text() {
    const size_t size = std::min<size_t>(Number(), rest_.size());
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string Encode(const ErrorInfo& info) {
  std::string out;
  out.reserve(64 + info.detail.size() + info.hint.size());
  PutNumber(&out, static_cast<uint64_t>(info.code));
  PutText(&out, info.detail);
  PutText(&out, info.hint);
  PutNumber(&out, info.retry_after ? static_cast<uint64_t>(info.retry_after->count()) + 1 : 0);
  PutNumber(&out, info.fields.size());
  for (const auto& violation : info.fields) {
    PutText(&out, violation.field);
    PutText(&out, violation.detail);
  }
  PutNumber(&out, info.data.size());
  for (const auto& [key, value] : info.data) {
    PutText(&out, key);
    PutText(&out, value);
  }
  return out;
}

ErrorInfo Decode(std::string_view bytes) {
  PayloadReader reader(bytes);
  ErrorInfo info;
  info.code = static_cast<ErrorCode>(reader.Number());
  info.detail = reader.Text();
  info.hint = reader.Text();
  if (const uint64_t retry = reader.Number(); retry > 0) {
    info.retry_after = std::chrono::milliseconds(retry - 1);
  }
  for (uint64_t left = reader.Number(); left > 0 && !reader.done(); --left) {
    FieldViolation violation;
    violation.field = reader.Text();
    violation.detail = reader.Text();
    info.fields.push_back(std::move(violation));
  }
  for (uint64_t left = reader.Number(); left > 0 && !reader.done(); --left) {
    std::string key = reader.Text();
    info.data.emplace_back(std::move(key), reader.Text());
  }
  return info;
}

// --- statuses that others made ---

ErrorCode GenericCode(absl::StatusCode status) {
  switch (status) {
    case absl::StatusCode::kOk:
      return common::v1::ERROR_CODE_UNSPECIFIED;
    case absl::StatusCode::kCancelled:
      return common::v1::CANCELLED;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return common::v1::INVALID_ARGUMENT;
    case absl::StatusCode::kOutOfRange:
      return common::v1::OUT_OF_RANGE;
    case absl::StatusCode::kDeadlineExceeded:
      return common::v1::DEADLINE_EXCEEDED;
    case absl::StatusCode::kNotFound:
      return common::v1::NOT_FOUND;
    case absl::StatusCode::kAlreadyExists:
      return common::v1::ALREADY_EXISTS;
    case absl::StatusCode::kPermissionDenied:
      return common::v1::PERMISSION_DENIED;
    case absl::StatusCode::kResourceExhausted:
      return common::v1::RATE_LIMITED;
    case absl::StatusCode::kAborted:
      return common::v1::CONFLICT;
    case absl::StatusCode::kUnimplemented:
      return common::v1::UNIMPLEMENTED;
    case absl::StatusCode::kUnavailable:
      return common::v1::UNAVAILABLE;
    case absl::StatusCode::kUnauthenticated:
      return common::v1::UNAUTHENTICATED;
    default:
      return common::v1::INTERNAL;
  }
}

// Faults of machines name addresses, files and statements in their text; refusals do not.
bool IsTextWithheld(absl::StatusCode status) {
  switch (status) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kAborted:
      return false;
    default:
      return true;
  }
}

}  // namespace

const Meaning& MeaningOf(ErrorCode code) {
  static const std::vector<Meaning>* const table = new std::vector<Meaning>(ReadMeanings());
  const auto index = static_cast<size_t>(code);
  return (*table)[index < table->size() ? index : 0];
}

absl::Status Fail(const ErrorInfo& info) {
  std::string message;
  if (!info.fields.empty()) message.append(info.fields.front().field).append(": ");
  message.append(info.detail);
  absl::Status status(MeaningOf(info.code).status, message);
  status.SetPayload(kPayload, absl::Cord(Encode(info)));
  return status;
}

absl::Status Fail(ErrorCode code, std::string_view detail) {
  ErrorInfo info;
  info.code = code;
  info.detail = detail;
  return Fail(info);
}

absl::Status Fail(ErrorCode code, std::string_view field, std::string_view detail,
                  std::string_view hint) {
  ErrorInfo info;
  info.code = code;
  info.detail = detail;
  info.hint = hint;
  info.fields.push_back({std::string(field), std::string(detail)});
  return Fail(info);
}

ErrorInfo InfoOf(const absl::Status& status) {
  ErrorInfo info;
  if (const auto payload = status.GetPayload(kPayload)) {
    info = Decode(std::string(*payload));
    if (info.code == common::v1::INTERNAL) info.detail = kWithheld;
    return info;
  }
  info.code = GenericCode(status.code());
  if (status.ok()) return info;
  if (info.code == common::v1::INTERNAL) {
    info.detail = kWithheld;
  } else if (IsTextWithheld(status.code()) || status.message().empty()) {
    info.detail = MeaningOf(info.code).title + ".";
  } else {
    info.detail = std::string(status.message());
  }
  return info;
}

ErrorCode CodeOf(const absl::Status& status) {
  if (const auto payload = status.GetPayload(kPayload)) {
    return static_cast<ErrorCode>(PayloadReader(std::string(*payload)).Number());
  }
  return GenericCode(status.code());
}

}  // namespace cloudpos::base
