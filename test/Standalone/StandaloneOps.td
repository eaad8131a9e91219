//===- StandaloneOps.td - An op of another project ---------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef STANDALONE_OPS_TD
#define STANDALONE_OPS_TD

include "mlir/Interfaces/SideEffectInterfaces.td"
include "tessera/Dialect/Patch/IR/WindowOpInterface.td"

def Standalone_Dialect : Dialect {
  let name = "standalone";
  let cppNamespace = "::standalone";
  let summary = "A dialect outside Tessera";
}

def Standalone_BlurOp : Op<Standalone_Dialect, "blur", [Pure,
    DeclareOpInterfaceMethods<Patch_WindowOpInterface, ["getWindowMap"]>]> {
  let summary = "Mean of the 3x3 neighbours, the border clipped";
  let arguments = (ins AnyStaticShapeTensor:$input);
  let results = (outs AnyStaticShapeTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

#endif // STANDALONE_OPS_TD
