#include "libs/metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace cloudpos::metrics {
namespace {

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

// Fields of /proc/self/stat from the third on (the second, the name, may hold blanks), so that
// field n of proc(5) is [n - 3]; empty when unreadable.
std::vector<std::string> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double ReadBootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

double CountOpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count - 1;  // the folder's own descriptor
}

double FileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessCollector::Collect() const {
  using prometheus::MetricType;
  static const double boot_time = ReadBootTime();
  static const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  static const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  std::vector<prometheus::MetricFamily> families = {
      Family("process_open_fds", "Open file descriptors.", MetricType::Gauge, CountOpenFiles()),
      Family("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge, FileLimit()),
  };
  const std::vector<std::string> stat = ReadStat();
  if (stat.size() < 22) return families;
  const auto field = [&stat](size_t n) { return std::strtod(stat[n - 3].c_str(), nullptr); };
  families.push_back(Family("process_cpu_seconds_total", "CPU time used, user and system.",
                            MetricType::Counter, (field(14) + field(15)) / ticks));
  families.push_back(Family("process_threads", "Threads.", MetricType::Gauge, field(20)));
  families.push_back(Family("process_start_time_seconds", "Start, in seconds since 1970.",
                            MetricType::Gauge, boot_time + field(22) / ticks));
  families.push_back(
      Family("process_virtual_memory_bytes", "Virtual memory.", MetricType::Gauge, field(23)));
  families.push_back(Family("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
                            field(24) * page));
  return families;
}

}  // namespace cloudpos::metrics
