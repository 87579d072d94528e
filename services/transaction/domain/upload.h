#pragma once

// The judgement of one entry of a register's own journal: does it stand, what should a manager look
// at, must it be set aside? It has happened, so it is never refused. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/journal/entry.h"
#include "services/transaction/domain/document.h"
#include "services/transaction/domain/operators.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

/// An entry as the register sent it, at its place in the register's chain.
struct UploadedEntry {
  journal::SaleEntry entry;
  std::string payload;
  journal::Hash previous{};
  journal::Hash hash{};
  std::string signature;
  std::string key_id;
  bool is_earlier_key = false;  // the device has another key now
  base::Uuid document;          // entry.sale_id
};

/// Names of findings, as journal.proto lists them.
namespace finding {
// Exceptions: the document was recorded all the same.
inline constexpr const char* kPrice = "PRICE";
inline constexpr const char* kTax = "TAX";
inline constexpr const char* kPolicy = "POLICY";
inline constexpr const char* kClock = "CLOCK";
inline constexpr const char* kBusinessDate = "BUSINESS_DATE";
inline constexpr const char* kOperator = "OPERATOR";
inline constexpr const char* kRegisterInactive = "REGISTER_INACTIVE";
inline constexpr const char* kRegisterChanged = "REGISTER_CHANGED";
inline constexpr const char* kDeviceRevoked = "DEVICE_REVOKED";
inline constexpr const char* kKeyReplaced = "KEY_REPLACED";
inline constexpr const char* kVariantArchived = "VARIANT_ARCHIVED";
inline constexpr const char* kUnknownVariant = "UNKNOWN_VARIANT";
inline constexpr const char* kUnknownSource = "UNKNOWN_SOURCE";
inline constexpr const char* kReturnExceedsSold = "RETURN_EXCEEDS_SOLD";
inline constexpr const char* kSupersedesAbandoned = "SUPERSEDES_ABANDONED";
// Reasons to set the entry aside.
inline constexpr const char* kAmounts = "AMOUNTS";
inline constexpr const char* kNumbers = "NUMBERS";
inline constexpr const char* kSaleIdTaken = "SALE_ID_TAKEN";
inline constexpr const char* kUnknownRegister = "UNKNOWN_REGISTER";
inline constexpr const char* kUnknownStore = "UNKNOWN_STORE";
inline constexpr const char* kSignedAfterRevocation = "SIGNED_AFTER_REVOCATION";
inline constexpr const char* kAbandoned = "ABANDONED";
inline constexpr const char* kCurrency = "CURRENCY";
inline constexpr const char* kMalformed = "MALFORMED";
}  // namespace finding

/// The sale that a return names.
struct SourceSale {
  journal::SaleEntry entry;
  std::vector<int64_t> returned_milli;  // by line
};

/// All that is known where an entry is judged.
struct Circumstances {
  absl::Time now;
  const Settings* settings = nullptr;
  const Device* device = nullptr;
  std::string_view series;
  /// What the entry follows; null: its numbers were judged before (a release).
  const Head* head = nullptr;
  /// The variants of its lines as of the catalogue version it states.
  const Catalogue* goods = nullptr;
  const OperatorHistory* history = nullptr;  // of its operator; null: unknown
  std::string_view standing_kind;            // of the document under its id; empty: none
  const SourceSale* source = nullptr;        // of a linked return; null: unknown
  /// A manager answers for what cannot be known here: time of signing, numbers, a provider's
  /// tender.
  bool is_vouched = false;
};

/// Fills everything but signature and key id.
UploadDetails Judge(const UploadedEntry& uploaded, const Circumstances& known);

/// The numbers after `entry`, whatever became of it. Its receipt number counts, unless it goes
/// back: no two receipts may carry one number.
Head HeadAfter(const UploadedEntry& uploaded, const Head& before);

/// What had come back of each source line before; -1 for a line that does not exist.
std::vector<int64_t> ReturnedBefore(const journal::SaleEntry& entry, const SourceSale* source);

}  // namespace cloudpos::transaction
