//===- Assembly.h - Inner loops in assembly ---------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inner loops of the MVE kernels are one asm statement each, with fixed
// registers: a dense block has eight sums in the eight even core registers and
// six scalars in the odd ones, which LLVM's allocator does not keep apart.
// Everything around a statement is ordinary IR.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_MVE_ASSEMBLY_H
#define TESSERA_LIB_KERNELS_MVE_ASSEMBLY_H

#include "tessera/Kernels/KernelBuilder.h"

#include "llvm/ADT/Twine.h"

#include <string>

namespace tessera::kernels::mve {

/// The text of a statement, line by line. Labels are numbers, so that a
/// statement may be duplicated.
class Assembly {
public:
  void line(const llvm::Twine &text) { text_ += (text + "\n").str(); }
  const std::string &text() const { return text_; }

private:
  std::string text_;
};

/// A core register and its value before a statement.
struct AsmInput {
  llvm::StringRef registerName;
  Val value;
};

/// Emits a statement that may read and write any memory. It may overwrite the
/// registers of its inputs; their values after it are returned, in order.
/// `clobbers` lists the other registers that it writes, separated by blanks;
/// flags, `vpr` and `lr` included.
Vals emitAssembly(KernelBuilder &k, const Assembly &assembly,
                  llvm::ArrayRef<AsmInput> inputs, llvm::StringRef clobbers);

} // namespace tessera::kernels::mve

#endif // TESSERA_LIB_KERNELS_MVE_ASSEMBLY_H
