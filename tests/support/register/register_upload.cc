// Bringing journal and server together. Each chain has numbers up to which the server is known to
// have its entries (`recorded`) and their signatures (`proven`: a sale by POST is signed
// afterwards); whatever the server answers moves them, or changes what comes after.

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "libs/journal/canonical.h"
#include "tests/support/register/register.h"

namespace cloudpos::register_sim {
namespace {

constexpr int64_t kBatchMax = 200;
// Any number of times would do; a server that sends us in circles is a fault worth seeing.
constexpr int kTurnsMax = 1000;

absl::StatusOr<Position> PositionOf(const json::object& head) {
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::Hash hash,
                            HashFrom(base::Base64Decode(Text(head, "hash")).value_or("")));
  return Position{.n = Number(head, "journalNo"),
                  .receipt_no = Number(head, "receiptNo"),
                  .grand_total = Number(head, "grandTotalMinor"),
                  .hash = hash};
}

}  // namespace

absl::StatusOr<Uploaded> Register::Upload() {
  Uploaded uploaded;
  // A fork opens a further generation, which the loop then finds.
  for (int generation = 1; generation <= journal_->generation(); ++generation) {
    if (!journal_->chains().contains(generation)) continue;
    CLOUDPOS_RETURN_IF_ERROR(UploadChain(generation, &uploaded));
  }
  return uploaded;
}

/// Entries from `from` on; 0: none, to learn the head.
absl::StatusOr<Answer> Register::CallUpload(int generation, int64_t from) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string token, UploadToken());
  json::object request{{"series", "SALES"}, {"registerId", identity_->register_id}};
  if (from > 0) {
    const Chain& chain = journal_->chain(generation);
    json::array entries;
    for (int64_t n = from; n <= chain.head().n && n < from + kBatchMax; ++n) {
      const KeptEntry& entry = *chain.Entry(n);
      entries.push_back(json::object{{"payload", base::Base64Encode(entry.payload)},
                                     {"signature", base::Base64Encode(entry.signature)}});
    }
    request["entries"] = std::move(entries);
    if (from > 1) request["previousHash"] = base::Base64Encode(BytesOf(chain.At(from - 1)->hash));
  }
  return api_.Post(
      "/v1/devices/" + identity_->device + "/journals/" + std::to_string(generation) + ":upload",
      token, request);
}

absl::Status Register::UploadChain(int generation, Uploaded* uploaded) {
  CLOUDPOS_ASSIGN_OR_RETURN(Answer asked, CallUpload(generation, 0));
  if (!asked.ok()) return Refused("upload", asked);
  const Chain& chain = journal_->chain(generation);
  const int64_t servers = Number(Object(asked.body, "head"), "journalNo");
  if (servers < chain.recorded) {
    if (servers < chain.base.n) return absl::DataLossError("the server lost what was let go here");
    uploaded->resent += chain.recorded - servers;
    CLOUDPOS_RETURN_IF_ERROR(SetBack(generation, servers));
  }
  // It may have lost signatures alone: of entries that came by POST before its backup was made.
  const int64_t signed_there = Number(Object(asked.body, "head"), "signedHead");
  if (signed_there < chain.proven) {
    CLOUDPOS_RETURN_IF_ERROR(journal_->SetProven(generation, std::max(chain.base.n, signed_there)));
  }
  // Both may have gone on alone since they last agreed: the last entry here proves a common past.
  if (servers >= chain.head().n && !chain.entries.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(
        journal_->SetProven(generation, std::min(chain.proven, chain.head().n - 1)));
  }
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    if (chain.proven < chain.head().n) {
      CLOUDPOS_RETURN_IF_ERROR(SendBatch(generation, chain.proven + 1, uploaded));
      continue;
    }
    CLOUDPOS_ASSIGN_OR_RETURN(asked, CallUpload(generation, 0));
    if (!asked.ok()) return Refused("upload", asked);
    CLOUDPOS_RETURN_IF_ERROR(CatchUp(generation, Object(asked.body, "head"), uploaded));
    // What was fetched must be signed, too.
    if (chain.proven == chain.head().n) return absl::OkStatus();
  }
  return absl::InternalError("the upload does not come to an end");
}

/// The server was set back. Signatures may be lost of entries that it still has: all that is kept
/// here goes there again.
absl::Status Register::SetBack(int generation, int64_t recorded) {
  CLOUDPOS_RETURN_IF_ERROR(journal_->SetProven(generation, journal_->chain(generation).base.n));
  return journal_->SetRecorded(generation, recorded);
}

/// Afterwards `proven` says where to go on.
absl::Status Register::SendBatch(int generation, int64_t from, Uploaded* uploaded) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Answer answer, CallUpload(generation, from));
  if (!answer.ok()) return TakeRefusal(generation, from, answer, uploaded);
  return TakeResults(generation, answer.body, uploaded);
}

absl::Status Register::TakeResults(int generation, const json::object& answer, Uploaded* uploaded) {
  for (const json::value& value : Array(answer, "results")) {
    const json::object& result = value.as_object();
    const std::string outcome = Text(result, "outcome");
    ++uploaded->outcomes[outcome];
    for (const json::value& exception : Array(result, "exceptions")) {
      ++uploaded->exceptions[std::string(exception.as_string())];
    }
    if (outcome == "SUPERSEDED") {
      // The POST that got no answer was recorded after all: the server's entry counts.
      const auto payload = base::Base64Decode(Text(Object(result, "serverEntry"), "payload"));
      if (!payload) return absl::InternalError("a superseding entry is missing");
      CLOUDPOS_ASSIGN_OR_RETURN(const auto changed, journal_->Adopt(generation, *payload));
      uploaded->adopted += static_cast<int64_t>(changed.size());
      return HandOut(changed);
    }
    CLOUDPOS_RETURN_IF_ERROR(journal_->SetProven(generation, Number(result, "journalNo")));
  }
  return absl::OkStatus();
}

absl::Status Register::TakeRefusal(int generation, int64_t from, const Answer& answer,
                                   Uploaded* uploaded) {
  const Chain& chain = journal_->chain(generation);
  const int64_t number = Number(answer.data(), "journalNo");
  if (answer.code == "JOURNAL_BEHIND") {
    if (number < chain.base.n) return absl::DataLossError("the server lost what was let go here");
    uploaded->resent += std::max<int64_t>(0, chain.recorded - number);
    return SetBack(generation, number);
  }
  if (answer.code != "JOURNAL_FORK") return Refused("upload", answer);
  if (number < from && number > chain.base.n) {
    // The histories part earlier: look further back.
    return journal_->SetProven(generation, std::max(chain.base.n, number - kBatchMax));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto moved, journal_->Reissue(generation, number));
  uploaded->reissued += static_cast<int64_t>(moved.size());
  return HandOut(moved);
}

/// The server may have entries that this disk has lost, and may not need all that it keeps.
absl::Status Register::CatchUp(int generation, const json::object& head, Uploaded* uploaded) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Position servers, PositionOf(head));
  const Chain& chain = journal_->chain(generation);
  if (servers.n > chain.head().n) {
    CLOUDPOS_ASSIGN_OR_RETURN(const int64_t fetched, FetchEntries(generation, servers.n));
    uploaded->fetched += fetched;
    if (chain.head().n < servers.n) {
      CLOUDPOS_RETURN_IF_ERROR(journal_->GoOnFrom(generation, servers));
    }
  }
  if (servers.n != chain.head().n || servers.hash != chain.head().hash) {
    return absl::InternalError("journal and server differ after an upload");
  }
  return journal_->Drop(generation, Number(head, "durableHead"));
}

/// Entries that are missing here, from an export, as far as the seller may read it. Answers how
/// many.
absl::StatusOr<int64_t> Register::FetchEntries(int generation, int64_t to) {
  const Chain& chain = journal_->chain(generation);
  int64_t fetched = 0;
  while (chain.head().n < to) {
    const int64_t from = chain.head().n + 1;
    CLOUDPOS_ASSIGN_OR_RETURN(const Answer answer,
                              api_.Get("/v1/journals/" + chain.journal_id + ":export?fromNo=" +
                                           std::to_string(from) + "&toNo=" + std::to_string(to),
                                       setup_.staff_token));
    if (!answer.ok()) return fetched;
    for (size_t begin = 0, end; (end = answer.text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      journal::Document line;
      const std::string_view bytes(answer.text.data() + begin, end - begin);
      if (!journal::Document::Parse(bytes, journal::ParseMode::kCanonical, &line).ok()) {
        return absl::DataLossError("the export cannot be read");
      }
      const journal::Value payload = line.root().Find("payload");
      if (!payload.present()) break;  // the last line
      std::string text;
      if (!journal::Encode(payload, &text).ok()) return absl::DataLossError("a bad payload");
      CLOUDPOS_ASSIGN_OR_RETURN(
          const journal::Hash hash,
          HashFrom(base::HexDecode(line.root().Find("hash").String()).value_or("")));
      CLOUDPOS_RETURN_IF_ERROR(journal_->Keep(generation, text, hash));
      ++fetched;
    }
    if (chain.head().n < from) return absl::DataLossError("the export holds nothing");
  }
  return fetched;
}

}  // namespace cloudpos::register_sim
