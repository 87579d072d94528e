#pragma once

// UploadJournal's request -> plain input. Only what no honest register sends is refused here.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/ids.h"
#include "services/transaction/domain/settings.h"
#include "services/transaction/domain/upload.h"

namespace cloudpos::transaction {

struct UploadInput {
  base::Uuid device;
  int generation = 1;
  std::string series;
  std::optional<journal::Hash> previous;  // before the first entry, as the register has it
  std::optional<base::Uuid> reg;          // without entries: whose journal is meant
};
absl::StatusOr<UploadInput> ParseUpload(const v1::UploadJournalRequest& request);

/// The entries, each canonical, of this journal and following on the one before; not chained yet.
absl::StatusOr<std::vector<UploadedEntry>> ParseEntries(const v1::UploadJournalRequest& request,
                                                        const UploadInput& input,
                                                        const base::Uuid& tenant);

/// Gives each entry its place in the chain that begins after `previous`, and checks the signatures
/// by the device's keys.
absl::Status ChainEntries(const journal::Hash& previous, const Device& device,
                          std::vector<UploadedEntry>* entries);

}  // namespace cloudpos::transaction
