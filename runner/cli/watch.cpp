// watch: a study in the terminal, while others run it.
#include "runner/cli/watch.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <thread>

#include "runner/cli/command.h"
#include "runner/execute/progress.h"
#include "runner/report/layout.h"
#include "runner/rounds/evidence.h"
#include "runner/store/inspect.h"

namespace assay::cli {

namespace {

constexpr std::size_t kSpark = 40;   // values of a sparkline
constexpr std::size_t kMetrics = 8;  // lines of them
constexpr std::size_t kFailures = 5;
constexpr double kLately = 60.0;  // seconds over which the rate is told

// The first `width` code points, "…" in place of the last where there are more.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t points = 0, fits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (points + 1 == width) fits = i;
    if (++points > width) return text.substr(0, fits) + "…";
  }
  return text;
}

std::string bar(double part) {
  constexpr int kWidth = 30;
  const int full = static_cast<int>(part * kWidth);
  std::string out;
  for (int i = 0; i < kWidth; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

}  // namespace

std::string sparkline(std::span<const double> values, std::size_t most) {
  static constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> shown;
  for (const double value : values)
    if (std::isfinite(value)) shown.push_back(value);
  if (shown.size() > most) shown.erase(shown.begin(), shown.end() - static_cast<long>(most));
  if (shown.empty()) return "";
  const auto [least, largest] = std::minmax_element(shown.begin(), shown.end());
  const double low = *least, high = *largest;
  std::string out;
  for (const double value : shown) {
    // Halves first, so that the difference of two large numbers stays finite.
    const double part = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    out += kLevels[std::clamp(static_cast<int>(part * 8), 0, 7)];
  }
  return out;
}

Watched::Watched(const config::Study& study, const graph::Linker& linker,
                 std::filesystem::path folder)
    : study_(study),
      folder_(std::move(folder)) {
  graph::CellLink link;
  study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    for (std::uint64_t replicate = 0; replicate < study.seeds; ++replicate) {
      linker.link(choice, replicate, link);
      numbers_.emplace(link.key, cells_++);
      if (rounds::has_rounds(study)) keys_.push_back(link.key);
    }
    return true;
  });
  cells_ = numbers_.size();
}

void Watched::look() {
  for (store::CellRecord& record : store::look_at_cells(folder_, seen_)) {
    const Key key = record.key;
    const auto number = numbers_.find(key);
    if (number == numbers_.end()) continue;
    const auto known = finished_.find(key);
    const bool done = record.status == store::Status::kDone;
    if (known != finished_.end() && known->second.record.status == store::Status::kDone) continue;
    if (done) ++stored_;
    finished_[key] = {number->second, std::move(record)};
  }
  if (rounds::has_rounds(study_)) count_wanted();
}

void Watched::count_wanted() {
  const rounds::Lookup lookup = [this](std::uint64_t variant, std::uint64_t replicate) {
    const auto found = finished_.find(keys_[variant * study_.seeds + replicate]);
    return found == finished_.end() ? nullptr : &found->second.record;
  };
  const rounds::Schedule schedule = rounds::schedule(study_, lookup);
  cells_ = stored_ = 0;
  for (std::uint64_t variant = 0; variant < study_.design.size(); ++variant)
    for (std::uint64_t r = 0; r < schedule.wanted.seeds(variant); ++r) {
      const store::CellRecord* record = lookup(variant, r);
      ++cells_;
      if (record && record->status == store::Status::kDone) ++stored_;
    }
  more_may_come_ = !schedule.complete;
}

std::string Watched::progress(double now) const {
  std::size_t lately = 0;
  double first = now, last = 0.0;
  std::uint64_t failed = 0;
  for (const auto& [key, one] : finished_) {
    failed += one.record.status == store::Status::kFailed;
    last = std::max(last, one.record.finished);
    if (one.record.finished <= now - kLately) continue;
    ++lately;
    first = std::min(first, one.record.finished - one.record.seconds);
  }
  const double part = cells_ ? static_cast<double>(stored_) / static_cast<double>(cells_) : 1.0;
  std::string out = bar(part) + "  " + std::to_string(stored_) + " of " + std::to_string(cells_) +
                    (more_may_come_ ? " cells wanted so far, " : " cells, ") +
                    std::to_string(static_cast<int>(100 * part)) + "%";
  if (failed > 0) out += ", " + std::to_string(failed) + " failed";
  if (complete()) return out + "\n";
  if (finished_.empty()) return out + "\nnothing has finished yet\n";
  if (lately == 0)
    return out + "\nnothing has finished for " + execute::duration_text(std::max(0.0, now - last)) +
           "\n";
  const double rate = static_cast<double>(lately) / std::clamp(now - first, 1.0, kLately);
  const double left = static_cast<double>(cells_ - std::min(cells_, stored_ + failed)) / rate;
  return out + "\n" + short_number(rate) + " cells/s of late, " + execute::duration_text(left) +
         " left\n";
}

std::vector<std::string> Watched::metrics(const std::vector<const Finished*>& newest) const {
  std::vector<std::string> names = study_.table.values;
  for (const Measured& m : newest.back()->record.metrics)
    if (std::find(names.begin(), names.end(), m.name) == names.end()) names.push_back(m.name);
  if (names.size() > kMetrics) names.resize(kMetrics);
  std::size_t width = 0;
  for (const auto& name : names) width = std::max(width, name.size());
  for (const Curve& curve : newest.back()->record.curves)
    width = std::max(width, curve.name.size());
  std::vector<std::string> out;
  for (const std::string& name : names) {
    std::vector<double> values;
    for (const Finished* one : newest)
      if (const auto value = rounds::measured(&one->record, name)) values.push_back(*value);
    if (!values.empty())
      out.push_back(padded(name, width) + "  " + padded(short_number(values.back()), 10) + "  " +
                    sparkline(values, kSpark));
  }
  std::vector<std::string> curves;
  for (const Curve& curve : newest.back()->record.curves)
    if (curve.value.size() > 1)
      curves.push_back(padded(curve.name, width) + "  " +
                       padded(short_number(curve.value.back()), 10) + "  " +
                       sparkline(curve.value, kSpark));
  if (!out.empty()) out.insert(out.begin(), "the last cells:");
  if (!curves.empty()) out.push_back("curves of cell " + std::to_string(newest.back()->cell) + ":");
  out.insert(out.end(), curves.begin(), curves.end());
  return out;
}

std::vector<std::string> Watched::failures() const {
  std::map<std::string, std::vector<std::uint64_t>> by_reason;
  for (const auto& [key, one] : finished_)
    if (one.record.status == store::Status::kFailed)
      by_reason["failed in " + one.record.failed_stage + ": " + one.record.message].push_back(
          one.cell);
  std::vector<std::string> out;
  for (auto& [reason, cells] : by_reason) {
    std::sort(cells.begin(), cells.end());
    if (out.size() == kFailures) {
      out.push_back("and for " + std::to_string(by_reason.size() - kFailures) + " more reasons");
      break;
    }
    out.push_back(reason + " (cell " + std::to_string(cells.front()) +
                  (cells.size() > 1 ? " and " + std::to_string(cells.size() - 1) + " more" : "") +
                  ")");
  }
  return out;
}

std::string Watched::view(double now, std::size_t width) const {
  std::string out =
      cut(report::one_line(study_.name + (study_.title.empty() ? "" : ": " + study_.title)),
          width) +
      "\n" + progress(now);
  std::vector<const Finished*> newest;
  for (const auto& [key, one] : finished_)
    if (one.record.status == store::Status::kDone) newest.push_back(&one);
  std::sort(newest.begin(), newest.end(), [](const Finished* a, const Finished* b) {
    return std::pair(a->record.finished, a->cell) < std::pair(b->record.finished, b->cell);
  });
  const auto add = [&](const std::vector<std::string>& lines) {
    if (!lines.empty()) out += "\n";
    for (const std::string& line : lines) out += cut(report::one_line(line), width) + "\n";
  };
  if (!newest.empty()) add(metrics(newest));
  add(failures());
  return out;
}

namespace {

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

double now_unix() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

int watch_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("once", po::bool_switch(),
                        "one view, then end (also where the output is "
                        "no terminal)")("every", po::value<double>()->default_value(2.0),
                                        "seconds between looks");
  po::variables_map vm;
  const std::string usage = "watch DIR|STUDY [--once]";
  if (!parse(arguments, usage + "\n\nOnly reads: it may look at any run, and be ended at any time.",
             options, {"study"}, vm))
    return 0;
  if (!vm.count("study"))
    throw UsageError("watch needs a results folder or a study file\nusage: assay " + usage);
  std::string folder;
  const auto study = study_of(vm["study"].as<std::vector<std::string>>().front(), vm, folder);
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  Watched watched(*study, linker, folder);
  const bool once = vm["once"].as<bool>() || isatty(STDOUT_FILENO) == 0;
  const double pause = vm["every"].as<double>();
  if (!(pause >= 0.2 && pause <= 3600.0))
    throw UsageError("--every = " + short_number(pause) +
                     " is out of range; allowed: 0.2 to 3600 seconds");
  while (true) {
    watched.look();
    std::cout << (once ? "" : "\033[H\033[J") << watched.view(now_unix(), terminal_width())
              << std::flush;
    if (once || watched.complete()) return 0;
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
}

}  // namespace assay::cli
