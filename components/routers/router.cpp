#include "components/routers/router.h"

namespace assay {

void add_load(nn::Forward& pass, std::string_view name, std::span<const int> chosen, int experts) {
  nn::Tensor& load = pass.statistic(nn::Name(name, ".load"), {experts});
  for (const int expert : chosen) load.set(expert, load.get(expert) + 1);
}

}  // namespace assay
