#include "tests/chaos/check/checker.h"

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"
#include "tests/chaos/check/paper.h"

namespace cloudpos::chaos {
namespace {

void NoteCounts(const Evidence& e) {
  Report& report = *e.report;
  report.Note("seed", e.run.seed);
  report.Note("sends", e.history.sends);
  report.Note("replies", e.history.replies);
  report.Note("lost", e.history.lost);
  report.Note("unanswered", e.history.unanswered);
  report.Note("refusals", static_cast<int64_t>(e.history.refusals.size()));
  report.Note("journals", static_cast<int64_t>(e.books->journals.size()));
  report.Note("entries", e.books->entries);
  report.Note("quarantined", e.books->quarantined);
  report.Note("registers' books", static_cast<int64_t>(e.history.books.size()));
}

}  // namespace

absl::Status Check(const CheckOptions& options, Report* report) {
  const auto step = [&options](const char* name) {
    if (options.on_step) options.on_step(name);
  };
  CLOUDPOS_ASSIGN_OR_RETURN(const RunFile run, ReadRunFile(options.logs + "/run.json"));
  Documents documents;
  step("clients' logs");
  CLOUDPOS_ASSIGN_OR_RETURN(History history, ReadHistory(options.logs, run, &documents, report));
  step("waiting for quiet");
  CLOUDPOS_RETURN_IF_ERROR(AwaitQuiet(options.dsn, run.tenant, options.patience));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                            Database::Open(options.dsn, run.tenant));
  Books books;
  const Evidence evidence{run, history, database.get(), &documents, &books, report};
  step("journals");
  CLOUDPOS_RETURN_IF_ERROR(ReadPlaces(database.get(), &books));
  CLOUDPOS_RETURN_IF_ERROR(ReadPaper(options.logs, books, &documents, &history, report));
  if (history.files.empty() && history.books.empty()) {
    return absl::NotFoundError(options.logs + " holds neither clients' logs nor registers' books");
  }
  if (history.files.empty()) {
    for (const Rule rule : {Rule::kReplies, Rule::kOrder, Rule::kCause}) report->NotAsked(rule);
  }
  CLOUDPOS_RETURN_IF_ERROR(ReadJournals(database.get(), &documents, &books, report));
  step("tables");
  CLOUDPOS_RETURN_IF_ERROR(CheckTables(evidence));
  step("events");
  CLOUDPOS_RETURN_IF_ERROR(CheckEvents(evidence));
  CLOUDPOS_RETURN_IF_ERROR(CheckCopies(evidence));
  step("stock");
  CLOUDPOS_RETURN_IF_ERROR(CheckStock(evidence));
  step("replies");
  CheckOrder(evidence);
  NoteCounts(evidence);
  CheckReplies(evidence);
  step("sums");
  CLOUDPOS_RETURN_IF_ERROR(CheckSums(evidence));
  step("signatures");
  CLOUDPOS_RETURN_IF_ERROR(CheckSignatures(evidence));
  step("quiet");
  return CheckQuiet(evidence);
}

}  // namespace cloudpos::chaos
