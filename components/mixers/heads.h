#pragma once

#include <string_view>

#include "components/nn/forward.h"

namespace assay::mixers {

// Announces each head on its own where hooks look: the site "<name>.head<i>", i from 0, holds its
// columns of "<name>.heads", and what a hook puts in their place goes on.
nn::Var head_sites(nn::Forward& pass, std::string_view name, nn::Var all, int heads);

}  // namespace assay::mixers
