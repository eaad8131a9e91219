//===- Passes.td - Passes of the patch dialect -------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_TD
#define TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def RewriteReceptiveFieldPass
    : Pass<"patch-rewrite-receptive-field", "::mlir::func::FuncOp"> {
  let summary = "Compute only what an output reads and an input can change";
  let description = [{
    Exact for every input; the function's type stays. Until nothing changes:

    * `channels`: a channel that has one value for every input (weights of zero,
      a sum that the clamp always cuts off) goes, and what it adds to its readers
      goes into their biases; at a padded border only if it is the zero point,
      which adds nothing. A channel that nobody reads with a weight other than zero
      goes too. Ranges are trusted only where 32-bit sums cannot wrap. With
      `channel-multiple` the numbers of channels are rounded up by keeping some:
      kernels work on groups of channels.
    * `ends`: rows and columns at the end of a map that no layer reads go.
    * `strides`: the layer before a 1x1 convolution with a stride takes the stride
      over, as nobody else reads what the stride skips.
    * `kernels`: rows and columns of zeros at a kernel's border are trimmed.
    * `pointwise`: layers that work pixel by pixel (a 1x1 convolution) move before a
      resize that repeats pixels.

    What was saved is written down as `patch.removed_macs` on the function, and per
    rewrite in a remark. A function that has the attribute, or holds stages, is
    left alone.

    ```mlir
    // A 3x3 kernel that is zero but for its centre is a 1x1 kernel.
    %0 = patch.conv2d %x, %w3, %b {pad = array<i32: 1, 1, 1, 1>, …}
    // becomes
    %0 = patch.conv2d %x, %w1, %b {pad = array<i32: 0, 0, 0, 0>, …}
    ```
  }];
  let options = [
    Option<"channels", "channels", "bool", "true",
      "Remove constant and dead channels">,
    Option<"channelMultiple", "channel-multiple", "int64_t", "0",
      "Keep so many channels that their number is a multiple of this; 0: as the "
      "target's kernels like it, 4 with MVE and 1 otherwise">,
    Option<"ends", "ends", "bool", "true",
      "Remove rows and columns that no layer reads">,
    Option<"strides", "strides", "bool", "true",
      "Move strides of 1x1 convolutions to the layer before">,
    Option<"kernels", "kernels", "bool", "true",
      "Trim rows and columns of zeros off kernels">,
    Option<"pointwise", "pointwise", "bool", "true",
      "Move layers that work pixel by pixel before a resize">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::tessera::patch::PatchDialect"
  ];
}

def PlanStagesPass : Pass<"patch-plan-stages", "::mlir::func::FuncOp"> {
  let summary = "Group layers in stages and plan how each runs";
  let description = [{
    Asks the planner (lib/Planning) for the stages of the function, forms a
    `patch.stage` for each and writes the plan down: bands, strips, rings and
    offsets in `#patch.plan`, the offsets of resident inputs as `patch.offset` on
    the arguments, the size of the arena as `patch.arena_bytes` on the function.

    A function that already holds stages keeps them: what their plans leave out
    (rings, offsets) is filled in, what they give is checked.

    ```mlir
    // 8x8 map, two layers; streamed, the first layer's result is a ring of one row.
    %0 = patch.requantize %x {…} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %1 = patch.max_pool2d %0 {…} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
    // becomes, with schedule=stream
    %1 = patch.stage(%a = %x : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
        plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache],
                           rings = [2, 0], offsets = [256, 0], scratch = [-1, -1]> {…}
    ```
  }];
  let options = [
    Option<"schedule", "schedule", "::tessera::planning::Schedule",
      "::tessera::planning::Schedule::Auto",
      "Which plans are allowed",
      [{::llvm::cl::values(
        clEnumValN(::tessera::planning::Schedule::Auto, "auto",
                   "least RAM within max-recompute"),
        clEnumValN(::tessera::planning::Schedule::Layer, "layer",
                   "one layer after the other"),
        clEnumValN(::tessera::planning::Schedule::Patch, "patch",
                   "rectangles, halos recomputed"),
        clEnumValN(::tessera::planning::Schedule::Stream, "stream",
                   "rows through rings, nothing computed twice"))}]>,
    Option<"input", "input", "::tessera::patch::InputMode",
      "::tessera::patch::InputMode::Resident",
      "Where the network's input comes from",
      [{::llvm::cl::values(
        clEnumValN(::tessera::patch::InputMode::Resident, "resident",
                   "in the arena when the run starts"),
        clEnumValN(::tessera::patch::InputMode::External, "external",
                   "outside the arena, read only"),
        clEnumValN(::tessera::patch::InputMode::Rows, "rows",
                   "delivered row by row, each once"),
        clEnumValN(::tessera::patch::InputMode::Windows, "windows",
                   "delivered in windows, again if asked"))}]>,
    Option<"ramLimitBytes", "ram-limit", "int64_t", "0",
      "Most bytes the arena may have; 0: no limit">,
    Option<"maxRecompute", "max-recompute", "double", "0.0",
      "Bound on the recompute factor F; 0: 1.05 for auto, none otherwise">
  ];
  let dependentDialects = ["::tessera::patch::PatchDialect"];
}

def VerifyPlanPass : Pass<"patch-verify-plan", "::mlir::func::FuncOp"> {
  let summary = "Replay a function's plan and check every byte it reads";
  let description = [{
    Replays all kernel calls of the stages over a memory in which each byte knows
    whose row it holds. Fails if a loop nest would deadlock, if a row is read that
    something has overwritten, if anything lies outside the arena, or if the arena
    is larger than `ram-limit`. It shares no code with the planner's solver.
  }];
  let options = [
    Option<"ramLimitBytes", "ram-limit", "int64_t", "0",
      "Most bytes the arena may have; 0: no limit">
  ];
}

def MaterializeStagesPass
    : Pass<"patch-materialize-stages", "::mlir::ModuleOp"> {
  let summary = "Turn planned stages into loops over row kernels";
  let description = [{
    Replaces each function of planned stages by NAME_run(arena, io), which returns
    0 or what an input callback returned. Each stage becomes a loop over its
    patches around a loop over ticks; in a tick each layer makes at most one row,
    by one call of its row kernel, if its input rows exist and its ring has room.
    Row counters are the only state. Kernels, packed weights and tables are added
    to the module.
  }];
  let options = [
    Option<"weightsSection", "section-weights", "std::string", "\"\"",
      "Section of weights and tables; default .rodata.NAME.weights and .tables">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::tessera::patch::PatchDialect"
  ];
}

def VerifyLoopsPass : Pass<"patch-verify-loops", "::mlir::ModuleOp"> {
  let summary = "Check that loops touch nothing outside their part of the arena";
  let description = [{
    Nothing is allocated, every slice lies in the arena, and an offset that a kernel
    gets as a constant or from `patch.ring_offset` is that of a row in a ring no
    larger than its slice.
  }];
}

#endif // TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_TD
