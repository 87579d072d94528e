#pragma once

// What the gateway serves itself: the web app, the API description and its page, health.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/exchange.h"
#include "gateway/static_files.h"
#include "gateway/upstream.h"

namespace cloudpos::gateway {

struct SiteOptions {
  std::string web_root;   // empty: a landing page
  std::string docs_root;  // swagger-ui-dist; empty: no docs page
  std::string openapi;    // the document
  std::function<bool()> has_keys;
  const Upstreams* upstreams = nullptr;
};

class Site {
 public:
  explicit Site(SiteOptions options);

  /// nullopt when nothing lies at the path. Sets the exchange's route label.
  std::optional<HttpResponse> Serve(Exchange* exchange);

 private:
  HttpResponse Ready() const;
  std::optional<HttpResponse> Docs(const RequestHead& head, std::string_view path);

  const SiteOptions options_;
  std::shared_ptr<const std::string> openapi_;
  std::string openapi_tag_;
  std::unique_ptr<StaticFiles> web_;
  std::unique_ptr<StaticFiles> docs_;
};

}  // namespace cloudpos::gateway
