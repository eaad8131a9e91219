//===- PatchLoops.td - Loops over row kernels --------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHLOOPS_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHLOOPS_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tessera/Dialect/Patch/IR/PatchTypes.td"

//===----------------------------------------------------------------------===//
// Loops over row kernels
//===----------------------------------------------------------------------===//

def Patch_ArenaSliceOp : Patch_Op<"arena_slice", [Pure]> {
  let summary = "A part of the arena at a static offset";
  let description = [{
    ```mlir
    %ring = patch.arena_slice %arena[1152] : memref<65536xi8> -> memref<3456xi8>
    ```

    Constraint: V3 offset + size of the slice <= size of the arena.
  }];
  let arguments = (ins MemRefRankOf<[I8], [1]>:$arena, I64Attr:$offset);
  let results = (outs MemRefRankOf<[I8], [1]>:$slice);
  let assemblyFormat = [{
    $arena `[` $offset `]` attr-dict `:` type($arena) `->` type($slice)
  }];
  let hasVerifier = 1;
}

def Patch_RingOffsetOp : Patch_Op<"ring_offset", [Pure]> {
  let summary = "Where a row lies in its ring";
  let description = [{
    (row mod rows) · pitch: the byte offset of row number `row` in a ring of `rows`
    rows that are `pitch` bytes apart. A full tensor is a ring that never wraps:
    with `no_wrap` the row is known to be below `rows` and no remainder is taken.

    ```mlir
    %offset = patch.ring_offset %row {rows = 3 : i32, pitch = 1152 : i32}
    ```

    Constraint: V4 rows >= 1 and pitch >= 1.
  }];
  let arguments = (ins I32:$row, I32Attr:$rows, I32Attr:$pitch,
    UnitAttr:$no_wrap);
  let results = (outs I32:$offset);
  let assemblyFormat = "$row attr-dict";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Patch_CallKernelOp : Patch_Op<"call_kernel",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Call of a row kernel";
  let description = [{
    Calls the function `kernel`: memrefs are passed as plain pointers, the rest as it is. `layer` is the
    number of the layer in the network, to which its instructions are counted.

    ```mlir
    patch.call_kernel @conv2d_i8(%out, %offset, %in, %n) layer 3
      : (memref<3456xi8>, i32, memref<9216xi8>, i32)
    ```

    Constraint: K1 the function exists and takes a pointer for each memref or
    pointer, and the same type for everything else; it returns nothing.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
    Variadic<AnyTypeOf<[AnyMemRef, LLVM_AnyPointer, I32]>>:$args, I32Attr:$layer);
  let assemblyFormat = [{
    $kernel `(` $args `)` `layer` $layer attr-dict `:` `(` type($args) `)`
  }];
}

def Patch_ExternalInputOp : Patch_Op<"external_input", [Pure]> {
  let summary = "A network input that lies outside the arena";
  let description = [{
    Input number `number` of the network, from its pointer in the generated
    NAME_io structure `io`. It is never written.

    ```mlir
    %input = patch.external_input %io {number = 0 : i32} : memref<27648xi8>
    ```
  }];
  let arguments = (ins Patch_IoPointer:$io, I32Attr:$number);
  let results = (outs MemRefRankOf<[I8], [1]>:$input);
  let assemblyFormat = "$io attr-dict `:` type($input)";
}

def Patch_CallInputOp : Patch_Op<"call_input"> {
  let summary = "Call of the function that delivers input";
  let description = [{
    Asks the callback of input number `number` in the generated NAME_io structure
    `io`, which has `inputs` callbacks followed by their context, for columns
    [x, x + count) of row `row`, to be written to `slice` from byte `offset` on.
    The result is what the callback returned: 0, or a code that ends the run.

    ```mlir
    %status = patch.call_input %io(%slice, %offset, %row, %x, %count)
      {mode = #patch<input_mode rows>, number = 0 : i32, inputs = 1 : i32,
       pitch = 288 : i32} : memref<864xi8>
    ```
  }];
  let arguments = (ins Patch_IoPointer:$io, MemRefRankOf<[I8], [1]>:$slice,
    I32:$offset, I32:$row, I32:$x, I32:$count, Patch_InputModeAttr:$mode,
    I32Attr:$number, I32Attr:$inputs, I32Attr:$pitch);
  let results = (outs I32:$status);
  let assemblyFormat = [{
    $io `(` $slice `,` $offset `,` $row `,` $x `,` $count `)` attr-dict
    `:` type($slice)
  }];
}

#endif // TESSERA_DIALECT_PATCH_IR_PATCHLOOPS_TD
