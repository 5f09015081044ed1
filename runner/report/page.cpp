#include "runner/report/page.h"

#include <map>

#include "runner/report/embedded.h"

namespace assay::report {

namespace {

// Without the last line, which would make a browser's tools ask for a file that is not there.
std::string_view without_map(std::string_view script) {
  return script.substr(0, script.rfind("\n//# sourceMappingURL="));
}

// JSON has '<' only inside of strings: written as an escape, no string can end the script element
// that holds it, nor begin a comment.
std::string inside_script(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

// The template with every {{name}} replaced; what is put in is not looked at again.
std::string filled(std::string_view text, const std::map<std::string_view, std::string>& parts) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{"), close = text.find("}}");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    out += parts.at(text.substr(open + 2, close - open - 2));
    text = text.substr(close + 2);
  }
}

// A script that finds neither a module system nor a loader puts its exports on the global object.
std::string as_global(std::string_view script) {
  return "(function (module, exports, define, require) {" + std::string(without_map(script)) +
         "\n}).call(globalThis);\n";
}

std::string joined(std::initializer_list<std::string_view> scripts) {
  std::string out;
  for (const std::string_view script : scripts) out.append(script).append("\n");
  return out;
}

}  // namespace

std::string escaped_html(const std::string& text) {
  static const std::map<char, std::string_view> kEntities = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string out;
  for (const char c : text) {
    const auto entity = kEntities.find(c);
    if (entity == kEntities.end())
      out += c;
    else
      out += entity->second;
  }
  return out;
}

std::string page(const std::string& title, const std::string& data) {
  namespace part = embedded;
  return filled(part::page_html(), {{"title", escaped_html(title)},
                                    {"style", std::string(part::page_css())},
                                    {"data", inside_script(data)},
                                    {"licences", std::string(part::licences())},
                                    {"vega", std::string(without_map(part::vega_js()))},
                                    {"vega-lite", std::string(without_map(part::vega_lite_js()))},
                                    {"figures", joined({part::drawing_js(), part::figures_js()})},
                                    {"page", joined({part::parts_js(), part::page_js()})}});
}

std::string plot_script(const std::string& request) {
  return as_global(embedded::vega_js()) + as_global(embedded::vega_lite_js()) +
         std::string(embedded::drawing_js()) + std::string(embedded::figures_js()) +
         "globalThis.request = " + request + ";\n" + std::string(embedded::plot_js());
}

}  // namespace assay::report
