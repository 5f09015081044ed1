#include "components/stages/sae_rows.h"

namespace assay::stages {

using nn::Tensor;

namespace {

constexpr int kProbe = 512;  // examples that tell how many rows one has

}  // namespace

SaeRows::SaeRows(const SaeSource& source, const Stream& order, int batch, double megabytes)
    : source_(source),
      order_(order),
      batch_(batch) {
  const int at_once = examples_at_once(megabytes);
  const bool streams = at_once < source.examples.count;
  Examples first;
  if (streams) {
    parts_.emplace(order.fork("parts"), source.examples.count, at_once);
    first = source.examples.select(parts_->next(), source.model->format);
  }
  Examples rows = raw(streams ? first : source.examples, &format_);
  if (rows.targets.empty()) format_.given = format_.widths;
  format_.outputs = std::accumulate(format_.given.begin(), format_.given.end(), 0);
  in_ = scaling_of(rows.features, format_.widths, source.normalisation);
  if (!rows.targets.empty()) out_ = scaling_of(rows.targets, format_.given, source.normalisation);
  hold(std::move(rows));
}

int SaeRows::examples_at_once(double megabytes) const {
  const Examples& all = source_.examples;
  if (!source_.model || all.count == 0) return all.count;
  const Examples few = all.first(kProbe, source_.model->format);
  const Examples rows = raw(few, nullptr);
  const auto bytes = static_cast<double>(rows.features.bytes() + rows.targets.bytes());
  const double fit = megabytes * 1e6 / (bytes / few.count);
  return fit >= all.count ? all.count : std::max(1, static_cast<int>(fit));
}

Examples SaeRows::raw(const Examples& examples, SaeFormat* format) const {
  Examples out;
  std::vector<int>* const widths = format ? &format->widths : nullptr;
  if (source_.model) {
    out.features = activations_at(*source_.model, examples, source_.sites, widths);
    if (!source_.targets.empty())
      out.targets = activations_at(*source_.model, examples, source_.targets,
                                   format ? &format->given : nullptr);
  } else {
    out.features = examples.features;
    if (widths) widths->push_back(out.features.shape().back());
  }
  out.count = static_cast<int>(out.features.shape().rows());
  if (!out.targets.empty() && out.targets.shape().rows() != out.count)
    throw std::runtime_error("the sites \"" + source_.sites[0] + "\" and \"" + source_.targets[0] +
                             "\" see " + std::to_string(out.count) + " and " +
                             std::to_string(out.targets.shape().rows()) + " rows");
  return out;
}

void SaeRows::hold(Examples rows) {
  held_ = std::move(rows);
  held_.features = in_.apply(held_.features);
  if (!held_.targets.empty()) held_.targets = out_.apply(held_.targets);
  rows_.emplace(parts_ ? order_.fork("rows", part_) : order_, held_.count, batch_);
  used_ = 0;
}

void SaeRows::next_part() {
  ++part_;
  hold(raw(source_.examples.select(parts_->next(), source_.model->format), nullptr));
}

const Examples& SaeRows::next() {
  if (parts_ && used_ == held_.count / std::min(batch_, held_.count)) next_part();
  ++used_;
  const DataFormat format{false, format_.features(), 0, 1, 0, format_.outputs};
  held_.select(rows_->next(), format, chosen_);
  return chosen_;
}

void SaeRows::save(Archive& to) const {
  if (!parts_) return;
  const std::int64_t at[] = {static_cast<std::int64_t>(part_), used_};
  to.put("rows", Array::of<std::int64_t>(at, {2}));
}

void SaeRows::load(const Archive& from, int steps) {
  if (!parts_) return rows_->skip(steps);
  const auto at = from.array("rows").as<std::int64_t>();
  if (at[0] > 0) {
    parts_->skip(static_cast<int>(at[0]));
    part_ = static_cast<std::uint64_t>(at[0]) - 1;
    next_part();
  }
  used_ = static_cast<int>(at[1]);
  rows_->skip(used_);
}

}  // namespace assay::stages
