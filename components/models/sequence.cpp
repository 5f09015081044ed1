// Tokens embedded, then blocks of a mixer across positions and a feed-forward layer at each, both
// residual: x += mix(x), x += W2 gelu(W1 x). Reads the last position where the data have one label,
// else every position.
#include "components/mixers/mixer.h"
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Sequence final : Model {
  static constexpr Info kInfo{"sequence", 1, "Residual blocks of a mixer and a feed-forward layer.",
                              "Vaswani et al. 2017, arXiv:1706.03762 (residual blocks)"};
  static constexpr std::string_view kExample = "width = 4, hidden = 5";
  int width = 32;
  int hidden = 64;
  int blocks = 2;
  Slot<Mixer> mixer{"token-shift"};

  static void params(Params<Sequence>& p) {
    p.add("width", &Sequence::width).range(1, 65536).unit("features").doc("Of an embedding.");
    p.add("hidden", &Sequence::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Of each feed-forward layer.");
    p.add("blocks", &Sequence::blocks).range(1, 1024).unit("blocks").doc("Stacked.");
    p.add("mixer", &Sequence::mixer).optional().doc("Across positions, one in each block.");
  }

  bool incremental() const override { return !mixer || mixer->incremental(); }
  static nn::Name block(int i) { return nn::Name("block", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    if (!format.tokens) throw std::runtime_error("sequence reads tokens; the data are numbers");
    if (format.positions != 1 && format.positions != format.width)
      throw std::runtime_error("sequence gives one label or one at each token");
    out.add("embedding.weight",
            nn::Tensor::normal({format.vocabulary, width}, 1.0, init.fork("embedding")),
            nn::Role::kEmbedding);
    for (int i = 0; i < blocks; ++i) {
      if (mixer) mixer->declare(out, nn::Name(block(i), ".mixer"), width, init.fork(block(i)));
      nn::declare_linear(out, nn::Name(block(i), ".up"), width, hidden, 2.0, init);
      nn::declare_linear(out, nn::Name(block(i), ".down"), hidden, width, 1.0, init);
    }
    nn::declare_linear(out, "output", width, format.classes, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const int n = batch.count;
    const int length = pass.cache() ? static_cast<int>(batch.tokens.size()) / n : format.width;
    nn::Var x =
        pass.site("embedding", nn::gather_rows(pass.parameter("embedding.weight"), batch.tokens));
    for (int i = 0; i < blocks; ++i) {
      if (mixer) {
        x = nn::add(x, mixer->mix(pass, nn::Name(block(i), ".mixer"), x, length));
      }
      const nn::Var inner = pass.linear(nn::Name(block(i), ".up"), x, nn::Activation::kGelu);
      x = pass.site(block(i), nn::add(x, pass.linear(nn::Name(block(i), ".down"), inner)));
    }
    if (format.positions == 1) {
      const auto last = pass.tape().scratch<int>(static_cast<std::size_t>(n));
      for (int i = 0; i < n; ++i) last[static_cast<std::size_t>(i)] = (i + 1) * length - 1;
      x = nn::gather_rows(x, last);
    }
    const int positions = format.positions == 1 ? 1 : length;
    return nn::reshape(pass.linear("output", x), {n, positions * format.classes});
  }

  // Every weight acts at each position, those of the output where there is a label.
  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    const double read = kept(parameters.get("output.weight"));
    const double mixing = mixer ? blocks * mixer->multiply_adds(format.width, width) : 0.0;
    return (kept_weights(parameters) - read) * format.width + read * format.positions + mixing;
  }
};
ASSAY_REGISTER(Model, Sequence);

}  // namespace
}  // namespace assay::models
