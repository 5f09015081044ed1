// Feature absorption, by the truth: of the pairs of an example and a parent atom that is active in
// it, the share in which the parent's latent is off while the latent of an active child of it is
// on and takes the parent's place. It does where its decoder row holds more of the parent's
// direction than the child's own atom does: cos(row, parent) - cos(child, parent) > `margin`.
// Latents are those matched by dictionary-recovery. After Chanin et al. 2024, section 4, who find
// parents by probes and places by ablation, and ask for a cosine of 0.025 between a latent and the
// probe. Part "missed": the share of the pairs in which the parent's latent is off for whatever
// reason. Data name the parent of each atom by "parents" (-1: none).
#include "components/metrics/dictionary_match.h"
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct Tree {
  const nn::Tensor* atoms;
  const nn::Tensor* codes;
  std::vector<int> parent;
  std::vector<bool> is_parent;
};

struct Absorption final : Metric {
  static constexpr Info kInfo{"absorption", 1,
                              "Share of parent atoms that a child's latent swallows.",
                              "Chanin et al. 2024, arXiv:2409.14507"};
  static constexpr std::string_view kBetter = "lower";
  float margin = 0.025F;

  static void params(Params<Absorption>& p) {
    p.add("margin", &Absorption::margin)
        .at_least(0)
        .at_most(2)
        .doc("Cosine with the parent that the child's latent has beyond the child's own.")
        .source("Chanin et al. 2024, section 4");
  }
  std::string_view needs() const override { return "data sae"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const Tree tree = tree_of(e);
    const nn::Tensor& rows = e.sae->parameters.get("decoder.weight").value;
    const DictionaryMatch match = match_dictionary(*tree.atoms, rows);
    const std::vector<bool> takes = takes_place(tree, rows, match);
    double pairs = 0.0, missed = 0.0, absorbed = 0.0;
    for (int i = 0; i < tree.codes->shape()[0]; ++i)
      for (std::size_t a = 0; a < tree.parent.size(); ++a) {
        if (!tree.is_parent[a] || tree.codes->at(i, static_cast<int>(a)) == 0.0) continue;
        pairs += 1.0;
        if (fires(e.codes(), i, match.latent[a])) continue;
        missed += 1.0;
        absorbed += swallowed(e.codes(), tree, match, takes, i, static_cast<int>(a)) ? 1.0 : 0.0;
      }
    if (pairs == 0) throw std::runtime_error("absorption: no parent atom is active in this split");
    sink("absorption", absorbed / pairs);
    sink("absorption-missed", missed / pairs);
  }

 private:
  static const nn::Tensor& truth(const Data& data, const char* name) {
    const auto found = data.truth.find(name);
    if (found == data.truth.end())
      throw std::runtime_error("absorption needs data whose truth has \"" + std::string(name) +
                               "\": a dictionary whose atoms have parents");
    return found->second;
  }
  static Tree tree_of(Evaluation& e) {
    const nn::Tensor &atoms = truth(*e.data, "dictionary"), &codes = truth(*e.data, "codes"),
                     &parents = truth(*e.data, "parents");
    const int n = atoms.shape()[0];
    if (e.split != "test" || codes.shape()[0] != static_cast<int>(e.codes().shape().rows()))
      throw std::runtime_error("absorption: true codes are known for the test split alone");
    if (parents.count() != n || codes.shape().back() != n)
      throw std::runtime_error("absorption: parents and codes do not fit the " + std::to_string(n) +
                               " atoms");
    if (atoms.shape().back() != e.sae->parameters.get("decoder.weight").value.shape().back())
      throw std::runtime_error("absorption: the autoencoder does not read what atoms are made of");
    Tree out{&atoms, &codes, {}, std::vector<bool>(static_cast<std::size_t>(n))};
    for (int a = 0; a < n; ++a) {
      const double parent = parents.get(a);
      if (!(parent >= -1.0 && parent < n))
        throw std::runtime_error("absorption: atom " + std::to_string(a) + " has no such parent");
      out.parent.push_back(static_cast<int>(parent));
      if (parent >= 0) out.is_parent[static_cast<std::size_t>(parent)] = true;
    }
    return out;
  }
  static bool fires(const nn::Tensor& codes, int row, int latent) {
    return latent >= 0 && codes.at(row, latent) != 0.0;
  }
  // Of each atom: whether its latent holds so much of its parent.
  std::vector<bool> takes_place(const Tree& tree, const nn::Tensor& rows,
                                const DictionaryMatch& match) const {
    std::vector<bool> out(tree.parent.size());
    for (std::size_t c = 0; c < out.size(); ++c) {
      const int parent = tree.parent[c], latent = match.latent[c];
      if (parent < 0 || latent < 0) continue;
      const double own = row_cosine(*tree.atoms, static_cast<int>(c), *tree.atoms, parent);
      out[c] = row_cosine(rows, latent, *tree.atoms, parent) - own > double{margin};
    }
    return out;
  }
  static bool swallowed(const nn::Tensor& codes, const Tree& tree, const DictionaryMatch& match,
                        const std::vector<bool>& takes, int row, int parent) {
    for (std::size_t c = 0; c < tree.parent.size(); ++c)
      if (tree.parent[c] == parent && takes[c] && fires(codes, row, match.latent[c]) &&
          tree.codes->at(row, static_cast<int>(c)) != 0.0)
        return true;
    return false;
  }
};
ASSAY_REGISTER(Metric, Absorption);

}  // namespace
}  // namespace assay::metrics
