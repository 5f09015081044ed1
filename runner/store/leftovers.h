#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay::store {

// Names whoever makes a temporary: "<machine>-<process>". Processes of one machine tag can ask the
// system about each other; a container with process numbers of its own is a machine of its own, and
// so is one after a restart.
const std::string& process_tag();

// What runs that are certainly over left: temporaries and scratch folders whose process is gone (of
// another machine: that nobody has touched for a day).
std::vector<std::filesystem::path> dead_leftovers(const std::filesystem::path& folder);

// Removes what runs that are certainly over left in the folder of a study: temporaries and scratch
// folders whose process is gone (of another machine: that nobody has touched for a day), and states
// of stages whose result is kept. Never throws; what cannot be removed stays.
void clear_leftovers(const std::filesystem::path& folder);

}  // namespace assay::store
