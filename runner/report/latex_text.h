#pragma once

#include <string>

namespace assay::report {

// Text that somebody wrote (labels, messages), escaped so that pdfLaTeX, XeLaTeX and LuaLaTeX all
// set it, whatever characters it holds. Where a font of pdfLaTeX lacks a character its code point
// is told instead: "[U+6F22]".
std::string latex_text(const std::string& text);

}  // namespace assay::report
