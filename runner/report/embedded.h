#pragma once

#include <string_view>

// Files of this room that lie inside the binary: an installed `assay` needs none beside it.
namespace assay::report::embedded {

std::string_view page_html();
std::string_view page_css();
std::string_view drawing_js();
std::string_view figures_js();  // data of a report to Vega-Lite specifications
std::string_view parts_js();
std::string_view page_js();  // what the page does with them
std::string_view plot_js();  // the same in Node, to SVG
std::string_view vega_js();
std::string_view vega_lite_js();
std::string_view licences();  // of both, and of what they hold

}  // namespace assay::report::embedded
