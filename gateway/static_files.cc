#include "gateway/static_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "libs/base/encoding.h"

namespace cloudpos::gateway {
namespace {

namespace fs = std::filesystem;

struct MediaType {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array<MediaType, 21> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".pdf", "application/pdf"},
    {".md", "text/markdown; charset=utf-8"},
}};

std::string_view TypeOf(std::string_view path) {
  for (const MediaType& item : kTypes) {
    if (path.size() > item.extension.size() &&
        path.substr(path.size() - item.extension.size()) == item.extension) {
      return item.type;
    }
  }
  return "application/octet-stream";
}

/// Bundlers put a hash into the name ("index-BX3k9f2a.js"): such a file never changes.
bool IsHashed(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dash = name.find_last_of("-.", name.rfind('.') - 1);
  if (name.rfind('.') == name.npos || dash == name.npos || dash == 0) return false;
  const std::string_view hash = name.substr(dash + 1, name.rfind('.') - dash - 1);
  const bool is_plain = std::all_of(hash.begin(), hash.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
  const bool has_digit = hash.find_first_of("0123456789") != hash.npos;
  const bool has_upper =
      std::any_of(hash.begin(), hash.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return hash.size() >= 8 && is_plain && (has_digit || has_upper);
}

bool Accepts(const RequestHead& head, std::string_view header, std::string_view token) {
  std::string_view rest = head.Find(header);
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    const bool is_refused = item.find("q=0") != item.npos && item.find("q=0.") == item.npos;
    if (item.substr(0, item.find(';')) == token) return !is_refused;
  }
  return false;
}

bool IsNavigation(const RequestHead& head) {
  return head.method == "GET" && Accepts(head, "accept", "text/html");
}

}  // namespace

StaticFiles::StaticFiles(StaticFilesOptions options) : options_(std::move(options)) {}

std::optional<std::string> StaticFiles::Find(const RequestHead& head, std::string_view path) const {
  std::error_code ec;
  // Each time: the folder may come, or be switched to another build, while we run.
  const std::string root = fs::canonical(options_.root, ec).string();
  if (ec || path.find('\0') != path.npos || path.find("/.") != path.npos) return {};
  std::string wanted = root + std::string(path);
  if (wanted.back() == '/') wanted += "index.html";
  // Canonical: a link must not lead out of the folder.
  std::string real = fs::canonical(wanted, ec).string();
  if (ec || real.compare(0, root.size() + 1, root + "/") != 0 || !fs::is_regular_file(real, ec)) {
    const bool is_page = path.find('.', path.rfind('/')) == path.npos;
    if (!options_.has_fallback || !is_page || !IsNavigation(head)) return {};
    real = root + "/index.html";
    if (!fs::is_regular_file(real, ec)) return {};
  }
  return real;
}

std::optional<StaticFiles::File> StaticFiles::Load(const std::string& path) {
  std::error_code ec;
  const auto changed = fs::last_write_time(path, ec);
  if (ec) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = cache_.find(path);
  if (found != cache_.end() && found->second.changed == changed) return found->second;
  const auto size = fs::file_size(path, ec);
  if (ec || size > options_.file_bytes_max) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return std::nullopt;
  File file;
  file.changed = changed;
  file.body = std::make_shared<const std::string>(std::move(text).str());
  file.etag = "\"" + base::HexEncode(base::Sha256(*file.body)).substr(0, 32) + "\"";
  if (found != cache_.end()) cached_bytes_ -= found->second.body->size();
  if (cached_bytes_ + file.body->size() > options_.cache_bytes_max) {
    cache_.clear();
    cached_bytes_ = 0;
  }
  cached_bytes_ += file.body->size();
  cache_[path] = file;
  return file;
}

std::optional<HttpResponse> StaticFiles::Serve(const RequestHead& head, std::string_view path) {
  const auto plain = Find(head, path);
  if (!plain) return std::nullopt;
  std::optional<File> file;
  std::string_view coding;
  for (const auto& [name, suffix] : {std::pair("br", ".br"), std::pair("gzip", ".gz")}) {
    std::error_code ec;
    if (file || !Accepts(head, "accept-encoding", name) || !fs::exists(*plain + suffix, ec))
      continue;
    file = Load(*plain + suffix);
    coding = name;
  }
  if (!file) {
    coding = {};
    file = Load(*plain);
  }
  if (!file) return std::nullopt;
  HttpResponse response;
  const std::string_view type = TypeOf(*plain);
  response.Set("Content-Type", std::string(type));
  response.Set("ETag", file->etag);
  response.Set("Vary", "Accept-Encoding");
  response.Set("Cache-Control",
               IsHashed(*plain) ? "public, max-age=31536000, immutable" : "no-cache");
  if (!coding.empty()) response.Set("Content-Encoding", std::string(coding));
  if (type.substr(0, 9) == "text/html")
    response.Set("Content-Security-Policy", options_.html_policy);
  if (head.Find("if-none-match").find(file->etag) != std::string_view::npos) {
    response.status = 304;
  } else {
    response.shared_body = file->body;
  }
  return response;
}

}  // namespace cloudpos::gateway
