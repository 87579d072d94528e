#pragma once

// A shop's past for tests: entries, adjustments and places in feeds that live in memory, and the
// reporting service's own parts on a database.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/journal/entry.h"
#include "libs/testing/call_context.h"
#include "libs/testing/database.h"
#include "services/reporting/consumers.h"
#include "services/reporting/report_handler.h"
#include "services/reporting/reporting_service.h"

namespace cloudpos::reporting {

/// A producer's log. The cursor is the number of events read.
class MemoryLog final : public events::EventSource {
 public:
  void Add(const base::Uuid& tenant, const std::string& type, const std::string& id,
           const google::protobuf::Message& payload) {
    events::Event& event = events_.emplace_back();
    event.set_event_id(base::DeriveUuidV5(tenant, std::to_string(events_.size())).ToString());
    event.set_tenant_id(tenant.ToString());
    event.set_aggregate_type(type);
    event.set_aggregate_id(id);
    event.set_event_type(payload.GetDescriptor()->full_name());
    event.set_payload(payload.SerializeAsString());
  }

  absl::Status Pull(const common::v1::PullRequest& request, absl::Time,
                    common::v1::PullResponse* response) override {
    if (pull_failures > 0 && pull_failures-- > 0) return absl::UnavailableError("away");
    const size_t begin = request.cursor().empty() ? 0 : std::stoul(request.cursor());
    const size_t limit = static_cast<size_t>(std::max(page, 1));
    const size_t end = std::min(events_.size(), begin + limit);
    for (size_t i = begin; i < end; ++i) *response->add_events() = events_[i];
    response->set_cursor(std::to_string(end));
    response->set_more(end < events_.size());
    response->set_head(events_.size() + 1);
    response->set_horizon(events_.size() + 1);
    return absl::OkStatus();
  }

  absl::Status Snapshot(
      const common::v1::SnapshotRequest&, absl::Time,
      const std::function<absl::Status(const common::v1::SnapshotResponse&)>& send) override {
    common::v1::SnapshotResponse first;
    // Some events come twice: by the snapshot and by the pulls that follow.
    first.set_cursor(std::to_string(events_.size() - std::min(events_.size(), overlap)));
    CLOUDPOS_RETURN_IF_ERROR(send(first));
    if (in_snapshot) in_snapshot();
    const size_t all = events_.size();
    for (size_t i = 0; i < all; i += kSnapshotPage) {
      common::v1::SnapshotResponse message;
      for (size_t k = i; k < std::min(all, i + kSnapshotPage); ++k) {
        *message.add_events() = events_[k];
      }
      CLOUDPOS_RETURN_IF_ERROR(send(message));
      if (snapshot_failures > 0 && snapshot_failures-- > 0) return absl::UnavailableError("away");
    }
    return absl::OkStatus();
  }

  /// Sends everything again, the other way round.
  void Repeat() {
    const std::vector<events::Event> again(events_.rbegin(), events_.rend());
    events_.insert(events_.end(), again.begin(), again.end());
  }

  /// So many calls fail, as when the producer starts anew.
  int pull_failures = 0;
  int snapshot_failures = 0;
  int page = 3;
  size_t overlap = 2;
  std::function<void()> in_snapshot;

 private:
  static constexpr size_t kSnapshotPage = 500;
  std::vector<events::Event> events_;
};

class World {
 public:
  World()
      : database("reporting", {events::Migrations(), {"reporting", &Migrations()}}),
        rw({.dsn = database.Dsn("rw"), .application_name = "test", .connections = 2}),
        worker({.dsn = database.Dsn("worker"), .application_name = "test", .connections = 4}),
        consumers(ConsumerOptions()),
        handler(rw, clock, &consumers) {
    tenant = ids.NewId();
    store = AddStore("Leeds", "Europe/London", 0);
    till = ids.NewId();
    journal = ids.NewId();
  }

  Consumers::Options ConsumerOptions() {
    return {.auth = auth,
            .inventory = inventory,
            .transaction = transaction,
            .worker_pool = &worker,
            .clock = &clock};
  }

  base::Uuid AddStore(const std::string& name, const std::string& zone, int cutoff) {
    const base::Uuid id = ids.NewId();
    ChangeStore(id, 1, name, zone, cutoff);
    return id;
  }

  void ChangeStore(const base::Uuid& id, int64_t version, const std::string& name,
                   const std::string& zone, int cutoff) {
    auth::v1::StoreChanged event;
    event.set_tenant_id(tenant.ToString());
    event.set_store_id(id.ToString());
    event.set_version(version);
    event.set_name(name);
    event.set_time_zone(zone);
    event.set_currency_code("GBP");
    event.set_cutoff_minutes(cutoff);
    auth->Add(tenant, "store", id.ToString(), event);
  }

  base::Uuid AddProduct(const std::string& name) {
    const base::Uuid id = ids.NewId();
    inventory::v1::VariantChanged event;
    event.set_tenant_id(tenant.ToString());
    event.set_product_id(id.ToString());
    event.set_variant_id(id.ToString());
    event.set_version(++catalogue_version);
    event.set_product_name(name);
    event.set_sku("SKU-" + name);
    event.set_stocked(true);
    inventory->Add(tenant, "variant", id.ToString(), event);
    return id;
  }

  /// An entry of one line of `units` at `price`, with 20 % tax on top.
  journal::SaleEntry Entry(std::string_view kind, const std::string& date, int64_t price,
                           int64_t units) {
    journal::SaleEntry entry;
    entry.business_date = date;
    entry.currency = "GBP";
    entry.generation = 1;
    entry.journal = journal.ToString();
    entry.kind = kind;
    entry.n = ++journal_no;
    entry.occurred_at_us = absl::ToUnixMicros(
        absl::FromCivil(*base::ParseDate(date, "date"), absl::UTCTimeZone()) + absl::Hours(10));
    entry.operator_id = ids.NewId().ToString();
    entry.posting_date = date;
    entry.register_id = till.ToString();
    entry.sale_id = ids.NewId().ToString();
    entry.store = store.ToString();
    entry.tenant = tenant.ToString();
    AddLine(&entry, price, units, 200'000);
    return entry;
  }

  /// Adds a line of `units` at `price`, taxed by `rate_ppm` on top; 0: no tax at all.
  void AddLine(journal::SaleEntry* entry, int64_t price, int64_t units, int64_t rate_ppm) {
    journal::EntryLine line;
    line.line_no = static_cast<int64_t>(entry->lines.size()) + 1;
    line.quantity_milli = units * 1000;
    line.unit_price = line.list_price = price;
    line.gross = line.net = price * units;
    const int64_t tax = line.net * rate_ppm / 1'000'000;
    if (rate_ppm != 0) {
      line.taxes = {{.amount = tax,
                     .base = line.net,
                     .jurisdiction = "GB",
                     .rate_ppm = rate_ppm,
                     .tax_id = "vat"}};
    }
    line.total = line.net + tax;
    line.sku = "SKU";
    line.stocked = true;
    line.variant_id = (product.is_nil() ? store : product).ToString();
    line.product_id = line.variant_id;
    entry->totals.gross += line.gross;
    entry->totals.net += line.net;
    entry->totals.tax += tax;
    entry->totals.total += line.total;
    entry->lines.push_back(line);
    entry->policy = {.discount_order = "A",
                     .discount_rounding = "A",
                     .inclusive_rounding = "A",
                     .rounding_level = "A",
                     .tax_rounding = "A"};
    entry->tenders = {{.amount = entry->totals.total,
                       .tendered = entry->totals.total,
                       .tender_no = 1,
                       .type = "CASH"}};
  }

  void Record(const journal::SaleEntry& entry, transaction::v1::JournalEntryRecorded event = {}) {
    REQUIRE(journal::EncodeEntry(entry, event.mutable_entry()).ok());
    transaction->Add(tenant, "sale", entry.sale_id, event);
  }

  base::Uuid Adjust(const base::Uuid& at, absl::Time when, std::vector<int64_t> units) {
    const base::Uuid id = ids.NewId();
    inventory::v1::StockAdjusted event;
    event.set_tenant_id(tenant.ToString());
    event.set_adjustment_id(id.ToString());
    event.set_store_id(at.ToString());
    base::SetTime(when, event.mutable_occurred_at());
    for (size_t i = 0; i < units.size(); ++i) {
      auto* line = event.add_lines();
      line->set_line_no(static_cast<int32_t>(i) + 1);
      line->set_variant_id((product.is_nil() ? store : product).ToString());
      line->set_quantity_milli(units[i] * 1000);
    }
    inventory->Add(tenant, "adjustment", id.ToString(), event);
    return id;
  }

  void CatchUp() {
    const absl::Status status = consumers.CatchUp(base::SystemClock().Now() + absl::Seconds(20));
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  testing::TestCall Call(std::vector<base::Uuid> stores = {}) {
    return testing::TestCall(
        testing::ClaimsFor(tenant, {common::v1::REPORT_READ}, std::move(stores)),
        common::v1::REPORT_READ);
  }

  /// The daily report of the whole tenant, as text.
  v1::GetDailyReportResponse Daily(const std::string& from, const std::string& to) {
    v1::GetDailyReportRequest request;
    request.set_from(from);
    request.set_to(to);
    v1::GetDailyReportResponse response;
    testing::TestCall call = Call();
    const absl::Status status = handler.GetDailyReport(call, request, &response);
    INFO(status.ToString());
    REQUIRE(status.ok());
    response.clear_as_of();
    return response;
  }

  testing::Database database;
  base::FakeClock clock;
  base::RandomIdSource ids;
  std::shared_ptr<MemoryLog> auth = std::make_shared<MemoryLog>();
  std::shared_ptr<MemoryLog> inventory = std::make_shared<MemoryLog>();
  std::shared_ptr<MemoryLog> transaction = std::make_shared<MemoryLog>();
  pg::Pool rw, worker;
  Consumers consumers;
  ReportHandler handler;
  base::Uuid tenant, store, till, journal, product;
  int64_t journal_no = 0;
  int64_t catalogue_version = 0;
};

}  // namespace cloudpos::reporting
