// An auto-encoder of objects: two convolutions, the second in steps of `patch` pixels, with
// positions added to its patches; slot attention (slot_attention.cpp); and a decoder that gives,
// for each slot and every patch, the values of its pixels and their mask logits. Masks are a
// softmax over slots, and the image is the sum of the slots' values by their masks (section 3.2 of
// the source; spatial broadcast: Watters et al. 2019, arXiv:1901.07017). Trained with the objective
// "mse".
//
// Smaller than the source: the decoder is a perceptron for each position of the broadcast, not
// convolutions, and beside the four distances to the borders, positions have sines and cosines of
// one, two and four turns.
#include <cmath>
#include <numbers>

#include "components/models/model.h"
#include "components/models/slot_attention.h"
#include "components/nn/transpose.h"

namespace assay::models {
namespace {

constexpr int kPositionFeatures = 16;

struct SlotAutoencoder final : Model {
  static constexpr Info kInfo{"slot-autoencoder", 1, "Auto-encoder that gives each object a slot.",
                              "Locatello et al. 2020, arXiv:2006.15055, sections 2.1 and 3.2",
                              true};
  static constexpr std::string_view kExample =
      "slots = 2, iterations = 2, width = 3, hidden = 4, patch = 2";
  int slots = 4;
  int iterations = 3;
  int width = 32;
  int hidden = 64;
  int patch = 2;

  static void params(Params<SlotAutoencoder>& p) {
    p.add("slots", &SlotAutoencoder::slots).range(1, 64).unit("slots").doc("Of each image.");
    p.add("iterations", &SlotAutoencoder::iterations)
        .range(1, 64)
        .doc("Of the attention.")
        .source("section 2.1");
    p.add("width", &SlotAutoencoder::width)
        .range(1, 4096)
        .unit("units")
        .doc("Of a slot, and channels of the encoder.");
    p.add("hidden", &SlotAutoencoder::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of each perceptron's hidden layers.");
    p.add("patch", &SlotAutoencoder::patch)
        .range(1, 64)
        .unit("pixels")
        .doc("Side of the squares that attention and decoder work on; divides the image's.");
  }
  Output output() const override { return Output::kInputs; }

  int side(const DataFormat& format) const {
    const int out = static_cast<int>(std::lround(std::sqrt(format.width)));
    if (format.tokens || format.nodes > 0 || out * out != format.width || out % patch != 0)
      throw std::runtime_error("slot-autoencoder reads square images whose side is a multiple of " +
                               std::to_string(patch) + ", not " + std::to_string(format.width) +
                               (format.tokens ? " tokens" : " features"));
    return out;
  }
  int patches(const DataFormat& format) const { return format.width / (patch * patch); }
  // The first convolution sees every pixel, the second every patch with a border about it.
  nn::ImageShape first(int batch, int side) const { return {batch, side, side, 1, 3, 1, 1}; }
  nn::ImageShape second(int batch, int side) const {
    const int kernel = patch + 1 + patch % 2;
    return {batch, side, side, width, kernel, patch, kernel / 2};
  }
  SlotAttention attention() const { return {slots, iterations, width, hidden}; }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    const nn::ImageShape last = second(1, side(format));
    nn::declare_linear(out, "encoder1", 9, width, 2.0, init);
    nn::declare_linear(out, "encoder2", last.kernel * last.kernel * width, width, 2.0, init);
    nn::declare_linear(out, "encoder_position", kPositionFeatures, width, 1.0, init);
    nn::declare_linear(out, "encoder3", width, hidden, 2.0, init);
    nn::declare_linear(out, "encoder4", hidden, width, 1.0, init);
    attention().declare(out, "slots", width, init);
    nn::declare_linear(out, "decoder_position", kPositionFeatures, hidden, 1.0, init,
                       nn::Role::kWeight, false);
    nn::declare_linear(out, "decoder1", width, hidden, 1.0, init);
    nn::declare_linear(out, "decoder2", hidden, hidden, 2.0, init);
    nn::declare_linear(out, "decoder3", hidden, 2 * patch * patch, 1.0, init);
  }

  // Of the centres of the patches, row by row: patches x kPositionFeatures.
  nn::Var positions(nn::Tape& tape, const DataFormat& format) const {
    const int across = side(format) / patch;
    return tape.constant({across * across, kPositionFeatures}, [&](nn::Tensor& out) {
      std::int64_t at = 0;
      for (int i = 0; i < across * across; ++i) {
        for (const int place : {i % across, i / across}) {
          const double t = (place + 0.5) / across;
          out.set(at++, t);
          out.set(at++, 1.0 - t);
          for (const double turns : {1.0, 2.0, 4.0}) {
            out.set(at++, std::sin(2.0 * std::numbers::pi * turns * t));
            out.set(at++, std::cos(2.0 * std::numbers::pi * turns * t));
          }
        }
      }
    });
  }

  nn::Var encode(nn::Forward& pass, const DataFormat& format, nn::Var x, int batch,
                 nn::Var where) const {
    x = pass.convolution("encoder1", x, first(batch, side(format)), nn::Activation::kRelu);
    x = pass.convolution("encoder2", x, second(batch, side(format)), nn::Activation::kRelu);
    x = nn::add_tiled(x, pass.linear("encoder_position", where));
    return pass.linear("encoder4", pass.linear("encoder3", x, nn::Activation::kRelu));
  }

  // slots: (batch * slots) x width -> (batch * slots * patches) x (2 * patch²): values, then
  // logits.
  nn::Var decode(nn::Forward& pass, nn::Var s, nn::Var where) const {
    const auto each = static_cast<std::size_t>(where.shape()[0]);
    const auto copies = pass.tape().scratch<int>(static_cast<std::size_t>(s.shape()[0]) * each);
    for (std::size_t i = 0; i < copies.size(); ++i) copies[i] = static_cast<int>(i / each);
    const nn::Var spread = nn::gather_rows(pass.linear("decoder1", s), copies);
    const nn::Var h = nn::relu(nn::add_tiled(spread, pass.linear("decoder_position", where)));
    return pass.linear("decoder3", pass.linear("decoder2", h, nn::Activation::kRelu));
  }

  // Columns of the decoder for each pixel of the image, slots last: batch x pixels x slots, pixels
  // patch by patch.
  nn::Var by_pixel(nn::Var decoded, int first, int batch, int pixels) const {
    const nn::Var part = nn::slice_columns(decoded, first, patch * patch);
    return nn::transpose(nn::reshape(part, {batch, slots, pixels}));
  }
  // Where pixel i of an image, row by row, is patch by patch.
  int place(int i, int side) const {
    const int row = i / side, column = i % side, across = side / patch;
    return (row / patch * across + column / patch) * patch * patch + row % patch * patch +
           column % patch;
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const int n = batch.count, pixels = format.width, across = side(format);
    const nn::Var x =
        nn::reshape(pass.site("input", input_of(pass, format, batch)), {n * pixels, 1});
    const nn::Var where = positions(pass.tape(), format);
    const nn::Var s = attention().apply(pass, "slots", encode(pass, format, x, n, where), n);
    const nn::Var decoded = decode(pass, s, where);
    const nn::Var values = by_pixel(decoded, 0, n, pixels);
    const nn::Var masks =
        pass.site("masks", nn::softmax(by_pixel(decoded, patch * patch, n, pixels)));
    if (!pass.training()) add_masks(pass, masks, across);
    const nn::Var image = nn::reshape(nn::sum_columns(nn::multiply(masks, values)), {n, pixels});
    if (patch == 1) return image;
    const auto order = pass.tape().scratch<int>(static_cast<std::size_t>(n * pixels));
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = place(static_cast<int>(i) % pixels, across);
    return nn::gather_columns(image, order, pixels);
  }

  // The statistic "slots.masks": batch x slots x pixels, row by row.
  void add_masks(nn::Forward& pass, nn::Var masks, int side) const {
    const nn::Tensor& from = pass.tape().value(masks);
    const int n = from.shape()[0], pixels = from.shape()[1];
    nn::Tensor& to = pass.statistic("slots.masks", {n, slots, pixels});
    std::int64_t at = 0;
    for (int b = 0; b < n; ++b)
      for (int slot = 0; slot < slots; ++slot)
        for (int i = 0; i < pixels; ++i)
          to.set(at++, from.get((std::int64_t{b} * pixels + place(i, side)) * slots + slot));
  }

  // Weights act on each pixel, patch, slot, or on all pairs of slots and patches; the products of
  // attention are not counted.
  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    double total = 0.0;
    for (const nn::Parameter& p : parameters) {
      if (p.role != nn::Role::kWeight) continue;
      const bool input = p.name.starts_with("slots.keys") || p.name.starts_with("slots.values");
      double uses = patches(format);
      if (p.name.starts_with("encoder1.")) uses = format.width;
      if (p.name.starts_with("slots.") && !input) uses = slots * iterations;
      if (p.name.starts_with("decoder1.")) uses = slots;
      if (p.name.starts_with("decoder2.") || p.name.starts_with("decoder3.")) uses *= slots;
      total += kept(p) * uses;
    }
    return total;
  }
};
ASSAY_REGISTER(Model, SlotAutoencoder);

}  // namespace
}  // namespace assay::models
