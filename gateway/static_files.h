#pragma once

// Files of one folder over HTTP: the web app and the API docs. Only what lies below the folder, GET
// and HEAD, with ETag, precompressed variants (.br, .gz), immutable caching of hashed assets.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/http_message.h"

namespace cloudpos::gateway {

struct StaticFilesOptions {
  std::string root;           // a folder
  bool has_fallback = false;  // unknown paths of navigations get index.html (single-page app)
  std::string html_policy;    // Content-Security-Policy of its pages
  size_t file_bytes_max = 64 << 20;
  size_t cache_bytes_max = 64 << 20;
};

/// Thread-safe.
class StaticFiles {
 public:
  explicit StaticFiles(StaticFilesOptions options);

  /// `path` is decoded and begins with '/'. nullopt when there is no such file.
  std::optional<HttpResponse> Serve(const RequestHead& head, std::string_view path);

 private:
  struct File {
    std::filesystem::file_time_type changed;
    std::shared_ptr<const std::string> body;
    std::string etag;
  };

  std::optional<File> Load(const std::string& path);
  std::optional<std::string> Find(const RequestHead& head, std::string_view path) const;

  const StaticFilesOptions options_;
  std::mutex mutex_;
  std::unordered_map<std::string, File> cache_;
  size_t cached_bytes_ = 0;
};

}  // namespace cloudpos::gateway
