// A model and an adapter that changes it: the parameters of both, the model's under the names that
// they had, so that whatever reaches a model by names reaches it as before.
#include "components/adapters/adapter.h"
#include "components/models/model.h"

namespace assay::models {
namespace {

struct Adapted final : Model {
  static constexpr Info kInfo{"adapted", 1, "A model with an adapter.",
                              "Hu et al. 2021, arXiv:2106.09685"};
  static constexpr std::string_view kNeutral = "@model";
  static constexpr std::string_view kExample = "model = { use = \"mlp\", hidden = [5] }";
  Slot<Model> model;
  Slot<Adapter> adapter{"lora"};

  static void params(Params<Adapted>& p) {
    p.add("model", &Adapted::model).required().doc("The network.");
    p.add("adapter", &Adapted::adapter).doc("What changes it.");
  }

  nn::Name name() const { return adapter_name(model->config()); }

  Output output() const override { return model->output(); }
  bool incremental() const override { return model->incremental(); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    model->declare(out, format, init);
    nn::Parameters own;
    adapter->declare(own, name(), out, init.fork(name()));
    for (const nn::Parameter& p : own) {
      if (out.find(p.name))
        throw std::runtime_error("adapted: the model has a parameter " + p.name + " already");
      out.add(p.name, p.value, p.role);
    }
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const nn::Forward::Hooked scope(pass);
    adapter->attach(pass, name());
    return model->forward(pass, format, batch);
  }

  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    return model->multiply_adds(parameters, format) + adapter->multiply_adds(parameters, format);
  }
};
ASSAY_REGISTER(Model, Adapted);

}  // namespace
}  // namespace assay::models
