// The Kuramoto-Sivashinsky equation u_t = -u u_x - u_xx - u_xxxx on a periodic line,
// pseudo-spectral in space, by exponential time differencing of order 4 (ETDRK4, Cox and Matthews
// 2002) with its coefficients as means over a circle in the complex plane (Kassam and Trefethen
// 2005). Features are a window of snapshots, targets the one that follows; the mean of u
// stays 0. Transforms are sums over the points as they are defined: for 64 points that is fast
// enough.
#include <cmath>
#include <complex>
#include <numbers>

#include "components/datasets/windows.h"

namespace assay::datasets {
namespace {

using Complex = std::complex<double>;
using Field = std::vector<Complex>;  // points, or wave numbers 0 … n/2, -n/2+1 … -1

class Fourier {
 public:
  explicit Fourier(int n) : n_(static_cast<std::size_t>(n)) {
    for (int i = 0; i < n; ++i) roots_.push_back(std::polar(1.0, -2 * std::numbers::pi * i / n));
  }
  Field forward(const Field& x) const { return sums(x, false, 1.0); }
  Field back(const Field& x) const { return sums(x, true, 1.0 / static_cast<double>(n_)); }

 private:
  Field sums(const Field& x, bool conjugate, double scale) const {
    Field out(n_);
    for (std::size_t k = 0; k < n_; ++k) {
      double real = 0.0, imaginary = 0.0;
      for (std::size_t j = 0, at = 0; j < n_; ++j, at = (at + k) % n_) {
        const double c = roots_[at].real(), s = conjugate ? -roots_[at].imag() : roots_[at].imag();
        real += x[j].real() * c - x[j].imag() * s;
        imaginary += x[j].real() * s + x[j].imag() * c;
      }
      out[k] = {scale * real, scale * imaginary};
    }
    return out;
  }
  std::size_t n_;
  std::vector<Complex> roots_;
};

// Steps of length h for one number of points and one length of the line.
class Etdrk4 {
 public:
  Etdrk4(int points, double length, double h)
      : fourier_(points),
        n_(static_cast<std::size_t>(points)) {
    for (int i = 0; i < points; ++i) {
      const int wave = i <= points / 2 ? i : i - points;
      const double k = 2 * std::numbers::pi * wave / length;
      // The highest wave is its own mirror image and has no odd derivative.
      slope_.push_back({0.0, 2 * wave == points ? 0.0 : -0.5 * k});
      add_coefficients(k * k - k * k * k * k, h);
    }
  }
  Field to_waves(const Field& u) const { return fourier_.forward(u); }
  Field to_points(const Field& v) const { return fourier_.back(v); }

  // v: waves; nv: their nonlinear term; a, b, c: the stages.
  Field step(const Field& v) const {
    const Field nv = nonlinear(v);
    Field a(n_), b(n_), c(n_), out(n_);
    for (std::size_t i = 0; i < n_; ++i) a[i] = half_[i] * v[i] + q_[i] * nv[i];
    const Field na = nonlinear(a);
    for (std::size_t i = 0; i < n_; ++i) b[i] = half_[i] * v[i] + q_[i] * na[i];
    const Field nb = nonlinear(b);
    for (std::size_t i = 0; i < n_; ++i) c[i] = half_[i] * a[i] + q_[i] * (2.0 * nb[i] - nv[i]);
    const Field nc = nonlinear(c);
    for (std::size_t i = 0; i < n_; ++i)
      out[i] = whole_[i] * v[i] + f1_[i] * nv[i] + 2.0 * f2_[i] * (na[i] + nb[i]) + f3_[i] * nc[i];
    mirror(out);
    return out;
  }

 private:
  // Makes u real again. The nonlinear term does not see an imaginary part, so rounding would grow
  // like e^(t / 4) and overwhelm u after some 150 units of time.
  static void mirror(Field& v) {
    const std::size_t n = v.size();
    v[0] = v[0].real();
    v[n / 2] = v[n / 2].real();
    for (std::size_t i = 1; i < n / 2; ++i) v[n - i] = std::conj(v[i]);
  }
  // -u u_x = -(u²/2)_x.
  Field nonlinear(const Field& v) const {
    Field u = fourier_.back(v);
    for (Complex& x : u) x = x.real() * x.real();
    Field out = fourier_.forward(u);
    for (std::size_t i = 0; i < n_; ++i) out[i] *= slope_[i];
    return out;
  }
  // Near 0 the formulas cancel; their mean over a circle around z is their value at z all the same.
  void add_coefficients(double linear, double h) {
    constexpr int kPoints = 32;
    Complex q, f1, f2, f3;
    for (int j = 0; j < kPoints; ++j) {
      const Complex z = h * linear + std::polar(1.0, std::numbers::pi * (j + 0.5) * 2 / kPoints);
      const Complex e = std::exp(z), cube = z * z * z;
      q += (std::exp(z / 2.0) - 1.0) / z;
      f1 += (-4.0 - z + e * (4.0 - 3.0 * z + z * z)) / cube;
      f2 += (2.0 + z + e * (-2.0 + z)) / cube;
      f3 += (-4.0 - 3.0 * z - z * z + e * (4.0 - z)) / cube;
    }
    whole_.push_back(std::exp(h * linear));
    half_.push_back(std::exp(h * linear / 2));
    q_.push_back(h * q.real() / kPoints);
    f1_.push_back(h * f1.real() / kPoints);
    f2_.push_back(h * f2.real() / kPoints);
    f3_.push_back(h * f3.real() / kPoints);
  }

  Fourier fourier_;
  std::size_t n_;
  Field slope_;
  std::vector<double> whole_, half_, q_, f1_, f2_, f3_;
};

struct KuramotoSivashinsky final : Dataset {
  static constexpr Info kInfo{"kuramoto-sivashinsky", 1,
                              "Snapshots of the Kuramoto-Sivashinsky equation and what follows.",
                              "Kassam and Trefethen 2005, SIAM J. Sci. Comput. 26"};
  static constexpr std::string_view kExample = "points = 16, examples = 100";
  int points = 64;
  double length = 22.0;
  double dt = 0.25;
  int every = 4;
  int window = 1;
  int ahead = 1;
  int examples = 2000;
  int draw = 0;

  static void params(Params<KuramotoSivashinsky>& p) {
    using K = KuramotoSivashinsky;
    p.add("points", &K::points).range(8, 1024).unit("points").doc("On the line; an even number.");
    p.add("length", &K::length)
        .range(1, 1000)
        .doc("Of the line. 22: the shortest much studied chaos; 32 pi in the paper.")
        .source("Cvitanovic et al. 2010, arXiv:0709.2944");
    p.add("dt", &K::dt)
        .range(1e-4, 1)
        .doc("Step of the integration, in units of time.")
        .source("Kassam and Trefethen 2005");
    p.add("every", &K::every).range(1, 10000).unit("steps").doc("From one snapshot to the next.");
    p.add("window", &K::window).range(1, 1000).unit("snapshots").doc("In an example.");
    p.add("ahead", &K::ahead).range(1, 10000).unit("snapshots").doc("From the last to the target.");
    p.add("examples", &K::examples)
        .range(10, 1e6)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test, in the order of time.");
    p.add("draw", &K::draw).at_least(0).doc("Which of the seeded draws: where it starts.");
  }
  std::string check() const override {
    return points % 2 == 0 ? "" : "points: allowed: an even number";
  }

  // A few long waves of random size.
  Field start(Stream stream) const {
    Field u(static_cast<std::size_t>(points));
    for (int wave = 1; wave <= 3; ++wave) {
      const double size = 0.5 * stream.normal(), phase = 2 * std::numbers::pi * stream.uniform();
      for (std::size_t i = 0; i < u.size(); ++i)
        u[i] +=
            size * std::cos(2 * std::numbers::pi * wave * static_cast<double>(i) / points + phase);
    }
    return u;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "kuramoto-sivashinsky", "draw");
    const Etdrk4 solver(points, length, dt);
    Field waves = solver.to_waves(start(stream.fork("start")));
    const int settling = static_cast<int>(200.0 / dt);
    for (int i = 0; i < settling; ++i) waves = solver.step(waves);
    const Windows cut = {window, ahead, examples, true};
    Trajectory run = {points, {}};
    while (run.steps() < cut.steps()) {
      for (const Complex& u : solver.to_points(waves)) run.values.push_back(u.real());
      for (int i = 0; i < every; ++i) waves = solver.step(waves);
    }
    return make_windows("kuramoto-sivashinsky", std::move(run), cut);
  }
};
ASSAY_REGISTER(Dataset, KuramotoSivashinsky);

}  // namespace
}  // namespace assay::datasets
