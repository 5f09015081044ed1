// Checkpoints: artifacts/<key>.h5, sealed and committed like segments.
#include "runner/store/files.h"
#include "runner/store/hdf5.h"
#include "runner/store/segment.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

fs::path artifact_file(const fs::path& folder, const Key& key) {
  return folder / "artifacts" / (key.hex() + ".h5");
}

}  // namespace

void write_archive(MemoryFile& file, const Archive& archive) {
  for (const auto& [name, array] : archive.arrays()) file.write("data/" + name, array);
  for (const auto& [name, text] : archive.texts()) file.write_text("data/" + name, text);
}

Archive read_archive(const MemoryFile& file) {
  Archive out;
  std::vector<std::string> arrays, texts;
  file.list(arrays, texts);
  for (const std::string& name : arrays)
    if (name.rfind("data/", 0) == 0) out.put(name.substr(5), file.read(name));
  for (const std::string& name : texts)
    if (name.rfind("data/", 0) == 0) out.put_text(name.substr(5), file.read_text(name));
  return out;
}

bool Store::has_artifact(const Key& key) const {
  return fs::exists(artifact_file(folder(), key));
}

void Store::save_artifact(const Key& key, const StoredArtifact& artifact) {
  // What the stages measured travels as the cells of a segment: its own first.
  Segment measured;
  const auto add = [&](const auto& from, const Key& of) {
    CellRecord& cell = measured.cells.emplace_back();
    cell.key = of;
    cell.metrics = from.metrics;
    cell.curves = from.curves;
    cell.seconds = from.seconds;
  };
  add(artifact, key);
  for (const auto& upstream : artifact.upstream) add(upstream, upstream.key);
  const auto record = encode(measured);
  std::vector<std::byte> image;
  {
    const std::scoped_lock lock(hdf5_mutex());
    MemoryFile file;
    file.write_text("assay/type", artifact.type);
    file.write("assay/measured",
               Array::of<std::uint8_t>(
                   {reinterpret_cast<const std::uint8_t*>(record.data()), record.size()},
                   {static_cast<std::int64_t>(record.size())}));
    write_archive(file, artifact.archive);
    image = file.image();
  }
  commit_file(artifact_file(folder(), key), sealed(std::move(image)), false);
}

StoredArtifact decode_artifact(std::span<const std::byte> image) {
  StoredArtifact out;
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  out.type = file.read_text("assay/type");
  const Array record = file.read("assay/measured");
  const Segment measured = decode(record.data);
  if (measured.cells.empty()) throw StoreError("assay/measured is empty");
  out.metrics = measured.cells[0].metrics;
  out.curves = measured.cells[0].curves;
  out.seconds = measured.cells[0].seconds;
  for (std::size_t i = 1; i < measured.cells.size(); ++i) {
    const CellRecord& cell = measured.cells[i];
    out.upstream.push_back({cell.key, cell.metrics, cell.curves, cell.seconds});
  }
  out.archive = read_archive(file);
  return out;
}

std::optional<StoredArtifact> Store::load_artifact(const Key& key) const {
  return read_artifact(folder(), key);
}

std::optional<StoredArtifact> read_artifact(const fs::path& folder, const Key& key) {
  const fs::path file = artifact_file(folder, key);
  bool vanished = false;
  const auto image = read_sealed(file, vanished);
  if (!image) return std::nullopt;
  try {
    return decode_artifact(*image);
  } catch (const std::runtime_error& error) {
    set_aside_with_warning(file, error.what());
    return std::nullopt;
  }
}

}  // namespace assay::store
