#include "runner/config/amounts.h"

#include <doctest/doctest.h>

using assay::config::parse_duration;
using assay::config::parse_memory;

TEST_CASE("amounts of memory") {
  CHECK(parse_memory("1B") == 1.0);
  CHECK(parse_memory("500 MB") == 5e8);
  CHECK(parse_memory(" 1.5 GB ") == 1.5e9);
  CHECK(parse_memory("2GiB") == 2147483648.0);
  CHECK(parse_memory("1e3 kB") == 1e6);
  for (const char* wrong : {"", "lots", "5", "MB", "-1 GB", "0 GB", "inf GB", "nan MB", "0x10 MB",
                            "1 GB 1", "1 GB 2 MB", "1 mb", "1e400 B", "."})
    CHECK_MESSAGE(!parse_memory(wrong), wrong);
}

TEST_CASE("durations") {
  CHECK(parse_duration("90s") == 90.0);
  CHECK(parse_duration("1.5 h") == 5400.0);
  CHECK(parse_duration("1h30min") == 5400.0);
  CHECK(parse_duration("1d 1h 1min 1s 500ms") == doctest::Approx(90061.5));
  for (const char* wrong :
       {"", "soon", "10", "10 m", "min", "-1s", "0s", "inf s", "1h30", "1 hour", "1h,30min"})
    CHECK_MESSAGE(!parse_duration(wrong), wrong);
}
