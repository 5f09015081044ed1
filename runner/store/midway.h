#pragma once

#include <filesystem>
#include <memory>

#include "runner/registry/key.h"
#include "runner/registry/stage.h"

namespace assay::store {

// The states of a long stage, results/<study>/midway/<key>-<time>-<process>.h5, committed as all
// else is; the last two are kept, whichever run left them. A damaged one is set aside and the one
// before it used. A state that cannot be saved is logged and costs nothing else. Where saving one
// takes more than 1% of `interval` the next waits longer, up to ten intervals.
std::unique_ptr<Midway> make_midway(const std::filesystem::path& folder, const Key& key,
                                    double interval);
// Removes the states of a stage that is done.
void drop_midway(const std::filesystem::path& folder, const Key& key);

}  // namespace assay::store
