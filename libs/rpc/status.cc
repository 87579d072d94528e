#include "libs/rpc/status.h"

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"

namespace cloudpos::rpc {
namespace {

constexpr char kDomain[] = "cloudpos";
constexpr char kCausePayload[] = "cloudpos/cause";

void AddDetails(const base::ErrorInfo& info, google::rpc::Status* wire) {
  google::rpc::ErrorInfo reason;
  reason.set_reason(common::v1::ErrorCode_Name(info.code));
  reason.set_domain(kDomain);
  for (const auto& [key, value] : info.data) (*reason.mutable_metadata())[key] = value;
  wire->add_details()->PackFrom(reason);
  if (!info.fields.empty()) {
    google::rpc::BadRequest request;
    for (const base::FieldViolation& violation : info.fields) {
      auto* entry = request.add_field_violations();
      entry->set_field(violation.field);
      entry->set_description(violation.detail);
    }
    wire->add_details()->PackFrom(request);
  }
  if (info.retry_after) {
    google::rpc::RetryInfo retry;
    const int64_t ms = info.retry_after->count();
    retry.mutable_retry_delay()->set_seconds(ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1000 * 1000000));
    wire->add_details()->PackFrom(retry);
  }
  if (!info.hint.empty()) {
    google::rpc::Help help;
    help.add_links()->set_description(info.hint);
    wire->add_details()->PackFrom(help);
  }
}

// False when there is no ErrorInfo of ours.
bool ReadDetails(const google::rpc::Status& wire, base::ErrorInfo* info) {
  bool is_ours = false;
  for (const auto& any : wire.details()) {
    google::rpc::ErrorInfo reason;
    google::rpc::BadRequest request;
    google::rpc::RetryInfo retry;
    google::rpc::Help help;
    if (any.UnpackTo(&reason) && reason.domain() == kDomain) {
      is_ours = common::v1::ErrorCode_Parse(reason.reason(), &info->code);
      for (const auto& [key, value] : reason.metadata()) info->data.emplace_back(key, value);
    } else if (any.UnpackTo(&request)) {
      for (const auto& entry : request.field_violations()) {
        info->fields.push_back({.field = entry.field(), .detail = entry.description()});
      }
    } else if (any.UnpackTo(&retry)) {
      info->retry_after = std::chrono::milliseconds(retry.retry_delay().seconds() * 1000 +
                                                    retry.retry_delay().nanos() / 1000000);
    } else if (any.UnpackTo(&help) && help.links_size() > 0) {
      info->hint = help.links(0).description();
    }
  }
  return is_ours;
}

std::string TextOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// For what gRPC itself reports. A peer that does not know a method or sends rubbish is our fault,
// not that of whoever asked us.
base::ErrorInfo GenericInfo(grpc::StatusCode code) {
  base::ErrorInfo info;
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      info.code = common::v1::UNAVAILABLE;
      info.detail = "A part of the system does not answer.";
      info.retry_after = std::chrono::milliseconds(1000);
      break;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      info.code = common::v1::DEADLINE_EXCEEDED;
      info.detail = "The request took too long.";
      break;
    case grpc::StatusCode::CANCELLED:
      info.code = common::v1::CANCELLED;
      info.detail = "The caller went away.";
      break;
    case grpc::StatusCode::UNIMPLEMENTED:
      info.code = common::v1::UNIMPLEMENTED;
      info.detail = "This is not available.";
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      info.code = common::v1::LIMIT_EXCEEDED;
      info.detail = "A message is too large.";
      break;
    default:
      info.code = common::v1::INTERNAL;
      info.detail = "Something went wrong on our side.";
  }
  return info;
}

}  // namespace

const char* CodeName(absl::StatusCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

std::string CauseOf(const absl::Status& status) {
  const auto cause = status.GetPayload(kCausePayload);
  return cause ? std::string(*cause) : TextOf(status);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const base::ErrorInfo info = base::InfoOf(status);
  // The reason decides the code, so that a reader sees one consistent pair.
  const auto code = static_cast<grpc::StatusCode>(base::MeaningOf(info.code).status);
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(code));
  wire.set_message(info.detail);
  AddDetails(info, &wire);
  return {code, info.detail, wire.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status wire;
  base::ErrorInfo info;
  if (!status.error_details().empty() && wire.ParseFromString(status.error_details()) &&
      ReadDetails(wire, &info)) {
    info.detail = status.error_message();
    return base::Fail(info);
  }
  absl::Status result = base::Fail(GenericInfo(status.error_code()));
  result.SetPayload(kCausePayload, absl::Cord(absl::string_view(status.error_message().data(),
                                                                status.error_message().size())));
  return result;
}

}  // namespace cloudpos::rpc
