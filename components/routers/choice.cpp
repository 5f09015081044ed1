#include "components/routers/choice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay::routers {

namespace {

// How many of the entries first, first + step, … name each expert.
nn::Var counts(nn::Tape& tape, std::span<const int> chosen, std::size_t step, int experts) {
  return tape.constant({experts}, [&](nn::Tensor& out) {
    out.fill(0.0);
    for (std::size_t i = 0; i < chosen.size(); i += step)
      out.set(chosen[i], out.get(chosen[i]) + 1);
  });
}

// var(a) / mean(a)² = d sum a² / (sum a)² - 1 of d numbers.
nn::Var squared_variation(nn::Var a) {
  const nn::Var inputs[] = {a};
  return a.tape->custom(
      "squared_variation", inputs, {1},
      [](nn::Tape::Inputs in, nn::Tensor& out) {
        double sum = 0.0, squares = 0.0;
        for (std::int64_t i = 0; i < in[0]->count(); ++i) {
          sum += in[0]->get(i);
          squares += in[0]->get(i) * in[0]->get(i);
        }
        out.set(0, static_cast<double>(in[0]->count()) * squares / (sum * sum) - 1.0);
      },
      [](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
         nn::Tape::Gradients to) {
        if (!to[0]) return;
        double sum = 0.0;
        for (std::int64_t i = 0; i < in[0]->count(); ++i) sum += in[0]->get(i);
        const double each = static_cast<double>(in[0]->count()) / (sum * sum);
        for (std::int64_t i = 0; i < in[0]->count(); ++i) {
          const double slope = 2.0 * (each * in[0]->get(i) - (out.get(0) + 1.0) / sum);
          to[0]->set(i, to[0]->get(i) + grad.get(0) * slope);
        }
      });
}

}  // namespace

std::string GroupLimit::error(int k, int experts) const {
  const auto count = [](int number, const char* of) { return std::to_string(number) + of; };
  if (groups > experts || experts % groups != 0)
    return "router.groups = " + count(groups, " does not divide the ") + count(experts, " experts");
  const int within = kept * (experts / groups);
  if (k > within)
    return "router.k = " + count(k, " is more than the ") + count(within, " experts of ") +
           count(kept, kept == 1 ? " group" : " groups");
  return "";
}

nn::Var GroupLimit::apply(nn::Var scores, int k) const {
  nn::Tape& tape = *scores.tape;
  const int experts = scores.shape().back(), size = experts / groups;
  const int counted = (k + kept - 1) / kept;
  const auto sorted = tape.scratch<double>(static_cast<std::size_t>(size));
  const auto worth = tape.scratch<double>(static_cast<std::size_t>(groups));
  const auto order = tape.scratch<int>(static_cast<std::size_t>(groups));
  const auto rank_groups = [&](const nn::Tensor& in, int row) {
    for (int g = 0; g < groups; ++g) {
      for (int e = 0; e < size; ++e) sorted[static_cast<std::size_t>(e)] = in.at(row, g * size + e);
      std::sort(sorted.begin(), sorted.end(), std::greater<>());
      worth[static_cast<std::size_t>(g)] =
          std::accumulate(sorted.begin(), sorted.begin() + counted, 0.0);
    }
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      const double of_a = worth[static_cast<std::size_t>(a)],
                   of_b = worth[static_cast<std::size_t>(b)];
      return of_a != of_b ? of_a > of_b : a < b;
    });
  };
  return tape.constant(scores.shape(), [&](nn::Tensor& out) {
    const nn::Tensor& in = tape.value(scores);
    out.fill(-std::numeric_limits<double>::infinity());
    for (int row = 0; row < static_cast<int>(in.shape().rows()); ++row) {
      rank_groups(in, row);
      for (int g = 0; g < kept; ++g)
        for (int e = 0; e < size; ++e) {
          const int expert = order[static_cast<std::size_t>(g)] * size + e;
          out.set(std::int64_t{row} * experts + expert, in.at(row, expert));
        }
    }
  });
}

std::string k_fits(int k, int experts) {
  return k <= experts ? ""
                      : "router.k = " + std::to_string(k) + " is more than the " +
                            std::to_string(experts) + " experts";
}

void add_balance_loss(nn::Forward& pass, std::string_view name, BalanceLoss kind, double factor,
                      nn::Var probabilities, const Assignment& to) {
  nn::Tape& tape = pass.tape();
  const int experts = probabilities.shape().back();
  const auto rows = static_cast<double>(probabilities.shape().rows());
  const auto add = [&](nn::Var loss, double times) {
    pass.add_loss(nn::Name(name, ".balance"), nn::scale(loss, times));
  };
  if (kind == BalanceLoss::kImportance) {
    const nn::Var each = nn::reshape(to.weights, {static_cast<int>(to.experts.size()), 1});
    return add(squared_variation(nn::scatter_add_rows(each, to.experts, experts)), factor);
  }
  const bool all = kind == BalanceLoss::kSwitch;
  const nn::Var share = counts(tape, to.experts, all ? 1 : static_cast<std::size_t>(to.k), experts);
  const nn::Var product = nn::sum(nn::multiply(share, nn::mean_rows(probabilities)));
  add(product, all ? factor * experts / (rows * to.k) : factor / (experts * rows));
}

void add_z_loss(nn::Forward& pass, std::string_view name, double factor, nn::Var logits) {
  // Any column of x - log softmax(x) is the logarithm of the sum.
  const nn::Var log_sum = nn::slice_columns(nn::subtract(logits, nn::log_softmax(logits)), 0, 1);
  pass.add_loss(nn::Name(name, ".z"), nn::scale(nn::mean(nn::square(log_sum)), factor));
}

namespace {

// The best of each row, then one of the others with a probability in proportion to exp(logit).
std::span<const int> best_and_sampled(nn::Tape& tape, nn::Var logits, Stream stream) {
  const nn::Tensor& values = tape.value(logits);
  const std::span<const int> best = nn::largest_columns(logits, 1);
  const auto out = tape.scratch<int>(2 * best.size());
  const int experts = logits.shape().back();
  for (std::size_t i = 0; i < best.size(); ++i) {
    int second = -1;
    double most = 0.0;
    for (int e = 0; e < experts; ++e) {
      const double noisy =
          values.at(static_cast<int>(i), e) - std::log(-std::log(stream.uniform()));
      if (e == best[i] || (second >= 0 && !(noisy > most))) continue;
      second = e;
      most = noisy;
    }
    out[2 * i] = best[i];
    out[2 * i + 1] = second;
  }
  return out;
}

// -1 in place of the second of two experts, but for a probability of twice its share of the weight.
std::span<const int> second_by_weight(nn::Tape& tape, const Assignment& to, Stream stream) {
  const nn::Tensor& w = tape.value(to.weights);
  const auto out = tape.scratch<int>(to.experts.size());
  std::copy(to.experts.begin(), to.experts.end(), out.begin());
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const double first = w.get(static_cast<std::int64_t>(i)),
                 second = w.get(static_cast<std::int64_t>(i) + 1);
    if (!(2.0 * second > stream.uniform() * (first + second))) out[i + 1] = -1;
  }
  return out;
}

}  // namespace

Assignment keep_top_k(nn::Forward& pass, std::string_view name, nn::Var logits, const TopK& how) {
  Assignment out;
  out.k = how.k;
  const Second second = pass.training() ? how.second : Second::kBest;
  const auto chance = [&] { return pass.stream(nn::Name(name, ".second")); };
  out.experts = second == Second::kSampled ? best_and_sampled(pass.tape(), logits, chance())
                                           : nn::largest_columns(logits, how.k);
  nn::Var probabilities;
  if (how.normalise == Normalise::kAll) {
    probabilities = nn::softmax(logits);
    out.weights = nn::gather_columns(probabilities, out.experts, how.k);
  } else {
    out.weights = nn::softmax(nn::gather_columns(logits, out.experts, how.k));
  }
  const bool wanted = how.balance > 0 || !pass.training();
  if (wanted && !probabilities.valid()) probabilities = nn::softmax(logits);
  if (how.balance > 0)
    add_balance_loss(pass, name, how.balance_loss, how.balance, probabilities, out);
  if (wanted) add_routing_entropy(pass, name, probabilities);
  if (second == Second::kByWeight) out.experts = second_by_weight(pass.tape(), out, chance());
  add_load(pass, name, out.experts, logits.shape().back());
  return out;
}

std::span<const int> first_experts(nn::Tape& tape, int rows, int k) {
  const auto out = tape.scratch<int>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(k));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<int>(i % static_cast<std::size_t>(k));
  return out;
}

nn::Var equal_weights(nn::Tape& tape, int rows, int k) {
  return tape.constant({rows, k}, [&](nn::Tensor& weights) { weights.fill(1.0 / k); });
}

nn::Var among_present(nn::Forward& pass, std::string_view weight, nn::Var logits) {
  const nn::Tensor& mask = pass.parameters().get(weight).mask;
  if (mask.empty()) return logits;
  const int columns = logits.shape().back();
  const std::int64_t width = mask.count() / columns;
  return nn::add_row(logits, pass.tape().constant({columns}, [&](nn::Tensor& out) {
    out.fill(-1000.0);
    for (std::int64_t i = 0; i < mask.count(); ++i)
      if (mask.get(i) != 0.0) out.set(i / width, 0.0);
  }));
}

nn::Var unit_rows(nn::Var x) {
  const int d = x.shape().back();
  const nn::Var gain =
      x.tape->constant({d}, [&](nn::Tensor& out) { out.fill(1.0 / std::sqrt(d)); });
  return nn::rms_norm(x, gain, 1e-6);
}

nn::Var times_number(nn::Var x, nn::Var factor) {
  const int d = x.shape().back();
  const auto first = x.tape->scratch<int>(static_cast<std::size_t>(d));
  std::fill(first.begin(), first.end(), 0);
  const nn::Var row = nn::gather_rows(nn::reshape(factor, {1, 1}), first);
  return nn::multiply_row(x, nn::reshape(row, {d}));
}

}  // namespace assay::routers
