// The Lorenz system (Lorenz 1963, eqs. 25 to 27): x' = sigma (y - x), y' = x (rho - z) - y, z' = x
// y - beta z, by Runge-Kutta of order 4, after 50 units of time to reach the attractor. Features
// are a window of states, targets the state that comes after; observation noise is on features and
// targets.
#include <array>

#include "components/datasets/windows.h"

namespace assay::datasets {
namespace {

using State = std::array<double, 3>;

struct Lorenz final : Dataset {
  static constexpr Info kInfo{"lorenz", 1, "Windows of the Lorenz system and what follows.",
                              "Lorenz 1963 (deterministic nonperiodic flow), eqs. 25-27"};
  double sigma = 10.0;
  double rho = 28.0;
  double beta = 8.0 / 3.0;
  double dt = 0.01;
  int every = 5;
  int window = 1;
  int ahead = 1;
  double noise = 0.0;
  int examples = 4000;
  int draw = 0;

  static void params(Params<Lorenz>& p) {
    using L = Lorenz;
    p.add("sigma", &L::sigma).above(0).doc("Prandtl number.").source("Lorenz 1963, section 7");
    p.add("rho", &L::rho)
        .above(0)
        .doc("Rayleigh number over its critical value.")
        .source("Lorenz 1963, section 7");
    p.add("beta", &L::beta).above(0).doc("Aspect of the rolls.").source("Lorenz 1963, section 7");
    p.add("dt", &L::dt)
        .range(1e-5, 0.05)
        .doc("Step of the integration, in units of time.")
        .source("Lorenz 1963, section 7");
    p.add("every", &L::every).range(1, 10000).unit("steps").doc("From one state to the next.");
    p.add("window", &L::window).range(1, 1000).unit("states").doc("In an example.");
    p.add("ahead", &L::ahead).range(1, 10000).unit("states").doc("From the last to the target.");
    p.add("noise", &L::noise)
        .neutral(0.0)
        .range(0, 100)
        .doc("Of the observation, a standard deviation in the units of the system.");
    p.add("examples", &L::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test, in the order of time.");
    p.add("draw", &L::draw).at_least(0).doc("Which of the seeded draws: where it starts.");
  }

  State slope(const State& s) const {
    return {sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]};
  }
  static State moved(const State& s, double by, const State& along) {
    return {s[0] + by * along[0], s[1] + by * along[1], s[2] + by * along[2]};
  }
  State step(const State& s) const {
    const State a = slope(s), b = slope(moved(s, dt / 2, a)), c = slope(moved(s, dt / 2, b)),
                d = slope(moved(s, dt, c));
    State out = s;
    for (std::size_t i = 0; i < 3; ++i) out[i] += dt / 6 * (a[i] + 2 * b[i] + 2 * c[i] + d[i]);
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "lorenz", "draw");
    Stream start = stream.fork("start"), blur = stream.fork("noise");
    State state = {start.normal(), start.normal(), rho - 1 + start.normal()};
    const int settling = static_cast<int>(50.0 / dt);
    for (int i = 0; i < settling; ++i) state = step(state);
    const Windows cut = {window, ahead, examples, false};
    Trajectory run = {3, {}};
    while (run.steps() < cut.steps()) {
      for (const double x : state) run.values.push_back(x + noise * blur.normal());
      for (int i = 0; i < every; ++i) state = step(state);
    }
    return make_windows("lorenz", std::move(run), cut);
  }
};
ASSAY_REGISTER(Dataset, Lorenz);

}  // namespace
}  // namespace assay::datasets
