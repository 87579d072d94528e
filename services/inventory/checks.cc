#include "services/inventory/checks.h"

#include <utility>

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"

namespace cloudpos::inventory {
namespace {

constexpr std::chrono::seconds kInterval{60};
constexpr absl::Duration kRunMax = absl::Seconds(30);
constexpr int kHeadsAtOnce = 5'000;

}  // namespace

ListHeads RemoteHeads(std::shared_ptr<grpc::Channel> transaction) {
  return [transaction](const std::string& page_token,
                       absl::Time deadline) -> absl::StatusOr<JournalHeads> {
    transaction::v1::ListJournalHeadsRequest request;
    request.set_page_token(page_token);
    request.set_page_size(kHeadsAtOnce);
    transaction::v1::ListJournalHeadsResponse response;
    CLOUDPOS_RETURN_IF_ERROR(rpc::Call(transaction,
                                       "/cloudpos.transaction.v1.JournalService/ListJournalHeads",
                                       {.deadline = deadline}, request, &response));
    JournalHeads page{.heads = {}, .next_page_token = response.next_page_token()};
    for (const auto& head : response.heads()) {
      CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                                base::Uuid::ParseField(head.tenant_id(), "tenantId"));
      CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid journal,
                                base::Uuid::ParseField(head.journal_id(), "journalId"));
      page.heads.push_back({.journal = {tenant, journal}, .number = head.journal_no()});
    }
    return page;
  };
}

JournalCheck::JournalCheck(pg::Pool& worker_pool, ListHeads list_heads)
    : pool_(worker_pool),
      list_heads_(std::move(list_heads)),
      gaps_(metrics::Gauge("cloudpos_inventory_journal_gaps",
                           "Journals of which entries have been missing for a minute")) {}

absl::StatusOr<int64_t> JournalCheck::Run(absl::Time deadline) {
  int64_t gaps = 0;
  std::map<JournalKey, int64_t> behind;
  std::string token;
  do {
    CLOUDPOS_ASSIGN_OR_RETURN(const JournalHeads page, list_heads_(token, deadline));
    std::vector<JournalKey> keys;
    for (const JournalHead& head : page.heads) keys.push_back(head.journal);
    CLOUDPOS_ASSIGN_OR_RETURN(const auto seen, SelectContiguous(pool_, deadline, keys));
    for (size_t i = 0; i < page.heads.size(); ++i) {
      const JournalHead& head = page.heads[i];
      if (seen[i] >= head.number) continue;
      behind[head.journal] = head.number;
      const auto before = behind_.find(head.journal);
      if (before == behind_.end() || seen[i] >= before->second) continue;
      ++gaps;
      log::Error("journal entries are missing", {{"tenant", head.journal.first.ToString()},
                                                 {"journal", head.journal.second.ToString()},
                                                 {"seen", seen[i]},
                                                 {"head", before->second}});
    }
    token = page.next_page_token;
  } while (!token.empty());
  behind_ = std::move(behind);
  gaps_.Set(static_cast<double>(gaps));
  return gaps;
}

LevelCheck::LevelCheck(pg::Pool& worker_pool, std::chrono::milliseconds work)
    : pool_(worker_pool),
      work_(work),
      wrong_(metrics::Counter("cloudpos_inventory_wrong_stock_levels_total",
                              "Stock levels found to differ from the sum of their ledger")) {}

absl::StatusOr<int64_t> LevelCheck::Run(absl::Time deadline) {
  const auto end = std::chrono::steady_clock::now() + work_;
  int64_t wrong = 0;
  do {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto level, SelectLevelAfter(pool_, last_, deadline));
    last_ = level.value_or(CheckedLevel{});  // after the end from the start
    if (!level) break;
    CLOUDPOS_ASSIGN_OR_RETURN(const bool is_sum, IsSumOfLedger(pool_, *level, deadline));
    if (is_sum) continue;
    ++wrong;
    wrong_.Increment();
    log::Error("a stock level differs from its ledger", {{"tenant", level->tenant.ToString()},
                                                         {"location", level->location.ToString()},
                                                         {"variant", level->variant.ToString()}});
  } while (std::chrono::steady_clock::now() < end);
  return wrong;
}

Checks::Checks(pg::Pool& worker_pool, ListHeads list_heads, const base::Clock& clock)
    : clock_(clock), journals_(worker_pool, std::move(list_heads)), levels_(worker_pool) {
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kInterval, [this] { return is_stopping_; })) {
      lock.unlock();
      RunOnce();
      lock.lock();
    }
  });
}

Checks::~Checks() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Checks::RunOnce() {
  const absl::Time deadline = clock_.Now() + kRunMax;
  const auto journals = journals_.Run(deadline);
  if (!journals.ok()) {
    log::Warn("journals could not be checked", {{"cause", journals.status().ToString()}});
  }
  const auto levels = levels_.Run(deadline);
  if (!levels.ok()) {
    log::Warn("levels could not be checked", {{"cause", levels.status().ToString()}});
  }
}

}  // namespace cloudpos::inventory
