// Product quantization (Jégou et al. 2011, section II): rows are cut into pieces of `length`
// weights, and each piece is replaced by the nearest of `codes` centroids, which k-means (Lloyd)
// finds for each place of a piece in a row on its own, or for the whole layer (Stock et al. 2020).
// A piece takes log2(codes) bits, rounded up, each number of a codebook 16: of a small layer most
// bits are codebook. Where there are no more pieces than codes, all have centroids of their own.
// Pruned weights stay 0: they count neither in distances nor in means. Ties go to the lower
// centroid; an empty one stays.
#include <algorithm>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

// A piece of a weight, and which of its numbers are there.
struct Piece {
  std::size_t first = 0;
  std::span<const double> numbers;
  std::span<const double> kept;  // 0 or 1 each
};

double distance(const Piece& piece, const std::vector<double>& centroid) {
  double out = 0.0;
  for (std::size_t i = 0; i < piece.numbers.size(); ++i) {
    const double gap = piece.numbers[i] - centroid[i];
    out += piece.kept[i] * gap * gap;
  }
  return out;
}

std::size_t nearest(const Piece& piece, const std::vector<std::vector<double>>& centroids) {
  std::size_t best = 0;
  double least = distance(piece, centroids[0]);
  for (std::size_t c = 1; c < centroids.size(); ++c) {
    const double found = distance(piece, centroids[c]);
    if (found >= least) continue;
    least = found;
    best = c;
  }
  return best;
}

struct ProductQuantization final : Quantizer, LayerChoice {
  enum class Codebook { kPlace, kLayer };
  static constexpr Info kInfo{"product-quantization", 1,
                              "Replaces pieces of rows by the nearest of a few centroids.",
                              "Jégou et al. 2011, IEEE TPAMI 33(1), section II; Stock et al. 2020, "
                              "arXiv:1907.05686",
                              true};
  static constexpr std::string_view kExample = "codes = 8";
  int length = 4;
  int codes = 256;
  Codebook codebook = Codebook::kPlace;
  int iterations = 25;

  static void params(Params<ProductQuantization>& p) {
    p.add("length", &ProductQuantization::length)
        .range(1, 1024)
        .unit("weights")
        .doc("Of a row in each piece.")
        .source("Stock et al. 2020, section 4.1");
    p.add("codes", &ProductQuantization::codes)
        .range(1, 65536)
        .unit("centroids")
        .doc("In each codebook.")
        .source("Jégou et al. 2011, section II");
    p.add("codebook", &ProductQuantization::codebook, {"place", "layer"})
        .doc("What shares one: pieces at one place of all rows, or all of a layer.");
    p.add("iterations", &ProductQuantization::iterations)
        .range(0, 100000)
        .doc("Of k-means, at most.")
        .source("faiss");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& /*calibration*/,
                Stream stream) const override {
    for (nn::Parameter* p : prunable(model)) {
      const std::vector<double> w = numbers_of(*p);
      std::vector<double> kept, out(w.size());
      for (std::size_t i = 0; i < w.size(); ++i)
        kept.push_back(there(*p, static_cast<std::int64_t>(i)) ? 1.0 : 0.0);
      double bits = 0.0;
      std::uint64_t index = 0;
      for (const auto& pieces : books(w, kept, p->value.shape().back()))
        bits += replace(pieces, out, stream.fork(p->name, index++));
      set_numbers(*p, out);
      p->bits = bits / static_cast<double>(p->value.count());
    }
  }

 private:
  // The pieces of each codebook. The last piece of a row may be shorter: it has a codebook of its
  // own.
  std::vector<std::vector<Piece>> books(std::span<const double> w, std::span<const double> kept,
                                        int columns) const {
    const auto width = static_cast<std::size_t>(columns), size = static_cast<std::size_t>(length);
    const std::size_t places = (width + size - 1) / size;
    const bool shared = codebook == Codebook::kLayer;
    const std::size_t whole = width / size;
    std::vector<std::vector<Piece>> out(shared ? (whole > 0) + (whole < places) : places);
    for (std::size_t row = 0; row < w.size(); row += width)
      for (std::size_t place = 0; place < places; ++place) {
        const std::size_t first = row + place * size, count = std::min(size, width - place * size);
        const std::size_t book = !shared ? place : place < whole ? 0 : out.size() - 1;
        out[book].push_back({first, w.subspan(first, count), kept.subspan(first, count)});
      }
    return out;
  }

  // Gives the bits that pieces and codebook take.
  double replace(const std::vector<Piece>& pieces, std::vector<double>& out, Stream stream) const {
    const auto centroids = k_means(pieces, stream);
    for (const Piece& piece : pieces) {
      const auto& centroid = centroids[nearest(piece, centroids)];
      for (std::size_t i = 0; i < piece.numbers.size(); ++i) out[piece.first + i] = centroid[i];
    }
    const auto many = static_cast<double>(centroids.size());
    return static_cast<double>(pieces.size()) * std::ceil(std::log2(many)) +
           kScaleBits * many * static_cast<double>(pieces[0].numbers.size());
  }

  std::vector<std::vector<double>> k_means(const std::vector<Piece>& pieces, Stream& stream) const {
    const std::vector<int> order = stream.permutation(static_cast<int>(pieces.size()));
    std::vector<std::vector<double>> centroids;
    for (std::size_t c = 0; c < std::min(order.size(), static_cast<std::size_t>(codes)); ++c) {
      const auto numbers = pieces[static_cast<std::size_t>(order[c])].numbers;
      centroids.emplace_back(numbers.begin(), numbers.end());
    }
    std::vector<std::size_t> code(pieces.size(), centroids.size());
    for (int i = 0; i < iterations; ++i) {
      bool moved = false;
      for (std::size_t j = 0; j < pieces.size(); ++j) {
        const std::size_t now = nearest(pieces[j], centroids);
        moved = moved || now != code[j];
        code[j] = now;
      }
      if (!moved) break;
      take_means(pieces, code, centroids);
    }
    return centroids;
  }

  static void take_means(const std::vector<Piece>& pieces, const std::vector<std::size_t>& code,
                         std::vector<std::vector<double>>& centroids) {
    const std::size_t size = pieces[0].numbers.size();
    std::vector<double> sums(centroids.size() * size), counts(sums.size());
    for (std::size_t j = 0; j < pieces.size(); ++j)
      for (std::size_t i = 0; i < size; ++i) {
        sums[code[j] * size + i] += pieces[j].kept[i] * pieces[j].numbers[i];
        counts[code[j] * size + i] += pieces[j].kept[i];
      }
    for (std::size_t c = 0; c < centroids.size(); ++c)
      for (std::size_t i = 0; i < size; ++i)
        if (counts[c * size + i] > 0) centroids[c][i] = sums[c * size + i] / counts[c * size + i];
  }
};
ASSAY_REGISTER(Quantizer, ProductQuantization);

}  // namespace
}  // namespace assay::quantizers
