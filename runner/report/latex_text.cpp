#include "runner/report/latex_text.h"

#include <algorithm>
#include <cstdio>

namespace assay::report {

namespace {

struct Word {
  char32_t point;
  std::string_view text;
};

// What may not stand as it is.
constexpr Word kWords[] = {{U'\\', "\\textbackslash{}"},
                           {U'~', "$\\sim$"},
                           {U'^', "\\^{}"},
                           {U'<', "\\textless{}"},
                           {U'>', "\\textgreater{}"},
                           {U'|', "\\textbar{}"},
                           {U'"', "''"},
                           {U'&', "\\&"},
                           {U'%', "\\%"},
                           {U'$', "\\$"},
                           {U'#', "\\#"},
                           {U'_', "\\_"},
                           {U'{', "\\{"},
                           {U'}', "\\}"},
                           {U'`', "{`}"},
                           {U'\u00a0', "~"},
                           {U'–', "--"},
                           {U'—', "---"},
                           {U'…', "\\ldots{}"},
                           {U'‘', "`"},
                           {U'’', "'"},
                           {U'“', "``"},
                           {U'”', "''"},
                           {U'†', "\\dag{}"},
                           {U'§', "\\S{}"},
                           {U'±', "$\\pm$"},
                           {U'×', "$\\times$"},
                           {U'·', "$\\cdot$"},
                           {U'°', "$^{\\circ}$"},
                           {U'²', "$^{2}$"},
                           {U'³', "$^{3}$"},
                           {U'µ', "$\\mu$"},
                           {U'−', "$-$"},
                           {U'→', "$\\to$"},
                           {U'←', "$\\leftarrow$"},
                           {U'↑', "$\\uparrow$"},
                           {U'↓', "$\\downarrow$"},
                           {U'≤', "$\\le$"},
                           {U'≥', "$\\ge$"},
                           {U'≠', "$\\ne$"},
                           {U'≈', "$\\approx$"},
                           {U'∞', "$\\infty$"},
                           {U'∈', "$\\in$"},
                           {U'∑', "$\\sum$"},
                           {U'∂', "$\\partial$"},
                           {U'∇', "$\\nabla$"},
                           {U'∘', "$\\circ$"},
                           {U'½', "$\\frac{1}{2}$"},
                           {U'ß', "\\ss{}"},
                           {U'æ', "\\ae{}"},
                           {U'Æ', "\\AE{}"},
                           {U'ø', "\\o{}"},
                           {U'Ø', "\\O{}"},
                           {U'å', "\\aa{}"},
                           {U'Å', "\\AA{}"},
                           {U'ł', "\\l{}"},
                           {U'Ł', "\\L{}"},
                           {U'œ', "\\oe{}"},
                           {U'Œ', "\\OE{}"},
                           {U'ı', "\\i{}"}};

// Greek as in mathematics; the capitals that look like Latin ones have no command.
constexpr Word kGreek[] = {
    {U'α', "alpha"},  {U'β', "beta"},   {U'γ', "gamma"}, {U'δ', "delta"},   {U'ε', "varepsilon"},
    {U'ζ', "zeta"},   {U'η', "eta"},    {U'θ', "theta"}, {U'ι', "iota"},    {U'κ', "kappa"},
    {U'λ', "lambda"}, {U'μ', "mu"},     {U'ν', "nu"},    {U'ξ', "xi"},      {U'π', "pi"},
    {U'ρ', "rho"},    {U'σ', "sigma"},  {U'τ', "tau"},   {U'υ', "upsilon"}, {U'φ', "varphi"},
    {U'χ', "chi"},    {U'ψ', "psi"},    {U'ω', "omega"}, {U'Γ', "Gamma"},   {U'Δ', "Delta"},
    {U'Θ', "Theta"},  {U'Λ', "Lambda"}, {U'Ξ', "Xi"},    {U'Π', "Pi"},      {U'Σ', "Sigma"},
    {U'Φ', "Phi"},    {U'Ψ', "Psi"},    {U'Ω', "Omega"}};

// Letters of Western and Central Europe that LaTeX makes of a letter and an accent.
constexpr std::u32string_view kAccented =
    U"ÀÁÂÃÄÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäçèéêëìíîïñòóôõöùúûüýÿ"
    U"ĂăĆćČčĎďĚěĞğİĹĺŃńŇňŐőŔŕŘřŚśŞşŠšŤťŮůŰűŹźŻżŽž";

struct Point {
  char32_t value = 0;
  std::size_t bytes = 1;
};

// The code point at a place of UTF-8; U+FFFD for bytes that are none.
Point point_at(const std::string& text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t value = lead & (0x7F >> bytes);
  if (lead < 0xC2 || lead > 0xF4 || at + bytes > text.size()) return {0xFFFD, 1};
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0) != 0x80) return {0xFFFD, 1};
    value = value << 6 | (byte & 0x3F);
  }
  return {value, bytes};
}

// pdfLaTeX stops at a character that its fonts lack.
std::string other(char32_t point) {
  char text[80];
  std::snprintf(text, sizeof text, "\\ifdefined\\Umathchar\\char%u\\relax\\else{[}U+%04X{]}\\fi{}",
                static_cast<unsigned>(point), static_cast<unsigned>(point));
  return text;
}

template <std::size_t kCount>
std::string_view find(const Word (&words)[kCount], char32_t point) {
  const auto* found = std::find_if(std::begin(words), std::end(words),
                                   [&](const Word& word) { return word.point == point; });
  return found == std::end(words) ? std::string_view() : found->text;
}

// A bracket or a star at the start of a row would be an argument of the line break before it; two
// hyphens would be a dash.
bool is_protected(const std::string& text, std::size_t at) {
  return (at == 0 && (text[at] == '[' || text[at] == '*')) ||
         (text[at] == '-' && at + 1 < text.size() && text[at + 1] == '-');
}

}  // namespace

std::string latex_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const Point point = point_at(text, i);
    const std::string_view word = find(kWords, point.value), letter = find(kGreek, point.value);
    if (!word.empty())
      out += word;
    else if (!letter.empty())
      out += "$\\" + std::string(letter) + "$";
    else if (is_protected(text, i))
      out += std::string("{") + text[i] + "}";
    else if (point.value < 0x80 || kAccented.find(point.value) != std::u32string_view::npos)
      out += text.substr(i, point.bytes);
    else
      out += other(point.value);
    i += point.bytes;
  }
  return out;
}

}  // namespace assay::report
