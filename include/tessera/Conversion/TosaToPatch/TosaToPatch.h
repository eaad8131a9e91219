//===- TosaToPatch.h - From quantised TOSA to patch layers ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_CONVERSION_TOSATOPATCH_TOSATOPATCH_H
#define TESSERA_CONVERSION_TOSATOPATCH_TOSATOPATCH_H

#include "mlir/IR/PatternMatch.h"

namespace tessera {

/// Patterns for a greedy rewrite that turn quantised TOSA into patch layers,
/// and the canonicalisations of the patch dialect that finish them (padding
/// into convolutions, reshapes into fully connected layers). A pattern that
/// refuses an op says why through `notifyMatchFailure`.
void populateTosaToPatchPatterns(mlir::RewritePatternSet &patterns);

} // namespace tessera

#endif // TESSERA_CONVERSION_TOSATOPATCH_TOSATOPATCH_H
