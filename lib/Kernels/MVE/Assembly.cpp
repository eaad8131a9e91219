//===- Assembly.cpp - Inner loops in assembly -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every input is tied to an output in the same register: that is how a
// statement says that it overwrites what it reads.
//
//===----------------------------------------------------------------------===//

#include "Assembly.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

Vals mve::emitAssembly(KernelBuilder &k, const Assembly &assembly,
                       ArrayRef<AsmInput> inputs, StringRef clobbers) {
  SmallVector<std::string> constraints;
  SmallVector<Value> values;
  SmallVector<Type> types;
  for (const AsmInput &input : inputs) {
    constraints.push_back(("={" + input.registerName + "}").str());
    values.push_back(input.value.value);
    types.push_back(input.value.value.getType());
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    constraints.push_back(std::to_string(i));
  SmallVector<StringRef> names;
  clobbers.split(names, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef name : names)
    constraints.push_back(("~{" + name + "}").str());
  constraints.push_back("~{cc}");
  constraints.push_back("~{memory}");

  MLIRContext *context = k.builder.getContext();
  Type result = types.size() == 1
                    ? types.front()
                    : LLVM::LLVMStructType::getLiteral(context, types);
  auto op = LLVM::InlineAsmOp::create(
      k.builder, k.loc, result, values, assembly.text(),
      llvm::join(constraints, ","), /*has_side_effects=*/true,
      /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr(), ArrayAttr());
  if (types.size() == 1)
    return {k.wrap(op.getResult(0))};
  Vals after;
  for (size_t i = 0; i < types.size(); ++i)
    after.push_back(k.wrap(LLVM::ExtractValueOp::create(
        k.builder, k.loc, op.getResult(0), ArrayRef<int64_t>(i))));
  return after;
}
