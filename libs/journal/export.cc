#include "libs/journal/export.h"

#include <algorithm>

#include "libs/journal/canonical.h"

namespace cloudpos::journal {
namespace {

constexpr std::int64_t kFormatVersion = 1;

std::vector<JournalHead> Sorted(const std::unordered_map<std::string, JournalHead>& heads) {
  std::vector<JournalHead> sorted;
  sorted.reserve(heads.size());
  for (const auto& [journal, head] : heads) sorted.push_back(head);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.journal < b.journal; });
  return sorted;
}

// The last line without its newline; no signature: the bytes that are signed.
Error WriteTrailer(std::int64_t count, const Hash& digest, const std::vector<JournalHead>& heads,
                   std::string_view signature, std::string_view signature_key, std::string* out) {
  Writer w(out);
  w.BeginObject();
  w.Field("count", count);
  w.Field("digest", ToHex(digest));
  w.Key("journals");
  w.BeginArray();
  for (const JournalHead& head : heads) {
    w.BeginObject();
    w.Field("count", head.count);
    w.Field("first", head.first);
    w.Field("head", ToHex(head.head));
    w.Field("journal", head.journal);
    w.Field("last", head.last);
    w.EndObject();
  }
  w.EndArray();
  w.OptionalField("sig", ToHex(signature));
  w.OptionalField("sigKey", signature_key);
  w.Field("v", kFormatVersion);
  w.EndObject();
  return w.error();
}

std::string Number(std::int64_t value) { return std::to_string(value); }

}  // namespace

Error ExportWriter::Append(const ExportEntry& entry, std::string* out) {
  const auto [found, is_first] = heads_.try_emplace(std::string(entry.journal));
  JournalHead& head = found->second;
  if (entry.n < 1 || (!is_first && entry.n != head.last + 1)) return {ErrorCode::kBadChain};
  const std::size_t start = out->size();
  Writer w(out);
  w.BeginObject();
  w.Field("hash", ToHex(entry.hash));
  w.Field("journal", entry.journal);
  w.Field("n", entry.n);
  w.Key("payload");
  w.Raw(entry.payload);
  if (is_first && entry.n > 1) w.Field("prev", ToHex(entry.previous));
  if (!entry.signature.empty()) {
    w.Field("sig", ToHex(entry.signature));
    w.Field("sigKey", entry.signature_key);
  }
  w.EndObject();
  if (!w.error().ok()) return w.error();
  out->push_back('\n');
  digest_.Update(std::string_view(*out).substr(start));
  if (is_first) {
    head.journal = entry.journal;
    head.first = entry.n;
  }
  head.last = entry.n;
  head.head = entry.hash;
  ++head.count;
  ++count_;
  return {};
}

Error ExportWriter::Finish(std::string_view signature_key, const Signer& sign, std::string* out) {
  const std::vector<JournalHead> heads = Sorted(heads_);
  const Hash digest = digest_.Finish();
  std::string signature;
  if (sign) {
    std::string message(kExportSignaturePrefix);
    const Error error = WriteTrailer(count_, digest, heads, {}, signature_key, &message);
    if (!error.ok()) return error;
    signature = sign(message);
  } else {
    signature_key = {};
  }
  const Error error = WriteTrailer(count_, digest, heads, signature, signature_key, out);
  out->push_back('\n');
  return error;
}

void Verifier::Fail(ErrorCode code, std::string reason) {
  if (!report_.ok()) return;
  report_.error = {code, 0};
  report_.reason = std::move(reason);
  report_.line = line_;
}

bool Verifier::Feed(std::string_view bytes) {
  while (report_.ok() && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (pending_.size() + std::min(end, bytes.size()) > kMaxTextBytes) {
      ++line_;
      Fail(ErrorCode::kTooLarge, "the line is too long");
      break;
    }
    if (end == std::string_view::npos) {
      pending_.append(bytes);
      break;
    }
    if (pending_.empty()) {
      Line(bytes.substr(0, end));
    } else {
      pending_.append(bytes, 0, end);
      Line(pending_);
      pending_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  return report_.ok();
}

void Verifier::Line(std::string_view line) {
  ++line_;
  report_.journal.clear();
  report_.n = 0;
  if (has_trailer_) return Fail(ErrorCode::kBadTrailer, "there is a line after the last one");
  Document document;
  Error error = Document::Parse(line, ParseMode::kCanonical, &document);
  std::string again;
  if (error.ok()) error = Encode(document.root(), &again);
  if (error.ok() && again != line) error = {ErrorCode::kNotCanonical};
  if (!error.ok()) {
    return Fail(error.code, "the line is not canonical JSON, byte " + Number(error.offset + 1));
  }
  const Value root = document.root();
  if (root.Find("journals").present()) return Trailer(root);
  Entry(root);
  if (!report_.ok()) return;
  digest_.Update(line);
  digest_.Update("\n");
}

namespace {

// The members an entry line may have. Anything else would be covered by no hash.
bool OnlyKnownMembers(const Value& root, std::initializer_list<std::string_view> known) {
  for (Value member = root.First(); member.present(); member = member.Next()) {
    if (std::find(known.begin(), known.end(), member.Key()) == known.end()) return false;
  }
  return true;
}

}  // namespace

void Verifier::Entry(const Value& value) {
  report_.journal = value.Find("journal").String();
  report_.n = value.Find("n").Int();
  const Value payload = value.Find("payload");
  const Value previous = value.Find("prev");
  Hash hash{};
  if (report_.journal.empty() || report_.n < 1 || !payload.IsObject() ||
      !ParseHash(value.Find("hash").String(), &hash) ||
      !OnlyKnownMembers(value, {"hash", "journal", "n", "payload", "prev", "sig", "sigKey"})) {
    return Fail(ErrorCode::kBadValue, "a member is missing, unknown or not of its type");
  }
  if (payload.Find("journal").String() != report_.journal || payload.Find("n").Int() != report_.n) {
    return Fail(ErrorCode::kBadChain, "the payload names another journal or number");
  }
  const auto [found, is_first] = heads_.try_emplace(report_.journal);
  JournalHead& head = found->second;
  if (!is_first && report_.n != head.last + 1) {
    return Fail(ErrorCode::kBadChain, "expected number " + Number(head.last + 1));
  }
  if (previous.present() != (is_first && report_.n > 1)) {
    return Fail(ErrorCode::kBadChain, "\"prev\" belongs to the first line of a part, only there");
  }
  Hash before = is_first ? kGenesis : head.head;
  if (previous.present() && !ParseHash(previous.String(), &before)) {
    return Fail(ErrorCode::kBadValue, "\"prev\" is no hash");
  }
  std::string bytes;
  if (const Error error = Encode(payload, &bytes); !error.ok()) {
    return Fail(error.code, "the payload is not canonical");
  }
  if (ChainHash(static_cast<std::uint64_t>(report_.n), before, bytes) != hash) {
    return Fail(ErrorCode::kBadChain, "the hash does not fit payload, number and predecessor");
  }
  if (is_first) {
    head.journal = report_.journal;
    head.first = report_.n;
  }
  head.last = report_.n;
  head.head = hash;
  ++head.count;
  ++report_.entries;
  CheckEntrySignature(value, hash);
}

void Verifier::CheckEntrySignature(const Value& value, const Hash& hash) {
  const Value signature = value.Find("sig");
  const Value key = value.Find("sigKey");
  if (!signature.present() && !key.present()) return;
  std::string raw;
  if (!key.IsString() || !signature.IsString() || !ParseHex(signature.String(), &raw)) {
    return Fail(ErrorCode::kBadSignature, "the signature or its key is malformed");
  }
  const std::string_view message(reinterpret_cast<const char*>(hash.data()), hash.size());
  if (!options_.check_entry) return;
  if (!options_.check_entry(key.String(), message, raw)) {
    return Fail(ErrorCode::kBadSignature, "the device's signature is not valid");
  }
  ++report_.entry_signatures_checked;
}

void Verifier::Trailer(const Value& value) {
  has_trailer_ = true;
  const Value signature = value.Find("sig");
  const Value key = value.Find("sigKey");
  std::string raw;
  if (signature.present() != key.present() || !ParseHex(signature.String(), &raw)) {
    return Fail(ErrorCode::kBadSignature, "the last line's signature is malformed");
  }
  // What the last line must be, from what was read: comparing bytes leaves nothing unchecked.
  std::string expected;
  const Hash digest = digest_.Finish();
  std::string found;
  const std::vector<JournalHead> heads = Sorted(heads_);
  if (!WriteTrailer(report_.entries, digest, heads, raw, key.String(), &expected).ok() ||
      !Encode(value, &found).ok() || expected != found) {
    return Fail(ErrorCode::kBadTrailer, "the last line's counts, heads or digest differ");
  }
  if (!signature.present()) {
    if (options_.require_trailer_signature) {
      Fail(ErrorCode::kBadSignature, "the export is not signed");
    }
    return;
  }
  if (!options_.check_trailer) return;
  std::string message(kExportSignaturePrefix);
  if (!WriteTrailer(report_.entries, digest, heads, {}, key.String(), &message).ok() ||
      !options_.check_trailer(key.String(), message, raw)) {
    return Fail(ErrorCode::kBadSignature, "the export's signature is not valid");
  }
  report_.trailer_signature_checked = true;
}

VerifyReport Verifier::Finish() {
  if (report_.ok() && !pending_.empty()) {
    ++line_;
    Fail(ErrorCode::kSyntax, "the line does not end");
  }
  if (report_.ok() && !has_trailer_) {
    ++line_;
    Fail(ErrorCode::kBadTrailer, "the last line is missing");
  }
  report_.heads = Sorted(heads_);
  return report_;
}

VerifyReport VerifyExport(std::string_view bytes, VerifyOptions options) {
  Verifier verifier(std::move(options));
  verifier.Feed(bytes);
  return verifier.Finish();
}

}  // namespace cloudpos::journal
