#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "runner/store/store.h"

namespace assay::execute {

// Looks every second or so for what other processes stored of the same study meanwhile, and keeps a
// scratch folder looking alive (store/leftovers.h). Stops when it is destroyed.
class Company {
 public:
  using Tell = std::function<void(const std::vector<store::Store::CellState>& news)>;
  Company(store::Watch& watch, std::filesystem::path scratch, Tell tell);
  ~Company();
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;

 private:
  void loop();

  store::Watch& watch_;
  std::filesystem::path scratch_;  // may be empty
  Tell tell_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace assay::execute
