#pragma once

// What a plugin and Assay must agree on before any code of the plugin runs: the version of the
// component interfaces and the string layout of libstdc++. GCC and Clang agree on everything else.
#define ASSAY_ABI_TEXT_(x) #x
#define ASSAY_ABI_TEXT(x) ASSAY_ABI_TEXT_(x)
#define ASSAY_ABI_PREFIX "assay-plugin-abi:"
#define ASSAY_ABI_STAMP ASSAY_ABI_PREFIX "1:cxx11=" ASSAY_ABI_TEXT(_GLIBCXX_USE_CXX11_ABI)

// At file scope in one source file of every plugin.
#define ASSAY_PLUGIN()                                                                    \
  extern "C" __attribute__((visibility("default"), used)) const char assay_plugin_abi[] = \
      ASSAY_ABI_STAMP
