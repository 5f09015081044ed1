// A convolutional classifier: for each entry of `channels` a convolution, its activation and
// pooling; then a linear output. Depthwise-separable, a layer filters each channel by itself and
// then mixes them pixel by pixel. A gate may select the channels of every layer.
#include <cmath>

#include "components/gates/gate.h"
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Cnn final : Model {
  static constexpr Info kInfo{"cnn", 1, "Convolutional classifier of square images.",
                              "LeCun et al. 1998 (convolution and pooling); depthwise-separable: "
                              "Howard et al. 2017, arXiv:1704.04861"};
  static constexpr std::string_view kExample = "channels = [3, 4], pool = 1";
  enum class Pool { kMax, kMean };
  std::vector<int> channels = {16, 32};
  int kernel = 3;
  int pool = 2;
  Pool pooling = Pool::kMax;
  bool separable = false;
  nn::Activation activation = nn::Activation::kRelu;
  Slot<Gate> channel_gate;

  static void params(Params<Cnn>& p) {
    p.add("channels", &Cnn::channels)
        .range(1, 65536)
        .unit("channels")
        .doc("That each layer gives; empty for a linear model.");
    p.add("kernel", &Cnn::kernel)
        .range(1, 63)
        .unit("pixels")
        .doc("Side of a filter, odd; edges are padded with zeros.");
    p.add("pool", &Cnn::pool).range(1, 64).unit("pixels").doc("Side of a pooled square; 1: none.");
    p.add("pooling", &Cnn::pooling, {"max", "mean"}).doc("Of each square.");
    p.add("separable", &Cnn::separable).doc("Depthwise-separable layers.");
    p.add("activation", &Cnn::activation, std::span(nn::kActivationNames)).doc("Of each layer.");
    p.add("channel_gate", &Cnn::channel_gate).doc("Scales the channels of each layer.");
  }
  std::string check() const override { return kernel % 2 == 1 ? "" : "kernel must be odd"; }

  static nn::Name layer(std::size_t i) { return nn::Name("conv", i + 1); }

  // The image that layer i sees; i = channels.size(): the output.
  nn::ImageShape shape(const DataFormat& format, int batch, std::size_t i) const {
    int side = static_cast<int>(std::lround(std::sqrt(format.width)));
    if (format.tokens || side * side != format.width)
      throw std::runtime_error("cnn reads square images of one channel, not " +
                               std::to_string(format.width) +
                               (format.tokens ? " tokens" : " features"));
    for (std::size_t l = 0; l < i; ++l) side /= pool;
    if (side < 1) throw std::runtime_error("cnn: nothing is left of the image after pooling");
    return {batch, side, side, i == 0 ? 1 : channels[i - 1], kernel, 1, kernel / 2};
  }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const int in = shape(format, 1, i).channels;
      if (separable) {
        nn::declare_linear(out, nn::Name(layer(i), ".each"), kernel * kernel, in, 1.0, init,
                           nn::Role::kOther);
        nn::declare_linear(out, layer(i), in, channels[i], 2.0, init);
      } else {
        nn::declare_linear(out, layer(i), kernel * kernel * in, channels[i], 2.0, init);
      }
      if (channel_gate) channel_gate->declare(out, nn::Name(layer(i), "_gate"), channels[i], init);
    }
    const nn::ImageShape last = shape(format, 1, channels.size());
    nn::declare_linear(out, "output", last.height * last.width * last.channels,
                       format.positions * format.classes, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    nn::Var x = nn::reshape(pass.site("input", input_of(pass, format, batch)),
                            {batch.count * format.width, 1});
    for (std::size_t i = 0; i < channels.size(); ++i) {
      nn::ImageShape image = shape(format, batch.count, i);
      if (separable) {
        x = nn::depthwise_convolution(x, pass.parameter(nn::Name(layer(i), ".each.weight")),
                                      pass.parameter(nn::Name(layer(i), ".each.bias")), image);
        x = pass.linear(layer(i), pass.site(nn::Name(layer(i), ".each"), x), activation);
      } else {
        x = pass.convolution(layer(i), x, image, activation);
      }
      if (channel_gate) x = channel_gate->apply(pass, nn::Name(layer(i), "_gate"), x);
      if (pool == 1) continue;
      image.channels = channels[i];
      image.kernel = image.stride = pool;
      image.padding = 0;
      x = pass.site(nn::Name(layer(i), ".pool"),
                    pooling == Pool::kMax ? nn::max_pool(x, image) : nn::mean_pool(x, image));
    }
    const int features = static_cast<int>(x.shape().count() / std::max(1, batch.count));
    return pass.linear("output", nn::reshape(x, {batch.count, features}));
  }

  // A filter's weight acts at each pixel.
  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    double total = 0.0;
    for (const nn::Parameter& p : parameters) {
      if (p.role != nn::Role::kWeight && !p.name.ends_with(".each.weight")) continue;
      double uses = 1.0;
      for (std::size_t i = 0; i < channels.size(); ++i)
        if (p.name.starts_with(nn::Name(layer(i), ".").view())) {
          const nn::ImageShape image = shape(format, 1, i);
          uses = image.height * image.width;
        }
      total += kept(p) * uses;
    }
    return total;
  }
};
ASSAY_REGISTER(Model, Cnn);

}  // namespace
}  // namespace assay::models
