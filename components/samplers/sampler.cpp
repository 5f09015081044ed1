#include "components/samplers/sampler.h"

#include <algorithm>
#include <cmath>

namespace assay {

void Samples::save(Archive& out) const {
  const double fields[] = {static_cast<double>(count), static_cast<double>(width),
                           function_evaluations};
  out.put("fields", Array::of<double>(fields, {3}));
  out.put("prompts", Array::of<std::int32_t>(prompts, {static_cast<std::int64_t>(prompts.size())}));
  std::string all;
  for (const std::string& symbol : symbols) all += symbol + '\0';
  out.put_text("symbols", all);
  if (!filled.empty())
    out.put("filled", Array::of<std::int32_t>(filled, {static_cast<std::int64_t>(filled.size())}));
  if (!values.empty()) out.put("values", values.to_array());
  if (!shift.empty()) out.put("shift", shift.to_array());
  if (!scale.empty()) out.put("scale", scale.to_array());
  out.put("tokens", Array::of<std::int32_t>(tokens, {static_cast<std::int64_t>(tokens.size())}));
}

namespace {

constexpr int kLargestSide = 32;
constexpr int kColumns = 76;  // of a terminal

// Square pictures beside one another, two characters a pixel, in five shades between the numbers
// that one in fifty is below and above.
std::string pictures(const Samples& samples, int most) {
  static constexpr const char* kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  const int side = static_cast<int>(std::lround(std::sqrt(samples.width)));
  if (side < 2 || side > kLargestSide || side * side != samples.width) return {};
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < samples.values.count(); ++i) {
    const std::int64_t j = i % samples.width;
    const double value = samples.values.get(i);
    numbers.push_back(samples.scale.empty() ? value
                                            : value * samples.scale.get(j) + samples.shift.get(j));
  }
  std::vector<double> sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 50],
               high = sorted[sorted.size() - 1 - sorted.size() / 50];
  const auto shade = [&](double value) {
    const double level = high > low ? (value - low) / (high - low) : 0.0;
    return kShades[static_cast<int>(std::lround(4.0 * std::clamp(level, 0.0, 1.0)))];
  };
  const int across = std::max(1, kColumns / (2 * side + 2));
  std::string out;
  for (int first = 0; first < std::min(most, samples.count); first += across) {
    for (int row = 0; row < side; ++row) {
      for (int i = first; i < std::min({first + across, most, samples.count}); ++i) {
        if (i > first) out += "  ";
        for (int column = 0; column < side; ++column)
          out += shade(numbers[static_cast<std::size_t>((i * side + row) * side + column)]);
      }
      out += "\n";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string Samples::preview(int most) const {
  if (!values.empty()) return pictures(*this, most);
  if (symbols.empty()) return {};
  const auto text_of = [&](const std::vector<std::int32_t>& rows, int i) {
    const auto columns = static_cast<std::ptrdiff_t>(rows.size()) / count;
    std::string out;
    for (std::ptrdiff_t j = i * columns; j < (i + 1) * columns; ++j)
      out += symbols.at(static_cast<std::size_t>(rows[static_cast<std::size_t>(j)]));
    return out;
  };
  std::string out;
  for (int i = 0; i < std::min(most, count); ++i)
    out += text_of(prompts, i) + " → " + text_of(tokens, i) + "\n\n";
  return out;
}

std::size_t Samples::bytes() const {
  return 4 * (prompts.size() + tokens.size() + filled.size()) + values.bytes() + shift.bytes() +
         scale.bytes();
}

std::shared_ptr<const Samples> Samples::load(const Archive& in) {
  auto out = std::make_shared<Samples>();
  const auto fields = in.array("fields").as<double>();
  out->count = static_cast<int>(fields[0]);
  out->width = static_cast<int>(fields[1]);
  out->function_evaluations = fields[2];
  const auto prompts = in.array("prompts").as<std::int32_t>(),
             tokens = in.array("tokens").as<std::int32_t>();
  if (in.has("filled")) {
    const auto filled = in.array("filled").as<std::int32_t>();
    out->filled.assign(filled.begin(), filled.end());
  }
  if (in.has("values")) out->values = nn::Tensor::from_array(in.array("values"));
  if (in.has("shift")) out->shift = nn::Tensor::from_array(in.array("shift"));
  if (in.has("scale")) out->scale = nn::Tensor::from_array(in.array("scale"));
  out->prompts.assign(prompts.begin(), prompts.end());
  out->tokens.assign(tokens.begin(), tokens.end());
  const std::string& all = in.text("symbols");
  for (std::size_t from = 0; from < all.size();) {
    const std::size_t end = all.find('\0', from);
    out->symbols.push_back(all.substr(from, end - from));
    from = end + 1;
  }
  return out;
}
ASSAY_ARTIFACT(Samples);

}  // namespace assay
