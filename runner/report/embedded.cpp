// The assembler copies the files in (.incbin): no generated source, nothing to parse for the
// compiler. CMake compiles this file again when one of them changes.
#include "runner/report/embedded.h"

#define ASSAY_EMBED(symbol, file)                          \
  asm(".pushsection .rodata\n"                             \
      ".global assay_embedded_" #symbol                    \
      "\n"                                                 \
      ".hidden assay_embedded_" #symbol                    \
      "\n"                                                 \
      ".global assay_embedded_end_" #symbol                \
      "\n"                                                 \
      ".hidden assay_embedded_end_" #symbol                \
      "\n"                                                 \
      "assay_embedded_" #symbol                            \
      ":\n"                                                \
      ".incbin \"" ASSAY_SOURCE_DIR "/runner/report/" file \
      "\"\n"                                               \
      "assay_embedded_end_" #symbol                        \
      ":\n"                                                \
      ".byte 0\n"                                          \
      ".popsection\n");                                    \
  extern "C" const char assay_embedded_##symbol[], assay_embedded_end_##symbol[]

ASSAY_EMBED(page_html, "html/page.html");
ASSAY_EMBED(page_css, "html/page.css");
ASSAY_EMBED(drawing_js, "html/drawing.js");
ASSAY_EMBED(figures_js, "html/figures.js");
ASSAY_EMBED(parts_js, "html/parts.js");
ASSAY_EMBED(page_js, "html/page.js");
ASSAY_EMBED(plot_js, "html/plot.js");
ASSAY_EMBED(vega_js, "third_party/vega.min.js");
ASSAY_EMBED(vega_lite_js, "third_party/vega-lite.min.js");
ASSAY_EMBED(licences, "third_party/LICENCES");

namespace assay::report::embedded {

#define ASSAY_EMBEDDED(symbol)                                                                \
  std::string_view symbol() {                                                                 \
    return {assay_embedded_##symbol,                                                          \
            static_cast<std::size_t>(assay_embedded_end_##symbol - assay_embedded_##symbol)}; \
  }

ASSAY_EMBEDDED(page_html)
ASSAY_EMBEDDED(page_css)
ASSAY_EMBEDDED(drawing_js)
ASSAY_EMBEDDED(figures_js)
ASSAY_EMBEDDED(parts_js)
ASSAY_EMBEDDED(page_js)
ASSAY_EMBEDDED(plot_js)
ASSAY_EMBEDDED(vega_js)
ASSAY_EMBEDDED(vega_lite_js)
ASSAY_EMBEDDED(licences)

}  // namespace assay::report::embedded
