#include "runner/explain/history.h"

#include <algorithm>
#include <map>

namespace assay::explain {

namespace {

// A cell's axis values without the replicate, which ends the line.
std::string variant_of(const std::string& config) {
  return config.substr(0, config.rfind("replicate = "));
}

void read_origins(History& out) {
  for (const store::CellRecord& record : out.records) {
    if (record.origin == Key{} || out.origins.contains(record.origin)) continue;
    if (auto origin = read_origin(out.folder, record.origin))
      out.origins.emplace(record.origin, std::move(*origin));
  }
}

void add_accounts(History& out) {
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < out.records.size(); ++i) {
    const store::CellRecord& record = out.records[i];
    if (record.status != store::Status::kDone) continue;
    const Origin* origin = out.origin(record);
    auto& variants = origin ? out.variants : out.bare;
    const auto id = std::pair(origin ? record.origin.hex() : "", variant_of(record.config));
    const auto [it, fresh] = known.emplace(id, variants.size());
    if (fresh) {
      const Value axes = axes_of(record.config);
      variants.push_back({origin ? account_of(*origin, axes) : account_of_axes(axes), {}});
    }
    variants[it->second].records.emplace(record.replicate, i);
  }
}

}  // namespace

const store::CellRecord* History::find(const Key& key) const {
  const auto it = place.find(key);
  return it == place.end() ? nullptr : &records[it->second];
}

const Origin* History::origin(const store::CellRecord& record) const {
  const auto it = origins.find(record.origin);
  return it == origins.end() ? nullptr : &it->second;
}

History read_history(const std::filesystem::path& folder, bool accounts) {
  History out;
  out.folder = folder;
  out.records = store::Store::read_cells(folder);
  std::sort(out.records.begin(), out.records.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.finished, a.key) < std::pair(-b.finished, b.key);
  });
  for (std::size_t i = 0; i < out.records.size(); ++i) out.place.emplace(out.records[i].key, i);
  read_origins(out);
  if (accounts) add_accounts(out);
  return out;
}

Value axes_of(const config::Study& study, const std::vector<int>& choice) {
  Value out{Value::Table{}};
  const auto& axes = study.design.axes();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (choice[a] < 0) continue;
    const auto& values = axes[a].values[static_cast<std::size_t>(choice[a])];
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].none()) out.set(axes[a].paths[i], values[i]);
  }
  return out;
}

Reason reason_of(const History& history, const config::Study& study, const graph::Linker& linker,
                 const std::vector<int>& choice, std::uint64_t replicate, const Origin& now) {
  Reason out;
  out.axes_only = history.variants.empty() && !history.bare.empty();
  const Node wanted = out.axes_only ? account_of_axes(axes_of(study, choice))
                                    : account_of(study, linker, choice, now.parts);
  const auto found = nearest(wanted, replicate, out.axes_only ? history.bare : history.variants);
  if (!found) return out;
  out.nearest = &history.records[found->record];
  out.differences = found->differences;
  const Origin* before = history.origin(*out.nearest);
  if (out.differences.empty() && before && before->maker.build != now.maker.build)
    out.differences.push_back({Difference::Kind::kValue, "build of Assay",
                               before->maker.assay + " " + before->maker.build.substr(0, 8),
                               now.maker.assay + " " + now.maker.build.substr(0, 8), "", Position(),
                               false});
  return out;
}

std::vector<std::string> Reason::lines() const {
  if (!nearest) return {"nothing is stored"};
  std::vector<std::string> out;
  for (const Difference& difference : differences) out.push_back(text(difference));
  if (differences.empty())
    out.emplace_back("what differs is not recorded: all that is known of both is the same");
  else if (axes_only)
    out.emplace_back("(stored by an older Assay, which kept nothing but axis values to compare)");
  return out;
}

}  // namespace assay::explain
