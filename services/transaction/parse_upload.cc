#include "services/transaction/parse_upload.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/journal/chain.h"
#include "libs/token/device_jwk.h"
#include "libs/token/device_key.h"
#include "services/transaction/domain/numbering.h"

namespace cloudpos::transaction {
namespace {

using common::v1::INVALID_ARGUMENT;
using common::v1::LIMIT_EXCEEDED;
using common::v1::OUT_OF_RANGE;

constexpr int kEntriesMax = 200;
constexpr size_t kPayloadMax = 4 << 20;
constexpr int kGenerationMax = 1'000'000;
constexpr size_t kKindMax = 32;

std::string At(int index, const char* field) {
  return "entries[" + std::to_string(index) + "]." + field;
}

absl::Status BadPayload(int index, std::string_view what) {
  return base::Fail(INVALID_ARGUMENT, At(index, "payload"), what);
}

bool IsKind(const std::string& kind) {
  return !kind.empty() && kind.size() <= kKindMax &&
         std::all_of(kind.begin(), kind.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

/// What no text column can hold; nothing in an entry is text for people.
bool HasNul(std::string_view payload) { return payload.find("\\u0000") != payload.npos; }

absl::StatusOr<UploadedEntry> ParseOne(const v1::UploadEntry& sent, int index) {
  if (sent.payload().size() > kPayloadMax) {
    return base::Fail(LIMIT_EXCEEDED, At(index, "payload"), "at most 4 MiB are allowed");
  }
  if (sent.signature().size() != token::kP256SignatureBytes) {
    return base::Fail(INVALID_ARGUMENT, At(index, "signature"), "must be 64 bytes");
  }
  UploadedEntry uploaded;
  if (const journal::Error error = journal::ParseEntry(sent.payload(), &uploaded.entry);
      !error.ok()) {
    return BadPayload(
        index, "is not a canonical journal entry: " + std::string(journal::ErrorName(error.code)) +
                   " at byte " + std::to_string(error.offset));
  }
  if (HasNul(sent.payload()) || !IsKind(uploaded.entry.kind)) {
    return BadPayload(index, "holds a NUL or a kind that is no name");
  }
  const auto document = base::Uuid::Parse(uploaded.entry.sale_id);
  if (!document || document->is_nil() || !base::Uuid::Parse(uploaded.entry.store)) {
    return BadPayload(index, "names a document or store that is no UUID");
  }
  uploaded.document = *document;
  uploaded.payload = sent.payload();
  uploaded.signature = sent.signature();
  return uploaded;
}

/// The entry must say of itself where it belongs: the signature then binds it there.
absl::Status CheckPlace(const journal::SaleEntry& entry, const UploadInput& input,
                        const base::Uuid& tenant, int index) {
  const auto reg = base::Uuid::Parse(entry.register_id);
  if (!reg) return BadPayload(index, "names a register that is no UUID");
  if (entry.tenant != tenant.ToString()) return BadPayload(index, "is of another tenant");
  if (entry.device != input.device.ToString()) return BadPayload(index, "is of another device");
  if (entry.generation != input.generation) return BadPayload(index, "is of another generation");
  const base::Uuid journal = JournalId(*reg, input.device, input.generation, input.series);
  if (entry.journal != journal.ToString()) {
    return BadPayload(index, "is of another journal; this one's id is " + journal.ToString());
  }
  return absl::OkStatus();
}

/// The key the signature was made with, newest first; empty: none of the device's.
const std::string* KeyOf(const Device& device, const UploadedEntry& uploaded) {
  const std::string_view message(reinterpret_cast<const char*>(uploaded.hash.data()),
                                 uploaded.hash.size());
  for (const std::string& key : device.keys) {
    if (token::VerifyP256(key, message, uploaded.signature)) return &key;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<UploadInput> ParseUpload(const v1::UploadJournalRequest& request) {
  UploadInput input;
  CLOUDPOS_ASSIGN_OR_RETURN(input.device, base::Uuid::ParseField(request.device_id(), "deviceId"));
  if (request.generation() < 1 || request.generation() > kGenerationMax) {
    return base::Fail(OUT_OF_RANGE, "generation", "must be 1 to 1000000");
  }
  input.generation = request.generation();
  input.series = request.series().empty() ? std::string(kSalesSeries) : request.series();
  if (input.series != kSalesSeries && input.series != kTrainingSeries) {
    return base::Fail(INVALID_ARGUMENT, "series", "must be SALES or TRAINING");
  }
  if (request.entries_size() > kEntriesMax) {
    return base::Fail(LIMIT_EXCEEDED, "entries", "at most 200 are allowed");
  }
  if (!request.previous_hash().empty()) {
    journal::Hash previous{};
    if (request.previous_hash().size() != previous.size()) {
      return base::Fail(INVALID_ARGUMENT, "previousHash", "must be 32 bytes");
    }
    std::copy(request.previous_hash().begin(), request.previous_hash().end(), previous.begin());
    input.previous = previous;
  }
  if (!request.register_id().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(input.reg,
                              base::Uuid::ParseField(request.register_id(), "registerId"));
  }
  return input;
}

absl::StatusOr<std::vector<UploadedEntry>> ParseEntries(const v1::UploadJournalRequest& request,
                                                        const UploadInput& input,
                                                        const base::Uuid& tenant) {
  std::vector<UploadedEntry> entries;
  for (int i = 0; i < request.entries_size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(UploadedEntry uploaded, ParseOne(request.entries(i), i));
    CLOUDPOS_RETURN_IF_ERROR(CheckPlace(uploaded.entry, input, tenant, i));
    if (!entries.empty()) {
      const journal::SaleEntry& before = entries.back().entry;
      if (uploaded.entry.n != before.n + 1) return BadPayload(i, "does not follow on in number");
      if (uploaded.entry.register_id != before.register_id) {
        return BadPayload(i, "is of another register than the one before");
      }
    }
    entries.push_back(std::move(uploaded));
  }
  return entries;
}

absl::Status ChainEntries(const journal::Hash& previous, const Device& device,
                          std::vector<UploadedEntry>* entries) {
  journal::Hash before = previous;
  for (size_t i = 0; i < entries->size(); ++i) {
    UploadedEntry& uploaded = (*entries)[i];
    uploaded.previous = before;
    uploaded.hash =
        journal::ChainHash(static_cast<uint64_t>(uploaded.entry.n), before, uploaded.payload);
    before = uploaded.hash;
    const std::string* key = KeyOf(device, uploaded);
    if (key == nullptr) {
      return base::Fail(INVALID_ARGUMENT, At(static_cast<int>(i), "signature"),
                        "is not the device's over this entry at this place in the chain",
                        "compare with the head's hash; send previousHash");
    }
    uploaded.key_id = token::P256KeyId(*key);
    uploaded.is_earlier_key = key != &device.keys.front();
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
