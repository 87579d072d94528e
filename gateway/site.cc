#include "gateway/site.h"

#include "gateway/docs_page.h"
#include "gateway/http_target.h"
#include "libs/base/encoding.h"

namespace cloudpos::gateway {
namespace {

// Styles may be inline: the component library sets them; scripts never.
constexpr char kWebPolicy[] =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'";
constexpr char kDocsPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

HttpResponse Json(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.Set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

HttpResponse Page(std::string_view type, std::string_view body) {
  HttpResponse response;
  response.Set("Content-Type", std::string(type));
  response.Set("Cache-Control", "no-cache");
  response.Set("Content-Security-Policy", kDocsPolicy);
  response.body = body;
  return response;
}

std::unique_ptr<StaticFiles> OpenFolder(const std::string& root, bool has_fallback,
                                        const char* policy) {
  if (root.empty()) return nullptr;
  return std::make_unique<StaticFiles>(
      StaticFilesOptions{.root = root, .has_fallback = has_fallback, .html_policy = policy});
}

}  // namespace

Site::Site(SiteOptions options)
    : options_(std::move(options)),
      openapi_(std::make_shared<const std::string>(options_.openapi)),
      openapi_tag_("\"" + base::HexEncode(base::Sha256(*openapi_)).substr(0, 32) + "\""),
      web_(OpenFolder(options_.web_root, true, kWebPolicy)),
      docs_(OpenFolder(options_.docs_root, false, kDocsPolicy)) {}

std::optional<HttpResponse> Site::Serve(Exchange* exchange) {
  const RequestHead& head = exchange->head();
  if (head.method != "GET" && head.method != "HEAD") return std::nullopt;
  const std::string path = PercentDecode(head.path, false).value_or("");
  const auto labelled = [exchange](std::string_view label, std::optional<HttpResponse> response) {
    if (response) exchange->route_label = label;
    return response;
  };
  if (path == "/healthz") return labelled(path, Json(200, R"({"status":"ok"})"));
  if (path == "/readyz") return labelled(path, Ready());
  if (path == "/openapi.json") {
    HttpResponse response;
    response.Set("ETag", openapi_tag_);
    response.Set("Cache-Control", "no-cache");
    response.Set("Content-Type", "application/json");
    const bool is_known = head.Find("if-none-match").find(openapi_tag_) != std::string_view::npos;
    if (is_known) response.status = 304;
    if (!is_known) response.shared_body = openapi_;
    return labelled(path, std::move(response));
  }
  if (path == "/api-docs" || path.compare(0, 10, "/api-docs/") == 0) {
    return labelled("/api-docs", Docs(head, path));
  }
  if (auto file = web_ == nullptr ? std::nullopt : web_->Serve(head, path)) {
    return labelled("static", std::move(file));
  }
  if (path == "/") return labelled("static", Page("text/html; charset=utf-8", kLandingPage));
  if (path == "/landing.css")
    return labelled("static", Page("text/css; charset=utf-8", kLandingStyle));
  return std::nullopt;
}

/// Names the parts and whether they work, nothing else: anybody may ask.
HttpResponse Site::Ready() const {
  const bool has_keys = options_.has_keys();
  bool is_ready = has_keys;
  std::string parts = std::string("{\"identity\":") + (has_keys ? "\"ok\"" : "\"waiting\"");
  for (const auto& [name, upstream] : *options_.upstreams) {
    is_ready = is_ready && upstream->is_ready();
    parts += ",\"" + name + "\":" + (upstream->is_ready() ? "\"ok\"" : "\"waiting\"");
  }
  const std::string status = is_ready ? "ok" : "waiting";
  return Json(is_ready ? 200 : 503, "{\"status\":\"" + status + "\",\"parts\":" + parts + "}}");
}

std::optional<HttpResponse> Site::Docs(const RequestHead& head, std::string_view path) {
  if (docs_ == nullptr) return std::nullopt;
  if (path == "/api-docs") {
    HttpResponse response;
    response.status = 308;
    response.Set("Location", "/api-docs/");
    return response;
  }
  const std::string_view file = path.substr(9);
  if (file == "/" || file == "/index.html") return Page("text/html; charset=utf-8", kDocsPage);
  if (file == "/init.js") return Page("text/javascript; charset=utf-8", kDocsScript);
  if (file == "/docs.css") return Page("text/css; charset=utf-8", kDocsStyle);
  return docs_->Serve(head, file);
}

}  // namespace cloudpos::gateway
