#pragma once

#include <string>

namespace assay::report {

// One HTML file that needs no other and no network. `data`: the JSON that html/page.js reads
// (runner/cli/report_data.h makes it); whatever bytes its strings hold, they stay strings.
std::string page(const std::string& title, const std::string& data);

// A program for Node that prints a figure of the same data as SVG. `request`: JSON with "data",
// "kind" and "options".
std::string plot_script(const std::string& request);

// `text` as HTML shows it: in an element or in a quoted attribute.
std::string escaped_html(const std::string& text);

}  // namespace assay::report
