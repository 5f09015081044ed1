// Blocks of x += mix(norm(x)), x += feed-forward(norm(x)), a last norm, and a linear output: with
// causal attention a language model, with attention to all sides a masked diffusion model or a
// classifier, with experts a mixture-of-experts model. Tokens are embedded; numbers are cut into
// patches, each a token (an image of rows x columns numbers into squares).
#include <cmath>

#include "components/mixers/mixer.h"
#include "components/models/mixture_of_experts.h"

namespace assay::models {
namespace {

struct Transformer final : Model {
  enum class Positions { kNone, kLearned, kGrid };
  enum class Norm { kLayer, kRms };
  enum class FeedForward { kGelu, kRelu, kSwiglu };
  static constexpr Info kInfo{
      "transformer", 1, "Pre-norm transformer.",
      "Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2019 (pre-norm "
      "blocks); patches: Dosovitskiy et al. 2021, arXiv:2010.11929"};
  static constexpr std::string_view kExample = "width = 4, hidden = 5";
  int width = 64;
  int hidden = 256;
  int blocks = 2;
  Slot<Mixer> mixer{"attention"};
  Positions positions = Positions::kNone;
  Norm norm = Norm::kLayer;
  FeedForward feed_forward = FeedForward::kGelu;
  int experts = 0;
  Slot<Router> router{"topk-softmax"};
  bool shared_expert = false;
  double capacity = 0.0;
  bool batch_prioritised = false;
  float dropout = 0.0F;
  int patch = 2;

  static void params(Params<Transformer>& p) {
    using T = Transformer;
    p.add("width", &T::width).range(1, 65536).unit("features").doc("Of each position.");
    p.add("hidden", &T::hidden).range(1, 65536).unit("units").doc("Of a feed-forward layer.");
    p.add("blocks", &T::blocks).range(1, 1024).unit("blocks").doc("Stacked.");
    p.add("mixer", &T::mixer).doc("Across positions, one in each block.");
    p.add("positions", &T::positions, {"none", "learned", "grid"})
        .doc("A learnt vector added to each position, or one for its row and one for its column.");
    p.add("norm", &T::norm, {"layer", "rms"}).doc("Before each part and the output.");
    p.add("feed_forward", &T::feed_forward, {"gelu", "relu", "swiglu"})
        .doc("swiglu: W2 (silu(W1 x) * W3 x) (Shazeer 2020, arXiv:2002.05202).");
    p.add("experts", &T::experts)
        .range(0, kMaxExperts)
        .unit("experts")
        .doc("Feed-forward layers that a router chooses from; 0: one for all.");
    p.add("router", &T::router).doc("Sends positions to experts.");
    p.add("shared_expert", &T::shared_expert)
        .doc("One more feed-forward layer for all positions (Dai et al. 2024, arXiv:2401.06066).");
    p.add("capacity", &T::capacity)
        .range(0, 1000)
        .doc("Positions that an expert takes, times the even share; 0: all that are sent.")
        .source("Fedus et al. 2021, arXiv:2101.03961, eq. 3");
    p.add("batch_prioritised", &T::batch_prioritised)
        .doc(
            "Positions enter a full expert in the order of their largest weight rather than their "
            "place.")
        .source("Riquelme et al. 2021, arXiv:2106.05974, section 4.1")
        .since(3);
    p.add("dropout", &T::dropout)
        .neutral(0.0)
        .range(0, 0.99)
        .doc("Of what each part adds, in training.");
    p.add("patch", &T::patch)
        .range(1, 1024)
        .doc("Side of a square patch of an image; of data that are no square, numbers in a patch.");
  }
  std::string check() const override {
    if (experts == 0) return {};
    if (feed_forward == FeedForward::kSwiglu) return "feed_forward: experts are gelu or relu";
    if (router->slots() > 0 && mixer->causal())
      return "router: \"" + router->spec().name +
             "\" mixes later positions into earlier ones; it needs a mixer with causal = false";
    return router->check_experts(experts);
  }

  // How an example falls into positions.
  struct Layout {
    int length = 0;   // positions
    int numbers = 0;  // in a patch; 0 for tokens
    int side = 0;     // of the image; 0 where the data are a row
  };
  Layout layout(const DataFormat& format) const {
    if (format.tokens) return {format.width, 0, 0};
    const int side = static_cast<int>(std::lround(std::sqrt(format.width)));
    if (side * side == format.width && side % patch == 0)
      return {side / patch * (side / patch), patch * patch, side};
    if (format.width % patch == 0) return {format.width / patch, patch, 0};
    throw std::runtime_error("transformer: patches of " + std::to_string(patch) +
                             " do not divide " + std::to_string(format.width) + " features");
  }
  nn::Activation activation() const {
    return feed_forward == FeedForward::kRelu ? nn::Activation::kRelu : nn::Activation::kGelu;
  }
  MixtureOfExperts mixture() const {
    return {experts, hidden, activation(), capacity, batch_prioritised};
  }
  static nn::Name block(int i) { return nn::Name("block", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    const Layout shape = layout(format);
    if (format.positions != 1 && format.positions != shape.length)
      throw std::runtime_error("transformer gives one label or one at each position");
    if (format.tokens)
      out.add("embedding.weight",
              nn::Tensor::normal({format.vocabulary, width}, 1.0, init.fork("embedding")),
              nn::Role::kEmbedding);
    else
      nn::declare_linear(out, "embedding", shape.numbers, width, 1.0, init);
    declare_positions(out, shape.length, init);
    for (int i = 0; i < blocks; ++i) {
      declare_norm(out, nn::Name(block(i), ".norm1"));
      mixer->declare(out, nn::Name(block(i), ".mixer"), width, init.fork(block(i)));
      declare_norm(out, nn::Name(block(i), ".norm2"));
      if (experts > 0) mixture().declare(out, nn::Name(block(i), "."), *router, width, init);
      if (experts == 0 || shared_expert) declare_feed_forward(out, block(i), init);
    }
    declare_norm(out, "norm");
    nn::declare_linear(out, "output", width, format.classes, 1.0, init);
  }

  // Learnt positions move when a full context slides, and all that was computed from them with it;
  // experts of earlier positions must not depend on which positions are in the pass, as they do
  // where an expert may be full.
  bool incremental() const override {
    return mixer->incremental() && positions == Positions::kNone &&
           (experts == 0 || (router->rowwise() && capacity == 0));
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const Layout shape = layout(format);
    const int length =
        pass.cache() ? static_cast<int>(batch.tokens.size()) / batch.count : shape.length;
    nn::Var x = embed(pass, format, shape, batch, length);
    for (int i = 0; i < blocks; ++i) {
      const nn::Var mixed = mixer->mix(pass, nn::Name(block(i), ".mixer"),
                                       normalise(pass, nn::Name(block(i), ".norm1"), x), length);
      x = pass.site(nn::Name(block(i), ".mixed"),
                    nn::add(x, drop(pass, nn::Name(block(i), ".dropout1"), mixed)));
      x = pass.site(block(i), feed(pass, block(i), x, length));
    }
    if (format.positions == 1) x = read(pass, x, batch.count, length);
    x = normalise(pass, "norm", x);
    const int positions = format.positions == 1 ? 1 : length;
    return nn::reshape(pass.linear("output", x), {batch.count, positions * format.classes});
  }

  // Every weight acts at each position, experts where they are sent, the output where there is a
  // label.
  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    const int length = layout(format).length;
    double each = 0.0, routed = 0.0, read = 0.0;
    for (const nn::Parameter& p : parameters) {
      if (p.role != nn::Role::kWeight && p.role != nn::Role::kRouter) continue;
      const bool expert = p.name.find(".experts.") != std::string::npos;
      (p.name == "output.weight" ? read : expert ? routed : each) += kept(p);
    }
    if (experts > 0) routed = mixture().multiply_adds(*router, routed, width, length, blocks);
    return (each + routed) * length + read * format.positions +
           blocks * mixer->multiply_adds(length, width);
  }

 private:
  static int side_of(int length) {
    const int side = static_cast<int>(std::lround(std::sqrt(length)));
    if (side * side == length) return side;
    throw std::runtime_error("transformer: " + std::to_string(length) +
                             " positions are no square grid");
  }
  void declare_positions(nn::Parameters& out, int length, const Stream& init) const {
    const auto add = [&](const char* name, int count) {
      out.add(nn::Name(name, ".weight"), nn::Tensor::normal({count, width}, 0.3, init.fork(name)),
              nn::Role::kEmbedding);
    };
    if (positions == Positions::kLearned) add("positions", length);
    if (positions != Positions::kGrid) return;
    add("rows", side_of(length));
    add("columns", side_of(length));
  }
  // What is added to each position of a sequence: length x width.
  nn::Var position_vectors(nn::Forward& pass, int length) const {
    const auto part = [&](std::string_view name, int divide, int modulo) {
      const auto rows = pass.tape().scratch<int>(static_cast<std::size_t>(length));
      for (int i = 0; i < length; ++i) rows[static_cast<std::size_t>(i)] = i / divide % modulo;
      return nn::gather_rows(pass.parameter(name), rows);
    };
    if (positions == Positions::kLearned) return part("positions.weight", 1, length);
    const int side = side_of(length);
    return nn::add(part("rows.weight", side, side), part("columns.weight", 1, side));
  }

  void declare_norm(nn::Parameters& out, std::string_view name) const {
    out.add(nn::Name(name, ".gain"), nn::Tensor::full({width}, 1.0), nn::Role::kOther);
    if (norm == Norm::kLayer)
      out.add(nn::Name(name, ".bias"), nn::Tensor({width}), nn::Role::kBias);
  }
  void declare_feed_forward(nn::Parameters& out, std::string_view name, const Stream& init) const {
    nn::declare_linear(out, nn::Name(name, ".up"), width, hidden, 1.0, init);
    if (feed_forward == FeedForward::kSwiglu)
      nn::declare_linear(out, nn::Name(name, ".linear"), width, hidden, 1.0, init);
    // So that what all blocks add together starts out no larger than what they read.
    nn::declare_linear(out, nn::Name(name, ".down"), hidden, width, 1.0 / blocks, init);
  }

  nn::Var normalise(nn::Forward& pass, std::string_view name, nn::Var x) const {
    const nn::Var gain = pass.parameter(nn::Name(name, ".gain"));
    return norm == Norm::kRms ? nn::rms_norm(x, gain)
                              : nn::layer_norm(x, gain, pass.parameter(nn::Name(name, ".bias")));
  }
  nn::Var drop(nn::Forward& pass, std::string_view name, nn::Var x) const {
    return pass.training() && dropout > 0 ? nn::dropout(x, dropout, pass.stream(name)) : x;
  }
  nn::Var feed(nn::Forward& pass, std::string_view name, nn::Var x, int length) const {
    const nn::Var in = normalise(pass, nn::Name(name, ".norm2"), x);
    if (experts > 0) x = mixture().apply(pass, nn::Name(name, "."), *router, x, in, length);
    if (experts > 0 && !shared_expert) return x;
    nn::Var inner;
    if (feed_forward == FeedForward::kSwiglu)
      inner = nn::multiply(pass.linear(nn::Name(name, ".up"), in, nn::Activation::kSilu),
                           pass.linear(nn::Name(name, ".linear"), in));
    else
      inner = pass.linear(nn::Name(name, ".up"), in, activation());
    const nn::Var down = pass.linear(nn::Name(name, ".down"), inner);
    return nn::add(x, drop(pass, nn::Name(name, ".dropout2"), down));
  }

  nn::Var embed(nn::Forward& pass, const DataFormat& format, const Layout& shape,
                const Examples& batch, int length) const {
    nn::Var x;
    if (format.tokens)
      x = nn::gather_rows(pass.parameter("embedding.weight"), batch.tokens);
    else
      x = pass.linear("embedding", patches(pass, shape, batch));
    if (positions != Positions::kNone) x = nn::add_tiled(x, position_vectors(pass, length));
    return pass.site("embedded", x);
  }

  // (count * length) x numbers: row by row of squares, each read row by row.
  nn::Var patches(nn::Forward& pass, const Layout& shape, const Examples& batch) const {
    return pass.tape().constant({batch.count * shape.length, shape.numbers}, [&](nn::Tensor& out) {
      const int across = shape.side / patch, width_in = shape.length * shape.numbers;
      for (std::int64_t i = 0; i < out.count(); ++i) {
        std::int64_t from = i;
        if (shape.side > 0) {
          const auto inside = static_cast<int>(i % shape.numbers),
                     place = static_cast<int>(i / shape.numbers % shape.length);
          const int row = place / across * patch + inside / patch,
                    column = place % across * patch + inside % patch;
          from = i / width_in * width_in + std::int64_t{row} * shape.side + column;
        }
        out.set(i, batch.features.get(from));
      }
    });
  }

  // The last position where later ones see earlier ones alone, else the mean of all.
  nn::Var read(nn::Forward& pass, nn::Var x, int count, int length) const {
    const auto rows = pass.tape().scratch<int>(
        static_cast<std::size_t>(mixer->causal() ? count : count * length));
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] =
          mixer->causal() ? static_cast<int>(i + 1) * length - 1 : static_cast<int>(i) / length;
    return mixer->causal() ? nn::gather_rows(x, rows)
                           : nn::scale(nn::scatter_add_rows(x, rows, count), 1.0 / length);
  }
};
ASSAY_REGISTER(Model, Transformer);

}  // namespace
}  // namespace assay::models
