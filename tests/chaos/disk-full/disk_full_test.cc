// The library in processes that write: dd and sh.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/disk-full-test.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  /// Whether the shell's `script` succeeds in the folder with the library loaded.
  bool Run(const std::string& script) const {
    const std::string command =
        "cd " + path_.string() +
        " && LD_PRELOAD=" DISK_FULL " POS_TEST_DISK_FULL=" + path_.string() + "/full sh -c '" +
        script + "' 2>errors";
    return system(command.c_str()) == 0;
  }
  void Fill(const std::string& how) const { std::ofstream(path_ / "full") << how; }
  void Free() const { fs::remove(path_ / "full"); }
  std::string Read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(path_ / name).rdbuf();
    return text.str();
  }
  bool HasTrace() const {
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (entry.path().filename().string().starts_with("full.refused.")) return true;
    }
    return false;
  }

 private:
  fs::path path_;
};

constexpr const char* kOverwrite = "printf xy | dd of=data bs=1 seek=1 conv=notrunc";
constexpr const char* kGrow = "printf xyz | dd of=data bs=8 seek=1 oflag=append conv=notrunc";

TEST_CASE("disk-full: nothing until it is switched on", "[chaos]") {
  const Folder folder;
  CHECK(folder.Run("printf abcd >data"));
  CHECK(folder.Run(kOverwrite));
  CHECK(folder.Read("data") == "axyd");
  CHECK_FALSE(folder.HasTrace());
}

TEST_CASE("disk-full: no file can be written, all else can", "[chaos]") {
  const Folder folder;
  CHECK(folder.Run("printf abcd >data"));
  folder.Fill("");
  CHECK_FALSE(folder.Run(kOverwrite));
  CHECK(folder.Read("errors").find("No space left") != std::string::npos);
  CHECK_FALSE(folder.Run("printf more >>data"));
  CHECK(folder.Run("printf through | cat | grep -q through"));
  CHECK(folder.Read("data") == "abcd");
  CHECK(folder.HasTrace());
  folder.Free();
  CHECK(folder.Run("printf more >>data"));
  CHECK(folder.Read("data") == "abcdmore");
}

TEST_CASE("disk-full: or no file can grow", "[chaos]") {
  const Folder folder;
  CHECK(folder.Run("printf abcd >data"));
  folder.Fill("grow\n");
  CHECK(folder.Run(kOverwrite));
  CHECK_FALSE(folder.Run(kGrow));
  CHECK_FALSE(folder.Run("printf more >>data"));
  CHECK(folder.Read("data") == "axyd");
}

}  // namespace
