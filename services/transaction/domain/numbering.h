#pragma once

// Which journal a document goes to, and what its receipt number looks like. Pure.

#include <string>
#include <string_view>

#include "libs/base/ids.h"
#include "services/transaction/domain/settings.h"

namespace cloudpos::transaction {

inline constexpr std::string_view kSalesSeries = "SALES";
inline constexpr std::string_view kTrainingSeries = "TRAINING";

/// The journal of a place; the same place always means the same journal, and a register works it
/// out without asking (journal.proto). `device` nil: the register's server journal.
base::Uuid JournalId(const base::Uuid& reg, const base::Uuid& device, int generation,
                     std::string_view series);

/// What stands before the number on a receipt: "S1-R1-D1-", from the second generation of a
/// device's journal on "S1-R1-D1.2-", so that no two receipts carry one number. `device` null: the
/// server journal.
std::string ReceiptPrefix(const Store& store, const Register& reg, const Device* device,
                          int generation);

}  // namespace cloudpos::transaction
