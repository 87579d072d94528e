#include "services/transaction/batcher.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <semaphore>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/journal/chain.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::transaction {
namespace {

using common::v1::DEADLINE_EXCEEDED;
using common::v1::INTERNAL;
using common::v1::OVERLOADED;
using common::v1::UNAVAILABLE;

/// A lost race for a journal's head is run again this often; each loss means another replica won.
constexpr int kStaleAttempts = 20;
/// Time for one T1, whatever its callers' deadlines: it must end before its outcome is known.
constexpr absl::Duration kStatementTime = absl::Seconds(5);
using Steady = std::chrono::steady_clock;
/// Nobody is awaited longer.
constexpr Steady::duration kAwaitMax = std::chrono::milliseconds(4);
/// Journals whose heads a lane remembers.
constexpr size_t kHeadsMax = 100'000;

size_t LanesOf(const Batcher::Options& options) {
  if (options.lanes > 0) return static_cast<size_t>(options.lanes);
  return std::max<size_t>(1, std::thread::hardware_concurrency() / 2);
}

}  // namespace

class Batcher::Lane {
 public:
  Lane(pg::Pool& pool, const base::Clock& clock, base::IdSource& ids, const Options& options,
       std::atomic<size_t>& all_waiting)
      : pool_(pool),
        clock_(clock),
        ids_(ids),
        options_(options),
        all_waiting_(all_waiting),
        batch_size_(metrics::Latency("cloudpos_transaction_batch_documents",
                                     "Documents joined in one T1 call")),
        thread_([this] { Run(); }) {}

  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  absl::Status Enqueue(const JournalKey& key, Document* document, absl::Time deadline, Done done) {
    auto item = std::make_shared<Item>(&key, document, deadline, std::move(done));
    bool is_enough = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || waiting_.size() >= static_cast<size_t>(options_.waiting_max)) {
        return base::Fail({.code = OVERLOADED,
                           .detail = "too many sales are waiting to be recorded",
                           .retry_after = std::chrono::milliseconds(200)});
      }
      waiting_.push_back(std::move(item));
      ++all_waiting_;
      is_enough = waiting_.size() >= wanted_;
    }
    if (is_enough) wake_.notify_one();
    return absl::OkStatus();
  }

 private:
  struct Item {
    Item(const JournalKey* k, Document* d, absl::Time t, Done f)
        : key(k), document(d), deadline(t), done(std::move(f)) {}
    const JournalKey* key;
    Document* document;
    absl::Time deadline;
    Done done;
  };

  using ItemPtr = std::shared_ptr<Item>;

  void Run() {
    while (true) {
      std::vector<ItemPtr> batch;
      {
        std::unique_lock lock(mutex_);
        wanted_ = 1;
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        AwaitReturning(lock);
        batch = TakeBatch();
      }
      const Steady::time_point begun = Steady::now();
      Record(batch);
      NoteCall(batch.size(), begun);
    }
  }

  /// Those whom the last two calls answered may be back in a moment, and a call that carries them
  /// all costs little more than one that carries half. Waits for them as long as the last call
  /// took.
  void AwaitReturning(std::unique_lock<std::mutex>& lock) {
    wanted_ = returning_;
    wake_.wait_until(lock, await_until_,
                     [this] { return stopping_ || waiting_.size() >= wanted_; });
  }

  /// After a call of one sale nobody is awaited: it might have been alone.
  void NoteCall(size_t documents, Steady::time_point begun) {
    const Steady::time_point now = Steady::now();
    returning_ =
        std::min(documents_before_ + documents, static_cast<size_t>(options_.documents_max));
    documents_before_ = documents;
    await_until_ = documents > 1 ? now + std::min(now - begun, kAwaitMax) : now;
  }

  /// The next documents of one tenant, in order, within the limits. A second document of the same
  /// id waits for the next call, where it meets what the first one left.
  std::vector<ItemPtr> TakeBatch() {
    std::vector<ItemPtr> batch;
    std::unordered_set<base::Uuid> ids;
    const base::Uuid tenant = waiting_.front()->key->tenant;
    size_t lines = 0;
    for (auto it = waiting_.begin();
         it != waiting_.end() && batch.size() < static_cast<size_t>(options_.documents_max);) {
      const ItemPtr item = *it;
      const size_t more = item->document->entry.lines.size();
      const bool fits = batch.empty() || lines + more <= static_cast<size_t>(options_.lines_max);
      if (item->key->tenant == tenant && fits && ids.insert(item->document->id).second) {
        batch.push_back(item);
        lines += more;
        it = waiting_.erase(it);
        --all_waiting_;
      } else {
        ++it;
      }
    }
    return batch;
  }

  /// Key and document may be gone afterwards.
  static void Finish(const ItemPtr& item, absl::StatusOr<Recorded> answer) {
    item->done(std::move(answer));
  }

  void Record(const std::vector<ItemPtr>& batch) {
    std::vector<ItemPtr> chained;
    std::unordered_map<base::Uuid, Head> heads;  // as they will be if all goes well
    for (const ItemPtr& item : batch) {
      if (clock_.Now() >= item->deadline) {
        Finish(item, base::Fail(DEADLINE_EXCEEDED, "the sale was not recorded in time"));
        continue;
      }
      if (absl::StatusOr<bool> numbered = Chain(item, &heads); !numbered.ok()) {
        Finish(item, numbered.status());
      } else if (*numbered) {
        chained.push_back(item);
      }
    }
    if (chained.empty()) return;
    // T1 locks journals in the order they are given.
    std::stable_sort(chained.begin(), chained.end(), [](const ItemPtr& a, const ItemPtr& b) {
      return a->document->journal < b->document->journal;
    });
    batch_size_.Observe(static_cast<double>(chained.size()));
    if (SEEDED_BUG("ack_before_commit")) return AnswerThenWrite(chained);

    const absl::StatusOr<std::vector<Outcome>> outcomes = Write(chained);
    if (!outcomes.ok()) {
      // Nothing is known of any of them: each is run again alone, which its id makes safe.
      log::Warn("recording sales together failed, running each alone",
                {{"documents", chained.size()}, {"error", outcomes.status().ToString()}});
      for (const ItemPtr& item : chained) heads_.erase(item->document->journal);
      if (SEEDED_BUG("unknown_is_failure_new_id")) GiveNewIds(chained, outcomes.status());
      for (const ItemPtr& item : chained) {
        SEEDED_BUG("batch_failed_by_one") ? Finish(item, outcomes.status()) : RecordAlone(item);
      }
      return;
    }
    std::vector<ItemPtr> again;
    for (size_t i = 0; i < chained.size(); ++i) {
      const ItemPtr& item = chained[i];
      if ((*outcomes)[i] == Outcome::kRecorded) {
        Remember(*item->document);
      } else {
        heads_.erase(item->document->journal);
      }
      if (SEEDED_BUG("stale_acknowledged") && (*outcomes)[i] == Outcome::kStale) {
        Finish(item, Recorded{Outcome::kRecorded, {}});
      } else if ((*outcomes)[i] == Outcome::kStale) {
        again.push_back(item);
      } else {
        Finish(item, Recorded{(*outcomes)[i], {}});
      }
    }
    for (const ItemPtr& item : again) RecordAlone(item);
  }

  /// Re-reads the head, chains anew and sends one document until its outcome is known.
  void RecordAlone(const ItemPtr& item) {
    absl::Duration pause = absl::Milliseconds(10);
    for (int stale = 0; stale < kStaleAttempts;) {
      if (clock_.Now() >= item->deadline) {
        Finish(item, base::Fail(DEADLINE_EXCEEDED,
                                "the sale was not confirmed in time; it may have been recorded"));
        return;
      }
      heads_.erase(item->document->journal);
      std::unordered_map<base::Uuid, Head> heads;
      const absl::StatusOr<bool> numbered = Chain(item, &heads);
      const bool sendable = numbered.ok() && *numbered;
      if (numbered.ok() && !sendable) return;  // answered already
      const absl::StatusOr<std::vector<Outcome>> outcomes =
          sendable ? Send({item}) : absl::StatusOr<std::vector<Outcome>>(numbered.status());
      if (outcomes.ok() && outcomes->front() != Outcome::kStale) {
        if (outcomes->front() == Outcome::kRecorded) Remember(*item->document);
        Finish(item, Recorded{outcomes->front(), {}});
        return;
      }
      if (outcomes.ok()) {
        ++stale;
        continue;
      }
      if (!pg::IsTransient(outcomes.status()) && !pg::IsOutcomeUnknown(outcomes.status())) {
        Finish(item, outcomes.status());
        return;
      }
      absl::SleepFor(pause);
      pause = std::min(pause * 2, absl::Milliseconds(250));
    }
    Finish(item, base::Fail({.code = UNAVAILABLE,
                             .detail = "the journal is busy",
                             .retry_after = std::chrono::milliseconds(200)}));
  }

  /// Gives the document the next numbers of its journal and its place in the chain. Answers false
  /// when the numbers it proposes do not follow on (it is finished then).
  absl::StatusOr<bool> Chain(const ItemPtr& item, std::unordered_map<base::Uuid, Head>* heads) {
    Document& document = *item->document;
    auto found = heads->find(document.journal);
    if (found == heads->end()) {
      const auto known = heads_.find(document.journal);
      bool fresh = known == heads_.end();
      absl::StatusOr<Head> head =
          fresh ? LoadHead(pool_, *item->key, clock_.Now() + kStatementTime) : known->second;
      if (head.ok() && !fresh && !FollowsOn(document, *head)) {
        head = LoadHead(pool_, *item->key, clock_.Now() + kStatementTime);
      }
      if (!head.ok()) return head.status();
      found = heads->emplace(document.journal, *head).first;
    }
    Head& head = found->second;
    if (!FollowsOn(document, head)) {
      Finish(item, Recorded{Outcome::kStale, head});
      return false;
    }
    journal::SaleEntry& entry = document.entry;
    entry.n = head.journal_no + 1;
    entry.receipt_no = document.is_receipt() ? head.receipt_no + 1 : 0;
    if (SEEDED_BUG("receipt_number_lost") && entry.receipt_no % 20 == 1) ++entry.receipt_no;
    entry.grand_total = head.grand_total + journal::EntrySign(entry) * entry.totals.total;
    document.payload.clear();
    if (const journal::Error error = journal::EncodeEntry(entry, &document.payload); !error.ok()) {
      log::Error("journal entry cannot be encoded",
                 {{"sale", entry.sale_id}, {"error", journal::ErrorName(error.code)}});
      return base::Fail(INTERNAL, "the sale cannot be written to the journal");
    }
    document.previous = head.hash;
    document.hash =
        journal::ChainHash(static_cast<uint64_t>(entry.n), head.hash,
                           SEEDED_BUG("hash_of_other_bytes") ? entry.sale_id : document.payload);
    head = HeadAfter(document, head.receipt_no);
    return true;
  }

  static bool FollowsOn(const Document& document, const Head& head) {
    return !document.proposed ||
           (document.proposed->journal_no == head.journal_no + 1 &&
            (!document.is_receipt() || document.proposed->receipt_no == head.receipt_no + 1));
  }

  static Head HeadAfter(const Document& document, int64_t receipt_no_before) {
    return {.journal_no = document.entry.n,
            .receipt_no = document.is_receipt() ? document.entry.receipt_no : receipt_no_before,
            .grand_total = document.entry.grand_total,
            .hash = document.hash};
  }

  void Remember(const Document& document) {
    if (heads_.size() >= kHeadsMax) heads_.clear();
    Head& head = heads_[document.journal];
    head = HeadAfter(document, head.receipt_no);
    if (!document.is_receipt()) heads_.erase(document.journal);  // its receipt_no is not known here
  }

  absl::StatusOr<std::vector<Outcome>> Write(const std::vector<ItemPtr>& items) {
    if (FAIL_POINT_ERROR("T1.before")) return base::Fail(INTERNAL, "a test made T1 fail");
    return Send(items);
  }

  absl::StatusOr<std::vector<Outcome>> Send(const std::vector<ItemPtr>& items) {
    std::vector<const Document*> documents;
    std::vector<base::Uuid> events;
    for (const ItemPtr& item : items) {
      documents.push_back(item->document);
      events.push_back(ids_.NewId());
    }
    FAIL_POINT_MEANWHILE("T1.in_flight");
    auto outcomes = RecordDocuments(pool_, items.front()->key->tenant, documents, events,
                                    clock_.Now() + kStatementTime);
    if (outcomes.ok()) FAIL_POINT("T1.after_commit");
    return outcomes;
  }

  /// The seeded bug ack_before_commit: everyone is answered, then T1 is sent, of copies.
  void AnswerThenWrite(const std::vector<ItemPtr>& chained) {
    std::deque<JournalKey> keys;
    std::deque<Document> documents;
    std::vector<ItemPtr> copies;
    for (const ItemPtr& item : chained) {
      copies.push_back(std::make_shared<Item>(&keys.emplace_back(*item->key),
                                              &documents.emplace_back(*item->document),
                                              item->deadline, [](const auto&) {}));
      Finish(item, Recorded{Outcome::kRecorded, {}});
    }
    heads_.clear();
    Write(copies).status().IgnoreError();
  }

  /// The seeded bug unknown_is_failure_new_id: what may have been recorded becomes another sale.
  void GiveNewIds(const std::vector<ItemPtr>& chained, const absl::Status& status) {
    if (!pg::IsOutcomeUnknown(status)) return;
    for (const ItemPtr& item : chained) {
      item->document->id = ids_.NewId();
      item->document->entry.sale_id = item->document->id.ToString();
    }
  }

  pg::Pool& pool_;
  const base::Clock& clock_;
  base::IdSource& ids_;
  const Options options_;
  std::atomic<size_t>& all_waiting_;
  prometheus::Histogram& batch_size_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<ItemPtr> waiting_;
  size_t wanted_ = 1;  // with fewer waiting the lane is not woken
  bool stopping_ = false;

  // Of the lane's thread alone.
  size_t documents_before_ = 0;  // carried by the last call
  size_t returning_ = 0;
  Steady::time_point await_until_;
  std::unordered_map<base::Uuid, Head> heads_;
  std::thread thread_;
};

Batcher::Batcher(pg::Pool& pool, const base::Clock& clock, base::IdSource& ids, Options options)
    : room_(LanesOf(options) * static_cast<size_t>(options.documents_max)) {
  for (size_t i = 0; i < LanesOf(options); ++i) {
    lanes_.push_back(std::make_unique<Lane>(pool, clock, ids, options, waiting_));
  }
}

Batcher::~Batcher() = default;

absl::Status Batcher::Enqueue(const JournalKey& key, Document* document, absl::Time deadline,
                              Done done) {
  const size_t lane = std::hash<base::Uuid>()(key.journal) % lanes_.size();
  return lanes_[lane]->Enqueue(key, document, deadline, std::move(done));
}

bool Batcher::HasRoom() const { return waiting_ < room_; }

absl::StatusOr<Batcher::Recorded> Batcher::Submit(const JournalKey& key, Document* document,
                                                  absl::Time deadline) {
  struct Waiting {
    absl::StatusOr<Recorded> answer = absl::UnknownError("");
    std::binary_semaphore done{0};
  };
  const auto waiting = std::make_shared<Waiting>();  // outlives the release that wakes us
  CLOUDPOS_RETURN_IF_ERROR(
      Enqueue(key, document, deadline, [waiting](absl::StatusOr<Recorded> answer) {
        waiting->answer = std::move(answer);
        waiting->done.release();
      }));
  waiting->done.acquire();
  return std::move(waiting->answer);
}

}  // namespace cloudpos::transaction
