#include "libs/config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "libs/config/service.h"

namespace cloudpos::config {
namespace {

// A folder with files of its own, removed at the end.
class Folder {
 public:
  Folder() {
    char path[] = "/tmp/cloudpos-config-XXXXXX";
    path_ = mkdtemp(path);
  }
  ~Folder() {
    for (const auto& file : files_) unlink(file.c_str());
    rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    chmod(path.c_str(), mode);
    files_.push_back(path);
    return path;
  }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

std::string Problems(const Reader& reader) { return std::string(reader.Finish().message()); }

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Environment: only this suite's names", "[config]") {
  setenv("CLOUDPOS_EXAMPLE", "a=b", 1);
  setenv("OTHER_EXAMPLE", "x", 1);
  const Values values = Environment();
  CHECK(values.at("CLOUDPOS_EXAMPLE") == "a=b");
  CHECK_FALSE(values.contains("OTHER_EXAMPLE"));
  unsetenv("CLOUDPOS_EXAMPLE");
}

TEST_CASE("Reader: typed values, and defaults where nothing is set", "[config]") {
  Reader reader(Values{{"CLOUDPOS_A", "text"},
                       {"CLOUDPOS_N", "-5"},
                       {"CLOUDPOS_B", "true"},
                       {"CLOUDPOS_MS", "250"},
                       {"CLOUDPOS_L", " a, b,,c "},
                       {"CLOUDPOS_ADDR", "[::1]:0"},
                       {"CLOUDPOS_EMPTY", ""}});
  CHECK(reader.Required("CLOUDPOS_A", "") == "text");
  CHECK(reader.Int("CLOUDPOS_N", 1, {-5, 5}, "") == -5);
  CHECK(reader.Int("CLOUDPOS_N2", 7, {0, 9}, "") == 7);
  CHECK(reader.Bool("CLOUDPOS_B", false, ""));
  CHECK_FALSE(reader.Bool("CLOUDPOS_B2", false, ""));
  CHECK(reader.Millis("CLOUDPOS_MS", {}, {0, 1000}, "").count() == 250);
  CHECK(reader.List("CLOUDPOS_L", "") == std::vector<std::string>{"a", "b", "c"});
  CHECK(reader.List("CLOUDPOS_L2", "").empty());
  CHECK(reader.Address("CLOUDPOS_ADDR", "") == "[::1]:0");
  CHECK(reader.Text("CLOUDPOS_EMPTY", "x", "") == "");
  CHECK(reader.OneOf("CLOUDPOS_O", "b", {"a", "b"}, "") == "b");
  CHECK(reader.Finish().ok());
}

TEST_CASE("Reader: every problem is told at once, with unknown names", "[config]") {
  Reader reader(Values{{"CLOUDPOS_N", "12x"},
                       {"CLOUDPOS_RANGE", "11"},
                       {"CLOUDPOS_B", "yes"},
                       {"CLOUDPOS_ADDR", "host"},
                       {"CLOUDPOS_AUTH_SERVICE_HOST", "10.0.0.1"}});
  CHECK(reader.Int("CLOUDPOS_N", 3, {0, 9}, "") == 3);
  CHECK(reader.Int("CLOUDPOS_RANGE", 3, {0, 9}, "") == 3);
  reader.Bool("CLOUDPOS_B", false, "");
  reader.Address("CLOUDPOS_ADDR", "");
  reader.Required("CLOUDPOS_MISSING", "what it is for");
  const std::string text = Problems(reader);
  CHECK(Has(text, "CLOUDPOS_N: \"12x\" is not a whole number"));
  CHECK(Has(text, "CLOUDPOS_RANGE: 11 is not between 0 and 9"));
  CHECK(Has(text, "CLOUDPOS_B: \"yes\" is not one of true, false"));
  CHECK(Has(text, "CLOUDPOS_ADDR: \"host\" is not host:port"));
  CHECK(Has(text, "CLOUDPOS_MISSING: is required (what it is for)"));
  CHECK(Has(text, "CLOUDPOS_AUTH_SERVICE_HOST: there is no such setting"));
}

TEST_CASE("Reader: addresses are host:port", "[config]") {
  for (const char* good : {"127.0.0.1:8080", ":8080", "auth:0", "[::]:65535"}) {
    Reader reader(Values{{"CLOUDPOS_X", good}});
    reader.Address("CLOUDPOS_X", "");
    INFO(good);
    CHECK(reader.Finish().ok());
  }
  for (const char* bad : {"8080", "host:", "host:65536", "::1:80", "http://host:80", "h ost:1"}) {
    Reader reader(Values{{"CLOUDPOS_X", bad}});
    reader.Address("CLOUDPOS_X", "");
    INFO(bad);
    CHECK_FALSE(reader.Finish().ok());
  }
}

TEST_CASE("SecretFile: contents without the line's end, faults are named", "[config]") {
  Folder folder;
  Reader reader(Values{{"CLOUDPOS_GOOD_FILE", folder.Write("good", "s3cret\r\n", 0640)},
                       {"CLOUDPOS_OPEN_FILE", folder.Write("open", "s3cret", 0604)},
                       {"CLOUDPOS_EMPTY_FILE", folder.Write("empty", "\n")},
                       {"CLOUDPOS_LARGE_FILE", folder.Write("large", std::string(70000, 'x'))},
                       {"CLOUDPOS_DIR_FILE", folder.path()},
                       {"CLOUDPOS_GONE_FILE", folder.path() + "/gone"}});
  CHECK(reader.SecretFile("CLOUDPOS_GOOD_FILE", "") == "s3cret");
  CHECK(reader.SecretFile("CLOUDPOS_OPEN_FILE", "") == "");
  reader.SecretFile("CLOUDPOS_EMPTY_FILE", "");
  reader.SecretFile("CLOUDPOS_LARGE_FILE", "");
  reader.SecretFile("CLOUDPOS_DIR_FILE", "");
  reader.SecretFile("CLOUDPOS_GONE_FILE", "");
  const std::string text = Problems(reader);
  CHECK_FALSE(Has(text, "CLOUDPOS_GOOD_FILE"));
  CHECK(Has(text, "CLOUDPOS_OPEN_FILE: file " + folder.path() + "/open is open to other users"));
  CHECK(Has(text, "/empty is empty"));
  CHECK(Has(text, "/large is too large"));
  CHECK(Has(text, " is not a file"));
  CHECK(Has(text, "/gone does not exist"));
  CHECK_FALSE(Has(text, "s3cret"));
}

TEST_CASE("SecretFile: development takes a file that is open to others", "[config]") {
  Folder folder;
  Reader reader(Values{{"CLOUDPOS_ENV", "development"},
                       {"CLOUDPOS_OPEN_FILE", folder.Write("open", "s3cret", 0644)}});
  CHECK_FALSE(reader.is_production());
  CHECK(reader.SecretFile("CLOUDPOS_OPEN_FILE", "") == "s3cret");
  CHECK(reader.Finish().ok());
  CHECK(Reader(Values{{"CLOUDPOS_ENV", "test"}}).is_production());
}

TEST_CASE("FormatTable: sorted, with default and meaning", "[config]") {
  Reader reader(Values{});
  reader.Required("CLOUDPOS_Z", "a|b");
  reader.Int("CLOUDPOS_A", 8, {1, 9}, "number");
  reader.Text("CLOUDPOS_B", "", "text");
  CHECK(FormatTable(reader.settings()) ==
        "| name | default | meaning |\n|---|---|---|\n"
        "| `CLOUDPOS_A` | `8` | number |\n"
        "| `CLOUDPOS_B` | *empty* | text |\n"
        "| `CLOUDPOS_ENV` | `production` | production refuses secret files that other users can "
        "open |\n"
        "| `CLOUDPOS_Z` | *required* | a\\|b |\n");
}

Values ServiceValues(Folder* folder) {
  return {{"CLOUDPOS_SERVICE_LISTEN", "127.0.0.1:0"},
          {"CLOUDPOS_METRICS_LISTEN", "127.0.0.1:0"},
          {"CLOUDPOS_STATE_DIR", folder->path()},
          {"CLOUDPOS_PG_DSN_FILE", folder->Write("rw", "user=rw")},
          {"CLOUDPOS_PG_WORKER_DSN_FILE", folder->Write("worker", "user=worker")},
          {"CLOUDPOS_REDIS_URL_FILE", folder->Write("redis", "redis://127.0.0.1:6379")},
          {"CLOUDPOS_TLS_CA_FILE", folder->Write("ca", "x")},
          {"CLOUDPOS_TLS_CERT_FILE", folder->Write("cert", "x")},
          {"CLOUDPOS_TLS_KEY_FILE", folder->Write("key", "x")},
          {"CLOUDPOS_AUTH_ADDR", "127.0.0.1:7001"}};
}

TEST_CASE("ReadServiceSettings: what every service has, and its peers", "[config]") {
  Folder folder;
  Values values = ServiceValues(&folder);
  values["CLOUDPOS_WORKERS"] = "3";
  Reader reader(values);
  const ServiceSettings settings = ReadServiceSettings(reader);
  CHECK(ReadPeerAddress(reader, "auth") == "127.0.0.1:7001");
  INFO(Problems(reader));
  REQUIRE(reader.Finish().ok());
  CHECK(settings.pg_dsn == "user=rw");
  CHECK(settings.pg_worker_dsn == "user=worker");
  CHECK(settings.workers == 3);
  CHECK(settings.queue == 256);
  CHECK(settings.log_level == "info");
}

TEST_CASE("ReadServiceSettings: nothing set lists each required name", "[config]") {
  Reader reader(Values{});
  ReadServiceSettings(reader);
  const std::string text = Problems(reader);
  for (const auto& setting : reader.settings()) {
    if (setting.fallback == "required") CHECK(Has(text, setting.name + ": is required"));
  }
}

TEST_CASE("ReadMigrateSettings: the owner's string alone, beside the service's names", "[config]") {
  Folder folder;
  Values values = ServiceValues(&folder);
  values["CLOUDPOS_PG_OWNER_DSN_FILE"] = folder.Write("owner", "user=owner");
  Reader reader(values);
  CHECK(ReadMigrateSettings(reader).pg_owner_dsn == "user=owner");
  reader.Know({{"CLOUDPOS_AUTH_ADDR", "required", "peer"}});
  INFO(Problems(reader));
  CHECK(reader.Finish().ok());
}

}  // namespace
}  // namespace cloudpos::config
