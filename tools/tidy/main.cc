// cloudpos-tidy [ROOT]: checks the house rules over the sources below ROOT and prints each problem
// as path:line: rule: text. Exit code 1 when there is any.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

namespace fs = std::filesystem;

// Build trees, dependencies and state are none of ours.
bool IsSkipped(const std::string& folder) {
  return folder.starts_with("build") || folder.starts_with('.') || folder == "node_modules" ||
         folder == "dist";
}

std::vector<std::string> FindFiles(const fs::path& root) {
  std::vector<std::string> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    if (it->is_directory() && IsSkipped(it->path().filename().string())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      const std::string path = fs::relative(it->path(), root).generic_string();
      if (IsChecked(path)) files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

int Run(const fs::path& root) {
  size_t count = 0;
  const std::vector<std::string> files = FindFiles(root);
  for (const std::string& path : files) {
    std::stringstream text;
    text << std::ifstream(root / path, std::ios::binary).rdbuf();
    for (const Problem& p : CheckFile(path, text.str())) {
      std::cout << p.path << ":" << p.line << ": " << p.rule << ": " << p.text << "\n";
      ++count;
    }
  }
  std::cout << "tidy: " << files.size() << " files, " << count << " problems\n";
  return count == 0 && !files.empty() ? 0 : 1;
}

}  // namespace
}  // namespace cloudpos::tidy

int main(int argc, char** argv) { return cloudpos::tidy::Run(argc > 1 ? argv[1] : "."); }
