#include "tests/chaos/check/history.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "libs/base/status_macros.h"
#include "tests/chaos/check/scan.h"
#include "tests/chaos/check/views.h"

namespace cloudpos::chaos {
namespace {

constexpr int kOffsetBits = 48;

/// One line, its members as they stand.
struct Line {
  std::string_view event, op, kind, id, key, body, why;
  int64_t t = -1;
  int status = 0;
  bool replayed = false;
  bool body_is_string = false;
};

bool ParseLine(std::string_view text, Line* line) {
  Members members(text);
  while (members.Next()) {
    const std::string_view key = members.key();
    const std::string_view value = members.value();
    if (key == "e") {
      line->event = value;
    } else if (key == "t") {
      line->t = IntOf(value).value_or(-1);
    } else if (key == "op") {
      line->op = value;
    } else if (key == "kind") {
      line->kind = value;
    } else if (key == "id") {
      line->id = value;
    } else if (key == "key") {
      line->key = value;
    } else if (key == "status") {
      line->status = static_cast<int>(IntOf(value).value_or(0));
    } else if (key == "replayed") {
      line->replayed = value == "true";
    } else if (key == "why") {
      line->why = value;
    } else if (key == "body") {
      line->body = value;
      line->body_is_string = members.is_string();
    }
  }
  return !members.is_bad() && line->t >= 0;
}

Kind KindOfSend(std::string_view kind) {
  if (kind == "sale") return Kind::kSale;
  if (kind == "return") return Kind::kReturn;
  return kind == "abandon" ? Kind::kAbandoned : Kind::kNone;
}

uint64_t PlaceOf(size_t file, size_t offset) {
  return static_cast<uint64_t>(file) << kOffsetBits | offset;
}

struct Pending {
  uint32_t document;
  uint32_t request;
  Micros sent;
};

class Reader {
 public:
  Reader(const RunFile& run, Documents* documents, Report* report, History* history)
      : run_(run), documents_(*documents), report_(*report), history_(*history) {}

  void ReadFile(size_t number);
  void Finish() { history_.unanswered = static_cast<int64_t>(pending_.size()); }

 private:
  void ReadLine(std::string_view text, uint64_t place);
  void OnSend(const Line& line, uint64_t place);
  void OnReply(const Line& line, uint64_t place);
  void OnAck(const Line& line, const Pending& pending, uint64_t place);
  void OnAbandonAck(const Line& line, const Pending& pending);
  void OnRefusal(const Line& line, const Pending& pending);
  void ReadRequest(const Line& line, Request* request);
  bool ReadAnswer(const Line& line, const Pending& pending);
  void Compare(const Line& line, const Pending& pending, const Request& request, uint64_t place);
  uint32_t CodeNumber(std::string_view code);
  /// Parses into a buffer that is used again and again.
  boost::json::value ParseJson(std::string_view text, bool* is_good);
  void BadLine(std::string_view text, const char* why);

  struct Hash {
    size_t operator()(const base::Uuid& id) const { return std::hash<base::Uuid>()(id); }
  };
  const RunFile& run_;
  Documents& documents_;
  Report& report_;
  History& history_;
  absl::flat_hash_map<base::Uuid, Pending, Hash> pending_;
  std::string unescaped_;
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(1 << 20);
  boost::json::monotonic_resource memory_{buffer_.data(), buffer_.size()};
};

boost::json::value Reader::ParseJson(std::string_view text, bool* is_good) {
  memory_.release();
  boost::json::error_code error;
  boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error, &memory_);
  *is_good = !error && value.is_object();
  return value;
}

void Reader::BadLine(std::string_view text, const char* why) {
  report_.Broken(Rule::kLog, std::string(why) + ": " + std::string(text.substr(0, 200)));
}

void Reader::ReadFile(size_t number) {
  const std::string_view text = history_.files[number]->text();
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    // A client that was killed may leave half a line; nothing was sent before it was whole.
    if (end == std::string_view::npos) break;
    if (end > at) ReadLine(text.substr(at, end - at), PlaceOf(number, at));
    at = end + 1;
  }
}

void Reader::ReadLine(std::string_view text, uint64_t place) {
  report_.Compared(Rule::kLog, 1);
  Line line;
  if (!ParseLine(text, &line)) return BadLine(text, "a line cannot be read");
  if (line.event == "send") return OnSend(line, place);
  if (line.event == "recv") return OnReply(line, place);
  if (line.event != "lost") return BadLine(text, "a line of unknown kind");
  const auto op = base::Uuid::Parse(line.op);
  if (!op || pending_.erase(*op) == 0) return BadLine(text, "lost, but never sent");
  ++history_.lost;
}

void Reader::OnSend(const Line& line, uint64_t place) {
  const auto op = base::Uuid::Parse(line.op);
  const auto id = base::Uuid::Parse(line.id);
  const Kind kind = KindOfSend(line.kind);
  if (!op || !id || kind == Kind::kNone || line.key.size() < 16) {
    return BadLine(history_.LineAt(place), "a send lacks op, id, kind or key");
  }
  ++history_.sends;
  const uint32_t at = documents_.Of(*id);
  bool is_new = false;
  const uint32_t request_at = documents_.RequestOf(at, HashOf(line.key), kind, &is_new);
  if (is_new) {
    documents_.request(request_at).sent_at = place;
    if (kind != Kind::kAbandoned) ReadRequest(line, &documents_.request(request_at));
  }
  Request& request = documents_.request(request_at);
  Document& document = documents_[at];
  ++request.sends;
  request.first_send = std::min(request.first_send, line.t);
  Micros& first = kind == Kind::kAbandoned ? document.abandon_send : document.first_send;
  first = std::min(first, line.t);
  if (!pending_.try_emplace(*op, Pending{at, request_at, line.t}).second) {
    BadLine(history_.LineAt(place), "the same op is sent twice");
  }
}

void Reader::ReadRequest(const Line& line, Request* request) {
  bool is_good = !line.body_is_string || Unescape(line.body, &unescaped_);
  const boost::json::value value =
      ParseJson(line.body_is_string ? unescaped_ : line.body, &is_good);
  if (!is_good) return BadLine(line.body, "the body of a request is not JSON");
  const boost::json::object& object = value.get_object();
  request->wish = SumOf(RequestBody{object, request->kind == Kind::kReturn});
  if (const boost::json::object& total = ObjectIn(object, "expectedTotal"); !total.empty()) {
    request->expected_total = IntIn(total, "minorUnits");
  }
  request->has_journal = object.contains("journal");
  const base::Uuid source = IdIn(object, "sourceSaleId");
  if (!source.is_nil()) request->source = documents_.Of(source);
  Sum prices;
  bool has_all = true;
  ForEachIn(object, "lines", [&](const boost::json::object& item) {
    const bool has_price = item.contains("expectedUnitPriceMinor");
    request->has_expected_price |= has_price;
    has_all &= has_price && !item.contains("override");
    prices("price", IntIn(item, "expectedUnitPriceMinor"));
  });
  if (has_all && request->kind == Kind::kSale) request->prices = prices.value();
}

void Reader::OnReply(const Line& line, uint64_t place) {
  const auto op = base::Uuid::Parse(line.op);
  const auto found = op ? pending_.find(*op) : pending_.end();
  if (found == pending_.end()) {
    return BadLine(history_.LineAt(place), "an answer to what was not sent");
  }
  const Pending pending = found->second;
  pending_.erase(found);
  if (line.t < pending.sent) BadLine(history_.LineAt(place), "answered before it was sent");
  ++history_.replies;
  report_.Compared(Rule::kReplies, 1);
  const int status = line.status;
  if (status >= 200 && status < 300) return OnAck(line, pending, place);
  if (status < 400 || status > 504 || status == 500 || status == 501) {
    return report_.Broken(Rule::kReplies, "status " + std::to_string(status) + " for " +
                                              documents_[pending.document].id.ToString() + ": " +
                                              std::string(line.body.substr(0, 300)));
  }
  const bool is_definite = status < 500 && status != 401 && status != 408 && status != 429;
  if (is_definite) OnRefusal(line, pending);
}

void Reader::OnRefusal(const Line& line, const Pending& pending) {
  ++documents_.request(pending.request).refusals;
  bool is_good = Unescape(line.body, &unescaped_);
  const boost::json::value value = ParseJson(unescaped_, &is_good);
  const std::string_view code = is_good ? TextIn(value.get_object(), "code") : "";
  history_.refusals.push_back(
      {pending.document, pending.request, pending.sent, line.t, line.status, CodeNumber(code)});
}

uint32_t Reader::CodeNumber(std::string_view code) {
  std::vector<std::string>& codes = history_.codes;
  const auto found = std::find(codes.begin(), codes.end(), code);
  const auto at = static_cast<uint32_t>(found - codes.begin());
  if (found == codes.end()) codes.emplace_back(code);
  return at;
}

void Reader::OnAck(const Line& line, const Pending& pending, uint64_t place) {
  Request& request = documents_.request(pending.request);
  Document& document = documents_[pending.document];
  ++request.acks;
  if (request.kind == Kind::kAbandoned) return OnAbandonAck(line, pending);
  document.first_ack = std::min(document.first_ack, line.t);
  if (!line.replayed) {
    ++document.fresh;
    document.fresh_send = std::max(pending.sent, document.fresh == 1 ? 0 : document.fresh_send);
  }
  request.first_ack = std::min(request.first_ack, line.t);
  if (request.acks > 1) return Compare(line, pending, request, place);
  request.reply = HashOf(line.body);
  request.reply_at = place;
  if (document.acked != kNowhere) {
    return report_.Broken(Rule::kReplies, std::string("two different requests were both answered "
                                                      "with success under the id ") +
                                              document.id.ToString());
  }
  document.acked = pending.request;
  if (!ReadAnswer(line, pending)) {
    report_.Broken(Rule::kAcknowledged,
                   "the answer for " + document.id.ToString() +
                       " is no sale: " + std::string(line.body.substr(0, 300)));
  }
}

/// Every answer to one request has the same bytes.
void Reader::Compare(const Line& line, const Pending& pending, const Request& request,
                     uint64_t place) {
  if (HashOf(line.body) == request.reply) return;
  if (!report_.WantsWords(Rule::kReplies)) return report_.BrokenToo(Rule::kReplies, 1);
  Line first;
  ParseLine(history_.LineAt(request.reply_at), &first);
  const auto [a, b] =
      std::mismatch(first.body.begin(), first.body.end(), line.body.begin(), line.body.end());
  const size_t at = static_cast<size_t>(a - first.body.begin());
  const size_t from = at < 40 ? 0 : at - 40;
  const size_t file = place >> kOffsetBits;
  report_.Broken(Rule::kReplies, "two answers for " + documents_[pending.document].id.ToString() +
                                     " differ at byte " + std::to_string(at) + " (" +
                                     history_.files[file]->path() + "): \"" +
                                     std::string(first.body.substr(from, 100)) + "\" and \"" +
                                     std::string(line.body.substr(from, 100)) + "\"");
}

bool Reader::ReadAnswer(const Line& line, const Pending& pending) {
  bool is_good = line.body_is_string && Unescape(line.body, &unescaped_);
  if (!is_good) return false;
  const boost::json::value value = ParseJson(unescaped_, &is_good);
  if (!is_good) return false;
  const bool is_return = documents_.request(pending.request).kind == Kind::kReturn;
  const boost::json::object& sale =
      ObjectIn(value.get_object(), is_return ? "returnDocument" : "sale");
  if (sale.empty()) return false;
  Document& document = documents_[pending.document];
  document.total = IntIn(ObjectIn(sale, "totals"), "totalMinor");
  document.journal_no = IntIn(sale, "journalNo");
  document.receipt_no = IntIn(sale, "receiptNo");
  document.receipt_number = HashOf(TextIn(sale, "receiptNumber"));
  document.reply = SumOf(ReplyBody{sale});

  const base::Uuid store = IdIn(sale, "storeId");
  const int64_t sign = is_return ? -1 : 1;
  history_.taken[store] += sign * document.total;
  ForEachIn(sale, "lines", [&](const boost::json::object& row) {
    const base::Uuid variant = IdIn(row, "variantId");
    const auto stocked = run_.is_stocked.find(variant);
    if (stocked == run_.is_stocked.end()) {
      report_.Broken(Rule::kLog, "run.json does not know variant " + variant.ToString());
    } else if (stocked->second) {
      history_.moved[{store, variant}] -= sign * IntIn(row, "quantityMilli");
    }
  });
  return true;
}

void Reader::OnAbandonAck(const Line& line, const Pending& pending) {
  Document& document = documents_[pending.document];
  bool is_good = Unescape(line.body, &unescaped_);
  const boost::json::value value = ParseJson(unescaped_, &is_good);
  const std::string_view state = is_good ? TextIn(value.get_object(), "state") : "";
  if (state != "ABANDONED" && state != "COMPLETED") {
    return report_.Broken(Rule::kOneOutcome,
                          "the answer to the abandoning of " + document.id.ToString() +
                              " names no state: " + std::string(line.body.substr(0, 200)));
  }
  Micros& first = state == "ABANDONED" ? document.abandoned_ack : document.completed_ack;
  first = std::min(first, line.t);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(path + " cannot be opened");
  struct stat facts {};
  const bool is_known = fstat(fd, &facts) == 0;
  const size_t size = is_known ? static_cast<size_t>(facts.st_size) : 0;
  void* bytes = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (!is_known || bytes == MAP_FAILED) return absl::NotFoundError(path + " cannot be mapped");
  if (bytes != nullptr) madvise(bytes, size, MADV_SEQUENTIAL);
  return std::unique_ptr<MappedFile>(new MappedFile(path, {static_cast<const char*>(bytes), size}));
}

MappedFile::~MappedFile() {
  if (!text_.empty()) munmap(const_cast<char*>(text_.data()), text_.size());
}

std::string_view History::LineAt(uint64_t place) const {
  const std::string_view rest =
      files[place >> kOffsetBits]->text().substr(place & ((uint64_t{1} << kOffsetBits) - 1));
  return rest.substr(0, rest.find('\n'));
}

absl::StatusOr<History> ReadHistory(const std::string& folder, const RunFile& run,
                                    Documents* documents, Report* report) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder + "/clients", error)) {
    if (file.path().extension() == ".jsonl") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  History history;
  Reader reader(run, documents, report, &history);
  for (const std::string& path : paths) {
    CLOUDPOS_ASSIGN_OR_RETURN(history.files.emplace_back(), MappedFile::Open(path));
    reader.ReadFile(history.files.size() - 1);
  }
  reader.Finish();
  return history;
}

}  // namespace cloudpos::chaos
