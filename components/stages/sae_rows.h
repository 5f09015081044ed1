#pragma once

#include <optional>

#include "components/saes/sae.h"
#include "components/stages/minibatches.h"
#include "components/stages/sae_scaling.h"

namespace assay::stages {

// What an autoencoder learns from: activations of a model at sites, side by side, and at others
// that it should give; or the features of the examples themselves.
struct SaeSource {
  const TrainedModel* model = nullptr;  // null: the features
  const Examples& examples;
  std::vector<std::string> sites;
  std::vector<std::string> targets;
  Normalisation normalisation;
};

// Scaled rows of a source, in random minibatches. Where all of them fit into `megabytes` they are
// held. Else they are computed as they are needed: a random part of the examples that fits, its
// rows drawn without replacement and a rest too small for a batch left out, then the next part;
// scales are then those of the first part. What is drawn follows from `order` and the number of
// batches before.
class SaeRows {
 public:
  SaeRows(const SaeSource& source, const Stream& order, int batch, double megabytes);

  const SaeFormat& format() const { return format_; }
  const Scaling& in() const { return in_; }
  const Scaling& out() const { return out_; }  // where there are targets
  // Rows as features, and as targets where there are some. Valid until the next call.
  const Examples& next();
  // What going on from the same place needs, after `steps` batches.
  void save(Archive& to) const;
  void load(const Archive& from, int steps);  // requires that next() was not called

 private:
  int examples_at_once(double megabytes) const;
  Examples raw(const Examples& examples, SaeFormat* format) const;
  void hold(Examples rows);
  void next_part();

  SaeSource source_;
  Stream order_;
  int batch_;
  SaeFormat format_;
  Scaling in_, out_;
  std::optional<Minibatches> parts_;  // of the examples; none where everything is held
  std::uint64_t part_ = 0;            // which one is held, from 0
  Examples held_, chosen_;
  std::optional<Minibatches> rows_;  // of what is held
  int used_ = 0;                     // batches of them
};

}  // namespace assay::stages
