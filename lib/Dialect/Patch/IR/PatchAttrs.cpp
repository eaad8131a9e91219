//===- PatchAttrs.cpp - Attributes of the patch dialect -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

using namespace mlir;
using namespace tessera::patch;

LogicalResult RequantAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<int32_t> multiplier,
                                  ArrayRef<int32_t> exponent, int32_t zeroPoint,
                                  int32_t min, int32_t max, Rounding rounding) {
  if (multiplier.size() != exponent.size())
    return emitError() << "R1: " << multiplier.size() << " multipliers but "
                       << exponent.size() << " exponents";
  if (multiplier.empty())
    return emitError() << "R2: at least one multiplier is needed";
  for (int32_t e : exponent)
    if (e < -31 || e > 30)
      return emitError() << "R3: exponent " << e << " is not in [-31, 30]";
  if (min > max)
    return emitError() << "R4: min " << min << " is above max " << max;
  return success();
}

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int32_t bands, int32_t strips, Halo haloY,
                               Halo haloX, ArrayRef<int32_t> rings,
                               ArrayRef<int64_t> offsets,
                               ArrayRef<int64_t> scratch) {
  if (bands < 1 || strips < 1)
    return emitError() << "P1: bands and strips must be at least 1, not "
                       << bands << " and " << strips;
  for (int32_t rows : rings)
    if (rows < 0)
      return emitError() << "P2: a ring of " << rows << " rows";
  auto expected = [](int32_t parts) {
    return parts == 1 ? Halo::Cache : Halo::Recompute;
  };
  if (haloY != expected(bands) || haloX != expected(strips))
    return emitError() << "P3: with " << bands << " bands and " << strips
                       << " strips the halo must be ["
                       << stringifyHalo(expected(bands)) << ", "
                       << stringifyHalo(expected(strips)) << "]";
  for (ArrayRef<int64_t> list : {offsets, scratch})
    for (int64_t offset : list)
      if (offset < -1)
        return emitError() << "P4: offset " << offset << " is below -1";
  return success();
}
