#include "components/nn/forward.h"

#include "components/nn/name_patterns.h"

using namespace assay;
using namespace assay::nn;

namespace {

// Two layers, whose sites and parameters hooks may change.
Parameters two_layers() {
  Parameters out;
  declare_linear(out, "one", 3, 2, 1.0, Stream(1));
  declare_linear(out, "two", 2, 2, 1.0, Stream(1));
  return out;
}
Tensor run(Forward& pass) {
  pass.begin(Stream(1));
  const Var x = pass.tape().constant(Tensor::normal({4, 3}, 1.0, Stream(2)));
  return pass.tape().value(pass.linear("two", pass.linear("one", x, Activation::kRelu)));
}

std::string error_of(const std::vector<std::string>& patterns) {
  try {
    (void)selected(std::vector<std::string>{"hidden1.weight", "hidden1.bias", "output.weight"},
                   patterns, "no parameter");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("hooks see sites in order, and what one returns goes on") {
  const Parameters parameters = two_layers();
  Tape tape;
  Forward pass(tape, parameters, false, Stream(1));
  const Tensor plain = run(pass);
  std::vector<std::string> seen;
  pass.add_hook([&](std::string_view site, Var value) {
    seen.emplace_back(site);
    return site == "two" ? scale(value, 2.0) : value;
  });
  pass.add_hook(
      [](std::string_view site, Var value) { return site == "two" ? shift(value, 1.0) : value; });
  const Tensor out = run(pass);
  CHECK(seen == std::vector<std::string>{"one.in", "one", "one.act", "two.in", "two"});
  for (std::int64_t i = 0; i < out.count(); ++i)
    CHECK(out.get(i) == doctest::Approx(2 * plain.get(i) + 1));
}

TEST_CASE("a parameter's hook changes it wherever it is used, and nothing else") {
  const Parameters parameters = two_layers();
  Tape tape;
  Forward pass(tape, parameters, false, Stream(1));
  const Tensor plain = run(pass);
  pass.add_hook([](const Parameter& parameter, Var value) {
    return parameter.name.starts_with("two.") ? scale(value, -1.0) : value;
  });
  const Tensor out = run(pass);
  for (std::int64_t i = 0; i < out.count(); ++i)
    CHECK(out.get(i) == doctest::Approx(-plain.get(i)));
  // The gradient reaches the parameter through what the hook made of it.
  tape.backward(sum(pass.parameter("two.bias")));
  CHECK(tape.gradient_of(parameters.get("two.bias"))->get(0) == -1.0);
}

TEST_CASE("hooks of a scope go with it, run before those around it, innermost first") {
  const Parameters parameters = two_layers();
  Tape tape;
  Forward pass(tape, parameters, false, Stream(1));
  std::string order;
  const auto note = [&](char who) {
    return [&order, who](std::string_view site, Var value) {
      if (site == "two") order += who;
      return value;
    };
  };
  const auto note_parameter = [&](char who) {
    return [&order, who](const Parameter& parameter, Var value) {
      if (parameter.name == "two.weight") order += who;
      return value;
    };
  };
  const Tensor plain = run(pass);
  CHECK_FALSE(pass.watched());
  {
    const Forward::Hooked only(pass);
    pass.add_hook([](std::string_view, Var value) { return scale(value, 0.0); });
    CHECK(pass.watched());
    CHECK(run(pass).get(0) == 0.0);
  }
  CHECK_FALSE(pass.watched());
  CHECK(run(pass) == plain);

  pass.add_hook(note('a'));
  pass.add_hook(note_parameter('A'));
  {
    const Forward::Hooked outer(pass);
    pass.add_hook(note('b'));
    pass.add_hook(note('c'));
    pass.add_hook(note_parameter('B'));
    {
      const Forward::Hooked inner(pass);
      pass.add_hook(note('d'));
      pass.add_hook(note_parameter('D'));
      (void)run(pass);
      CHECK(order == "DBAdbca");
    }
    pass.add_hook(note('e'));
    order.clear();
    (void)run(pass);
    CHECK(order == "BAbcea");
  }
  pass.add_hook(note('f'));
  order.clear();
  (void)run(pass);
  CHECK(order == "Aaf");
}

TEST_CASE("updates run in the order of the pass, and are forgotten with it") {
  Parameters parameters = two_layers();
  Tape tape;
  Forward pass(tape, parameters, true, Stream(1));
  CHECK_FALSE(pass.has_updates());
  pass.after_step([](Parameters& all) { all.get("one.bias").value.fill(3.0); });
  pass.after_step([](Parameters& all) {
    Tensor& bias = all.get("one.bias").value;
    bias.fill(2 * bias.get(0));
  });
  CHECK(pass.has_updates());
  pass.run_updates(parameters);
  CHECK(parameters.get("one.bias").value == Tensor::full({2}, 6.0));
  pass.begin(Stream(1));
  CHECK_FALSE(pass.has_updates());
  pass.run_updates(parameters);
  CHECK(parameters.get("one.bias").value == Tensor::full({2}, 6.0));
}

TEST_CASE("a frozen parameter has no gradient, the others have what they had") {
  Parameters parameters = two_layers();
  const auto gradients = [&](Tape& tape) {
    Forward pass(tape, parameters, true, Stream(1));
    const Var x = tape.constant(Tensor::normal({4, 3}, 1.0, Stream(2)));
    tape.backward(sum(square(pass.linear("two", pass.linear("one", x, Activation::kTanh)))));
  };
  Tape all, some;
  gradients(all);
  parameters.get("two.weight").frozen = true;
  gradients(some);
  CHECK(some.gradient_of(parameters.get("two.weight")) == nullptr);
  for (const char* name : {"one.weight", "one.bias", "two.bias"})
    CHECK(*some.gradient_of(parameters.get(name)) == *all.gradient_of(parameters.get(name)));
  // With all of them frozen the loss has nobody to tell.
  for (Parameter& p : parameters) p.frozen = true;
  Tape none;
  gradients(none);
  for (const Parameter& p : parameters) CHECK(none.gradient_of(p) == nullptr);
}

TEST_CASE("a pattern's stars stand for any characters") {
  CHECK(matches("hidden1.weight", "hidden1.weight"));
  CHECK(matches("hidden1.weight", "*"));
  CHECK(matches("hidden1.weight", "hidden*.weight"));
  CHECK(matches("hidden1.weight", "*.w*t"));
  CHECK(matches("aab", "*ab"));
  CHECK(matches("", "**"));
  CHECK_FALSE(matches("hidden1.weight", "hidden1"));
  CHECK_FALSE(matches("hidden1.weight", "*.bias"));
  CHECK_FALSE(matches("ab", "a*b*c"));
  CHECK_FALSE(matches("", "a"));
  CHECK(selected(std::vector<std::string>{"a.w", "a.b", "c.w"},
                 std::vector<std::string>{"*.b", "c*"},
                 "") == std::vector<bool>{false, true, true});
}

TEST_CASE("a pattern that matches nothing names what is nearest") {
  CHECK(error_of({"hidden1.*"}) == "");
  CHECK(error_of({"hidden1.wieght"}) ==
        "no parameter \"hidden1.wieght\"; did you mean \"hidden1.weight\"?");
  CHECK(error_of({"hiden1.*"}) == "no parameter \"hiden1.*\"; did you mean \"hidden1.weight\"?");
  CHECK(error_of({"*.bais"}) == "no parameter \"*.bais\"; did you mean \"hidden1.bias\"?");
  CHECK(error_of({"query*"}) ==
        "no parameter \"query*\"; there are hidden1.weight, hidden1.bias, output.weight");
}
