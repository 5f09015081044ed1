#include "runner/cli/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <iostream>

#include "runner/store/store.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

std::atomic<bool> told{false};

void complain_once(const std::string& why) {
  if (!told.exchange(true))
    std::cerr << "assay: the log is not kept: " << why << "; results do not depend on it\n";
}

spdlog::sink_ptr file_sink(const fs::path& file) {
  std::error_code code;
  const fs::file_type type = fs::status(file, code).type();
  // To open a pipe would wait for a reader.
  if (type != fs::file_type::not_found && type != fs::file_type::regular) {
    complain_once(file.string() + " is no file");
    return nullptr;
  }
  try {
    auto out = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    out->set_pattern("%Y-%m-%d %H:%M:%S.%e %P %l %v");
    return out;
  } catch (const spdlog::spdlog_ex& error) {
    complain_once(error.what());
    return nullptr;
  }
}

}  // namespace

void log_into(const fs::path& folder, Complaint complaint) {
  told = complaint == Complaint::kNone;
  auto screen = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  screen->set_level(spdlog::level::err);
  screen->set_pattern("%^%l%$: %v");
  std::vector<spdlog::sink_ptr> sinks = {screen};
  if (auto file = file_sink(folder / "log.txt")) sinks.push_back(std::move(file));
  auto logger = std::make_shared<spdlog::logger>("assay", sinks.begin(), sinks.end());
  logger->set_error_handler(complain_once);
  spdlog::set_default_logger(std::move(logger));
  // A worker may be ended at any time.
  spdlog::flush_on(complaint == Complaint::kNone ? spdlog::level::info : spdlog::level::warn);
}

bool saved(const char* name, const std::function<void()>& write) {
  try {
    write();
    return true;
  } catch (const store::StoreError& error) {
    std::cerr << "assay: " << name << " is not written: " << error.what()
              << ". Finished cells are safe in segments; the same command writes it once that is "
                 "possible\n";
    return false;
  }
}

}  // namespace assay::cli
