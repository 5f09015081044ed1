#include "runner/store/leftovers.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>

#include "runner/registry/key.h"
#include "runner/store/midway.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

// A file is written within minutes, and whoever owns a scratch folder touches it every minute.
constexpr std::chrono::hours kSurelyDead{24};
constexpr std::string_view kPrefixes[] = {".tmp-", "scratch-"};

std::string machine() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  std::error_code code;
  const fs::path processes = fs::read_symlink("/proc/self/ns/pid", code);
  // Of a machine that cannot be told from others, age alone decides.
  if (boot.empty() || code) return "unknown";
  return KeyBuilder().add(boot).add(processes.string()).key().hex().substr(0, 12);
}

const std::string& this_machine() {
  static const std::string name = machine();
  return name;
}

// The number after "<prefix><this machine>-"; nothing for another machine or an older name.
std::optional<pid_t> neighbour(std::string_view name, std::string_view prefix) {
  name.remove_prefix(prefix.size());
  const std::string mine = this_machine() + "-";
  if (mine == "unknown-" || !name.starts_with(mine)) return std::nullopt;
  const long pid = std::strtol(std::string(name.substr(mine.size())).c_str(), nullptr, 10);
  return pid > 0 ? std::optional(static_cast<pid_t>(pid)) : std::nullopt;
}

bool is_dead(const fs::directory_entry& entry, std::string_view prefix) {
  const auto pid = neighbour(entry.path().filename().string(), prefix);
  if (pid && kill(*pid, 0) != 0 && errno == ESRCH) return true;
  std::error_code code;
  const auto touched = entry.last_write_time(code);
  return !code && fs::file_time_type::clock::now() - touched > kSurelyDead;
}

void find_dead(const fs::path& folder, std::vector<fs::path>& out) {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view prefix : kPrefixes)
      if (name.starts_with(prefix) && is_dead(entry, prefix)) out.push_back(entry.path());
  }
}

// A run that dies between keeping a result and dropping the states on the way to it leaves them.
void clear_states(const fs::path& folder) {
  constexpr std::size_t kKeyDigits = 32;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder / "midway", code)) {
    const auto key = Key::parse(entry.path().filename().string().substr(0, kKeyDigits));
    if (key && fs::exists(folder / "artifacts" / (key->hex() + ".h5"))) drop_midway(folder, *key);
  }
  std::error_code not_empty;
  fs::remove(folder / "midway", not_empty);
}

}  // namespace

const std::string& process_tag() {
  static const std::string tag = this_machine() + "-" + std::to_string(getpid());
  return tag;
}

std::vector<fs::path> dead_leftovers(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const char* part : {"", "segments", "artifacts", "midway", "origins"})
    find_dead(folder / part, out);
  return out;
}

void clear_leftovers(const fs::path& folder) {
  try {
    for (const fs::path& file : dead_leftovers(folder)) {
      std::error_code ignored;
      fs::remove_all(file, ignored);
      spdlog::info("removed {}, which a run that is over left", file.string());
    }
    clear_states(folder);
  } catch (const std::exception& error) {
    spdlog::warn("what earlier runs left is not cleared: {}", error.what());
  }
}

}  // namespace assay::store
