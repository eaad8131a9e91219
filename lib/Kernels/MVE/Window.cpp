//===- Window.cpp - Windows gathered into a scratch -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a ring wraps is settled once per call, in a table of row addresses at
// the start of the scratch. A window that is clipped on the left or right is
// filled with the zero point before what is stored of it is copied. The copy
// is a tail-predicated loop per row.
//
//===----------------------------------------------------------------------===//

#include "Window.h"

#include "Assembly.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

int64_t mve::gatherBytes(int64_t kernelHeight, int64_t windowBytes,
                         int64_t numPanels) {
  return 4 * kernelHeight + numPanels * windowBytes;
}

void mve::emitFill(KernelBuilder &k, Val to, Val bytes, Val value) {
  Assembly a;
  a.line("vdup.8 q0, r3");
  a.line("wlstp.8 lr, r2, 2f");
  a.line("1:");
  a.line("vstrb.8 q0, [r1], #16");
  a.line("letp lr, 1b");
  a.line("2:");
  AsmInput inputs[] = {{"r1", to}, {"r2", bytes}, {"r3", value}};
  emitAssembly(k, a, inputs, "lr q0 vpr");
}

void mve::emitRowTable(KernelBuilder &k, const KernelArgs &args, Val table) {
  forTapRows(k, args, {table}, [&](Val row, ArrayRef<Val> c) -> Vals {
    LLVM::StoreOp::create(k.builder, k.loc, row.value, c[0].value,
                          /*alignment=*/4);
    return {c[0] + 4};
  });
}

WindowGather::WindowGather(KernelBuilder &k, const KernelArgs &args,
                           const WindowShape &shape, int32_t numPanels,
                           bool isDilated)
    : k(k), shape(shape), isDilated(isDilated),
      rowTable(args.get(ArgRole::Scratch)),
      panels(rowTable + (shape.kernelHeight << 2)),
      numRows(args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin)),
      columns(args.get(ArgRole::InColumns)),
      firstRow(args.get(ArgRole::TapBegin) * shape.rowBytes) {
  emitRowTable(k, args, rowTable);
  k.ifThen(numRows < shape.kernelHeight, [&] {
    emitFill(k, panels, shape.windowBytes * numPanels, shape.zeroPoint);
  });
}

/// Copies `bytes` bytes, from byte `from` of each stored row to byte `to` of
/// each row of a panel.
void WindowGather::copyRows(Val from, Val to, Val bytes) const {
  Assembly a;
  a.line("1:");
  a.line("ldr r6, [r0], #4");
  a.line("mov r8, r3");
  a.line("add r6, r2");
  a.line("add r3, r4");
  a.line("wlstp.8 lr, r5, 3f");
  a.line("2:");
  a.line("vldrb.u8 q0, [r6], #16");
  a.line("vstrb.8 q0, [r8], #16");
  a.line("letp lr, 2b");
  a.line("3:");
  a.line("subs r1, r1, #1");
  a.line("bne 1b");
  AsmInput inputs[] = {{"r0", rowTable}, {"r1", numRows},        {"r2", from},
                       {"r3", to},       {"r4", shape.rowBytes}, {"r5", bytes}};
  emitAssembly(k, a, inputs, "r6 r8 lr q0 vpr");
}

/// Copies whole rows of two windows from byte `from` and `from` + `distance` of
/// each stored row.
void WindowGather::copyRowPairs(Val from, Val distance) const {
  Assembly a;
  a.line("1:");
  a.line("ldr r6, [r0], #4");
  a.line("mov r10, r3");
  a.line("add.w r11, r3, r7");
  a.line("add r6, r2");
  a.line("add.w r8, r6, r5");
  a.line("add r3, r4");
  a.line("dlstp.8 lr, r4");
  a.line("2:");
  a.line("vldrb.u8 q0, [r6], #16");
  a.line("vstrb.8 q0, [r10], #16");
  a.line("vldrb.u8 q1, [r8], #16");
  a.line("vstrb.8 q1, [r11], #16");
  a.line("letp lr, 2b");
  a.line("subs r1, r1, #1");
  a.line("bne 1b");
  AsmInput inputs[] = {
      {"r0", rowTable},          {"r1", numRows},        {"r2", from},
      {"r3", panels + firstRow}, {"r4", shape.rowBytes}, {"r5", distance},
      {"r7", shape.windowBytes}};
  emitAssembly(k, a, inputs, "r6 r8 r10 r11 lr q0 q1 vpr");
}

void WindowGather::gatherPair(Val column, Val stride, Val hasSecond) const {
  auto oneByOne = [&]() -> Vals {
    k.loop(k.select(hasSecond, k.i32(2), k.i32(1)), {column, panels},
           [&](ArrayRef<Val> v) -> Vals {
             gather(v[0], v[1]);
             return {v[0] + stride, v[1] + shape.windowBytes};
           });
    return {};
  };
  if (isDilated) {
    oneByOne();
    return;
  }
  Val isInside = (column >= 0) & hasSecond &
                 (column + stride + shape.kernelWidth <= columns);
  auto together = [&]() -> Vals {
    copyRowPairs(column * shape.pixelBytes, stride * shape.pixelBytes);
    return {};
  };
  k.ifElse(isInside, together, oneByOne);
}

void WindowGather::gather(Val column, Val panel) const {
  Val zero = k.i32(0), to = panel + firstRow;
  Val reach = column + (shape.kernelWidth - 1) * shape.dilationX;
  Val isInside = (column >= 0) & (reach < columns);
  k.ifElse(
      isInside, [] { return Vals(); },
      [&]() -> Vals {
        emitFill(k, to, numRows * shape.rowBytes, shape.zeroPoint);
        return {};
      });
  if (!isDilated) {
    Val begin = k.max(zero - column, zero);
    Val end = k.min(columns - column, shape.kernelWidth);
    copyRows((column + begin) * shape.pixelBytes, to + begin * shape.pixelBytes,
             k.max(end - begin, zero) * shape.pixelBytes);
    return;
  }
  k.loop(shape.kernelWidth, {column, to}, [&](ArrayRef<Val> c) -> Vals {
    k.ifThen((c[0] >= 0) & (c[0] < columns), [&] {
      copyRows(c[0] * shape.pixelBytes, c[1], shape.pixelBytes);
    });
    return {c[0] + shape.dilationX, c[1] + shape.pixelBytes};
  });
}
