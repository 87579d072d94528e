#include "services/transaction/domain/upload.h"

#include <algorithm>
#include <set>

#include "libs/base/clock.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/domain/upload_amounts.h"
#include "services/transaction/domain/upload_goods.h"

namespace cloudpos::transaction {
namespace {

using journal::SaleEntry;
using token::Permission;

/// A device's clock may run ahead this far.
constexpr absl::Duration kClockTolerance = absl::Minutes(5);
constexpr size_t kLinesMax = 2'000;
constexpr size_t kTendersMax = 16;
constexpr size_t kDiscountsMax = 16;
constexpr size_t kTaxesMax = 16;
constexpr int64_t kQuantityMax = 1'000'000'000;

bool IsIdOrEmpty(const std::string& text) { return text.empty() || base::Uuid::Parse(text); }

bool IsLineWellFormed(const journal::EntryLine& line, size_t index) {
  return line.line_no == static_cast<int64_t>(index) + 1 && base::Uuid::Parse(line.variant_id) &&
         IsIdOrEmpty(line.product_id) && IsIdOrEmpty(line.category_id) &&
         line.quantity_milli >= 1 && line.quantity_milli <= kQuantityMax && line.price_per >= 1 &&
         line.discounts.size() <= kDiscountsMax && line.taxes.size() <= kTaxesMax;
}

/// Each line of the source is named once, and by a linked return alone.
bool AreSourceLinesWellFormed(const SaleEntry& entry) {
  const bool is_linked = !entry.source_sale_id.empty();
  std::set<int64_t> named;
  return std::all_of(entry.lines.begin(), entry.lines.end(), [&](const journal::EntryLine& line) {
    return is_linked ? line.source_line_no >= 1 && named.insert(line.source_line_no).second
                     : line.source_line_no == 0;
  });
}

bool IsDocumentWellFormed(const SaleEntry& entry) {
  if (entry.lines.empty() || entry.lines.size() > kLinesMax || entry.tenders.size() > kTendersMax ||
      entry.order_discounts.size() > kDiscountsMax ||
      (entry.kind == journal::kKindSale && !entry.source_sale_id.empty()) ||
      !AreSourceLinesWellFormed(entry)) {
    return false;
  }
  for (size_t i = 0; i < entry.lines.size(); ++i) {
    if (!IsLineWellFormed(entry.lines[i], i)) return false;
  }
  for (size_t i = 0; i < entry.tenders.size(); ++i) {
    if (entry.tenders[i].tender_no != static_cast<int64_t>(i) + 1) return false;
  }
  return true;
}

bool IsWellFormed(const SaleEntry& entry, std::string_view series) {
  const bool is_training = series == kTrainingSeries;
  if (entry.series != series || entry.training != is_training ||
      !base::ParseDate(entry.business_date, "").ok() ||
      !base::ParseDate(entry.posting_date, "").ok() || !IsIdOrEmpty(entry.operator_id) ||
      !IsIdOrEmpty(entry.customer_ref) || !IsIdOrEmpty(entry.source_sale_id) ||
      !IsIdOrEmpty(entry.shift_id) || !IsIdOrEmpty(entry.drawer_id)) {
    return false;
  }
  return !journal::IsReceipt(entry) || IsDocumentWellFormed(entry);
}

/// The provider has let go of its money, or will: a tombstone is what tells it to.
bool HasProviderTender(const SaleEntry& entry) {
  static const std::set<std::string, std::less<>> kProviders = {"CARD", "GIFT_CARD", "STORE_CREDIT",
                                                                "ON_ACCOUNT"};
  return std::any_of(entry.tenders.begin(), entry.tenders.end(), [](const auto& tender) {
    return !tender.payment_id.empty() || kProviders.contains(tender.type);
  });
}

/// Rights that the entry needed at the counter.
std::vector<Permission> RightsFor(const SaleEntry& entry) {
  std::vector<Permission> needed;
  if (entry.kind == journal::kKindSale) needed.push_back(common::v1::SALE_CREATE);
  if (entry.kind == journal::kKindReturn) {
    needed.push_back(common::v1::RETURN_CREATE);
    if (entry.source_sale_id.empty()) needed.push_back(common::v1::RETURN_UNLINKED);
    return needed;
  }
  if (entry.kind == journal::kKindAbandoned) needed.push_back(common::v1::SALE_VOID);
  if (!entry.order_discounts.empty()) needed.push_back(common::v1::SALE_DISCOUNT_ORDER);
  for (const journal::EntryLine& line : entry.lines) {
    if (!line.discounts.empty()) needed.push_back(common::v1::SALE_DISCOUNT_LINE);
    if (!line.override_reason.empty()) needed.push_back(common::v1::SALE_PRICE_OVERRIDE);
  }
  return needed;
}

class Judgement {
 public:
  Judgement(const UploadedEntry& uploaded, const Circumstances& known)
      : uploaded_(uploaded),
        entry_(uploaded.entry),
        known_(known),
        happened_(absl::FromUnixMicros(entry_.occurred_at_us)) {
    const auto store = base::Uuid::Parse(entry_.store);
    const auto found = store ? known.settings->stores.find(*store) : known.settings->stores.end();
    if (found != known.settings->stores.end()) store_ = &found->second;
    const auto reg = base::Uuid::Parse(entry_.register_id);
    const auto place = reg ? known.settings->registers.find(*reg) : known.settings->registers.end();
    if (place != known.settings->registers.end()) reg_ = &place->second;
  }

  UploadDetails Decide() {
    BelieveTime();
    const bool has_document =
        !entry_.training && (journal::IsReceipt(entry_) || entry_.kind == journal::kKindAbandoned);
    Hold(has_document);
    if (!held_.empty()) {
      details_.is_held = true;
      details_.mode = UploadDetails::Mode::kEntry;
      details_.findings = std::move(held_);
      return std::move(details_);
    }
    // A tombstone loses to what stands under its id already.
    const bool is_late_tombstone =
        entry_.kind == journal::kKindAbandoned && !known_.standing_kind.empty();
    details_.mode = has_document && !is_late_tombstone ? UploadDetails::Mode::kDocument
                                                       : UploadDetails::Mode::kEntry;
    Except();
    return std::move(details_);
  }

 private:
  /// A clock that runs ahead would put today's sales into next week's reports.
  void BelieveTime() {
    if (happened_ <= known_.now + kClockTolerance || store_ == nullptr) return;
    details_.believed_at = known_.now;
    details_.believed_date =
        base::FormatDate(base::BusinessDate(known_.now, store_->zone, store_->cutoff_minutes));
  }

  void Hold(bool has_document) {
    const auto hold_if = [this](bool is_so, const char* name) {
      if (is_so) held_.emplace_back(name);
    };
    if (!IsWellFormed(entry_, known_.series)) return hold_if(true, finding::kMalformed);
    const bool is_receipt = journal::IsReceipt(entry_);
    hold_if(store_ == nullptr || store_->id != known_.device->store, finding::kUnknownStore);
    hold_if(reg_ == nullptr || reg_->store != known_.device->store, finding::kUnknownRegister);
    hold_if(is_receipt && store_ != nullptr && entry_.currency != store_->currency_code,
            finding::kCurrency);
    hold_if(!known_.is_vouched && known_.head != nullptr && !FollowsOn(*known_.head),
            finding::kNumbers);
    hold_if(is_receipt && !AddsUp(entry_, *known_.settings), finding::kAmounts);
    hold_if(!known_.is_vouched && known_.device->revoked && happened_ > known_.device->revoked_at,
            finding::kSignedAfterRevocation);
    if (!has_document || !is_receipt) return;
    const bool meets_tombstone = known_.standing_kind == journal::kKindAbandoned;
    hold_if(!known_.standing_kind.empty() && !meets_tombstone, finding::kSaleIdTaken);
    hold_if(meets_tombstone && HasProviderTender(entry_) && !known_.is_vouched,
            finding::kAbandoned);
    details_.supersedes = meets_tombstone;
  }

  bool FollowsOn(const Head& head) const {
    const int64_t receipt_no = journal::IsReceipt(entry_) ? head.receipt_no + 1 : 0;
    return entry_.receipt_no == receipt_no &&
           entry_.grand_total ==
               head.grand_total + journal::EntrySign(entry_) * entry_.totals.total;
  }

  void Except() {
    if (details_.believed_at) {
      Note(finding::kClock);
    } else if (entry_.business_date != base::FormatDate(base::BusinessDate(
                                           happened_, store_->zone, store_->cutoff_minutes))) {
      Note(finding::kBusinessDate);
    }
    if (known_.history == nullptr ||
        !WasAllowed(*known_.history, RightsFor(entry_), store_->id, happened_)) {
      Note(finding::kOperator);
    }
    if (!reg_->active || store_->archived) Note(finding::kRegisterInactive);
    if (known_.device->register_id != reg_->id) Note(finding::kRegisterChanged);
    if (known_.device->revoked) Note(finding::kDeviceRevoked);
    if (uploaded_.is_earlier_key) Note(finding::kKeyReplaced);
    if (details_.supersedes) Note(finding::kSupersedesAbandoned);
    if (journal::IsReceipt(entry_) && !entry_.training) {
      for (const char* name : GoodsFindings(entry_, *store_, known_)) Note(name);
    }
  }

  void Note(const char* name) { details_.findings.emplace_back(name); }

  const UploadedEntry& uploaded_;
  const SaleEntry& entry_;
  const Circumstances& known_;
  const absl::Time happened_;
  const Store* store_ = nullptr;
  const Register* reg_ = nullptr;
  std::vector<std::string> held_;
  UploadDetails details_;
};

}  // namespace

UploadDetails Judge(const UploadedEntry& uploaded, const Circumstances& known) {
  return Judgement(uploaded, known).Decide();
}

Head HeadAfter(const UploadedEntry& uploaded, const Head& before) {
  const SaleEntry& entry = uploaded.entry;
  return {.journal_no = entry.n,
          .receipt_no = journal::IsReceipt(entry) ? std::max(before.receipt_no, entry.receipt_no)
                                                  : before.receipt_no,
          .grand_total = entry.grand_total,
          .hash = uploaded.hash};
}

std::vector<int64_t> ReturnedBefore(const SaleEntry& entry, const SourceSale* source) {
  std::vector<int64_t> before;
  for (const journal::EntryLine& line : entry.lines) {
    const size_t index = static_cast<size_t>(line.source_line_no) - 1;
    const bool is_there =
        source != nullptr && line.source_line_no >= 1 && index < source->returned_milli.size();
    before.push_back(is_there ? source->returned_milli[index] : -1);
  }
  return before;
}

}  // namespace cloudpos::transaction
