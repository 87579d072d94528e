#include "gateway/static_files.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "gateway/testdata/world.h"

namespace cloudpos::gateway {
namespace {

namespace fs = std::filesystem;

/// A folder with a small app, beside a file that nobody may see.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("gateway-web-" + base::RandomIdSource().NewId().ToString())) {
    Write("secret.txt", "secret");
    Write("web/index.html", "<p>app</p>");
    Write("web/sw.js", "worker");
    Write("web/.hidden", "hidden");
    Write("web/assets/index-BX3k9f2a.js", "script");
    Write("web/assets/index-BX3k9f2a.js.gz", "gzip");
    Write("web/assets/index-BX3k9f2a.js.br", "brotli");
    fs::create_symlink(path_ / "secret.txt", path_ / "web" / "link.txt");
  }
  ~Folder() { fs::remove_all(path_); }
  std::string web() const { return (path_ / "web").string(); }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  fs::path path_;
};

TEST_CASE("Static: the app, its assets and its routes", "[gateway][integration]") {
  const Folder folder;
  WorldOptions options = Generous();
  options.web_root = folder.web();
  options.docs_root = folder.web();
  World world(options);
  const HttpReply page = world.Send("GET", "/");
  CHECK(page.body == "<p>app</p>");
  CHECK(page.Header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.Header("Cache-Control") == "no-cache");
  CHECK(page.Header("Content-Security-Policy").find("script-src 'self'") != std::string::npos);
  CHECK(world.Send("GET", "/", "", {"If-None-Match: " + page.Header("ETag")}).status == 304);
  CHECK(world.Send("GET", "/sw.js").Header("Cache-Control") == "no-cache");

  const HttpReply asset = world.Send("GET", "/assets/index-BX3k9f2a.js");
  CHECK(asset.body == "script");
  CHECK(asset.Header("Cache-Control") == "public, max-age=31536000, immutable");
  const auto coded = [&world](const std::string& accept) {
    return world.Send("GET", "/assets/index-BX3k9f2a.js", "", {"Accept-Encoding: " + accept});
  };
  CHECK(coded("gzip, br").body == "brotli");
  CHECK(coded("gzip, br").Header("Content-Encoding") == "br");
  CHECK(coded("gzip").body == "gzip");
  CHECK(coded("br;q=0, gzip").body == "gzip");

  const std::string html = "Accept: text/html,application/xhtml+xml";
  CHECK(world.Send("GET", "/sell/cart", "", {html}).body == "<p>app</p>");
  CHECK(world.Send("GET", "/sell/cart").status == 404);
  CHECK(world.Send("GET", "/missing.js", "", {html}).status == 404);
  CHECK(world.Send("POST", "/sell/cart", "", {html}).status == 404);
  // A path of the API is never a page.
  CHECK(world.Send("GET", "/v1/nothing", "", {html}).Header("Content-Type") ==
        "application/problem+json");
}

TEST_CASE("Static: nothing outside the folder, nothing hidden", "[gateway][integration]") {
  const Folder folder;
  WorldOptions options = Generous();
  options.web_root = folder.web();
  World world(options);
  for (const char* path : {"/link.txt", "/.hidden", "/../secret.txt", "/%2e%2e/secret.txt",
                           "/assets/../../secret.txt", "/..%2fsecret.txt", "/assets"}) {
    const HttpReply reply = world.Send("GET", path);
    INFO(path << " " << reply.body);
    CHECK(reply.status >= 400);
    CHECK(reply.body.find("secret\"") == std::string::npos);
    CHECK(reply.body != "secret");
  }
}

TEST_CASE("Static: a file that changes is served anew", "[gateway][integration]") {
  const Folder folder;
  WorldOptions options = Generous();
  options.web_root = folder.web();
  World world(options);
  CHECK(world.Send("GET", "/sw.js").body == "worker");
  folder.Write("web/sw.js", "worker 2");
  fs::last_write_time(folder.web() + "/sw.js",
                      fs::file_time_type::clock::now() + std::chrono::hours(1));
  CHECK(world.Send("GET", "/sw.js").body == "worker 2");
}

TEST_CASE("Docs: the page, its script and Swagger UI's files", "[gateway][integration]") {
  const Folder folder;
  folder.Write("web/swagger-ui.css", "css");
  WorldOptions options = Generous();
  options.docs_root = folder.web();
  World world(options);
  CHECK(world.Send("GET", "/api-docs").Header("Location") == "/api-docs/");
  const HttpReply page = world.Send("GET", "/api-docs/");
  CHECK(page.body.find("<script src=\"/api-docs/init.js\">") != std::string::npos);
  CHECK(page.Header("Content-Security-Policy").find("unsafe") == std::string::npos);
  CHECK(world.Send("GET", "/api-docs/init.js").body.find("/openapi.json") != std::string::npos);
  CHECK(world.Send("GET", "/api-docs/swagger-ui.css").body == "css");
}

}  // namespace
}  // namespace cloudpos::gateway
