#pragma once

#include <doctest/doctest.h>

#include "runner/registry/pch.h"
