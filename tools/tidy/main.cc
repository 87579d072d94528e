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

std::string ReadAll(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<fs::path> FindFiles(const fs::path& root) {
  std::vector<fs::path> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    if (it->is_directory() && IsSkipped(it->path().filename().string())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

int Run(const fs::path& root) {
  size_t files = 0, problems = 0;
  for (const fs::path& file : FindFiles(root)) {
    const std::string path = fs::relative(file, root).generic_string();
    const std::string text = ReadAll(file);
    if (!IsChecked(path, text)) continue;
    ++files;
    for (const Problem& p : CheckFile(path, text)) {
      std::cout << p.path << ":" << p.line << ": " << p.rule << ": " << p.text << "\n";
      ++problems;
    }
  }
  std::cout << "tidy: " << files << " files, " << problems << " problems\n";
  return problems == 0 && files > 0 ? 0 : 1;
}

}  // namespace
}  // namespace cloudpos::tidy

int main(int argc, char** argv) { return cloudpos::tidy::Run(argc > 1 ? argv[1] : "."); }
