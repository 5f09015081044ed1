#pragma once

#include <vector>

#include "runner/store/hdf5.h"
#include "runner/store/record.h"

namespace assay::store {

// A segment: finished cells and stage timings as columns, so that a hundred thousand cells are a
// few large arrays. Texts are one blob with offsets.
struct Segment {
  std::vector<CellRecord> cells;
  std::vector<StageTiming> timings;
};

// What reads throws StoreError or std::runtime_error where columns are missing or do not fit
// together; every extent is checked before it is used.
std::vector<std::byte> encode(const Segment& segment);  // an HDF5 image, not sealed
Segment decode(std::span<const std::byte> image);
std::vector<Store::CellState> decode_states(std::span<const std::byte> image);
std::vector<StageTiming> decode_timings(std::span<const std::byte> image);
StoredArtifact decode_artifact(std::span<const std::byte> image);

}  // namespace assay::store
