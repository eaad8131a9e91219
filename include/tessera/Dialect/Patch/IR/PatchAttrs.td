//===- PatchAttrs.td - Attributes of the patch dialect -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHATTRS_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "tessera/Dialect/Patch/IR/PatchBase.td"

class Patch_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Patch_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

def Patch_Rounding : I32EnumAttr<
    "Rounding", "how a product is rounded when it is scaled down", [
      I32EnumAttrCase<"TFLite", 0, "tflite">,
      I32EnumAttrCase<"Double", 1, "double">,
      I32EnumAttrCase<"Single", 2, "single">
    ]> {
  let cppNamespace = "::tessera::patch";
  let genSpecializedAttr = 0;
  let description = [{
    With v the value, m the 32-bit multiplier and e the exponent (positive: to
    the left), the scaled value is about v * m * 2^(e - 31).

    * `tflite`: TensorFlow Lite's two roundings. v is shifted left by max(e, 0)
      with 32-bit wrap-around; h = floor((v * m + 2^30) / 2^31); then h is divided
      by 2^max(-e, 0), ties away from zero.
    * `double`: TOSA's DOUBLE_ROUND: (v * m + 2^(30 - e) ± 2^30) >> (31 - e) in
      64 bits, + for v >= 0, - for v < 0, the second term only if 31 - e > 31.
    * `single`: TOSA's SINGLE_ROUND: (v * m + 2^(30 - e)) >> (31 - e).
  }];
}

def Patch_Halo : I32EnumAttr<
    "Halo", "how the halo between neighbouring patches is served", [
      I32EnumAttrCase<"Cache", 0, "cache">,
      I32EnumAttrCase<"Recompute", 1, "recompute">
    ]> {
  let cppNamespace = "::tessera::patch";
  let genSpecializedAttr = 0;
}

def Patch_InputMode : I32EnumAttr<
    "InputMode", "where a network's input comes from", [
      I32EnumAttrCase<"Resident", 0, "resident">,
      I32EnumAttrCase<"External", 1, "external">,
      I32EnumAttrCase<"Rows", 2, "rows">,
      I32EnumAttrCase<"Windows", 3, "windows">
    ]> {
  let cppNamespace = "::tessera::patch";
  let genSpecializedAttr = 0;
}

def Patch_InputModeAttr
    : EnumAttr<Patch_Dialect, Patch_InputMode, "input_mode">;

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

def Patch_RequantAttr : Patch_Attr<"Requant", "requant"> {
  let summary = "From 32-bit sums to quantised results, and the clamp";
  let description = [{
    result = clamp(scale(sum, multiplier, exponent) + zero_point, min, max),
    where `scale` is defined by `rounding`. `multiplier` and `exponent` have one
    entry, or one per output channel. The exponent is TensorFlow Lite's "shift":
    positive to the left. Multipliers may be negative (networks with negative
    weight scales exist) or 0 (scales below 2^-32 flush to 0).

    ```mlir
    #patch.requant<multiplier = [1610612736], exponent = [-9],
                   zero_point = -128, min = -128, max = 127, rounding = tflite>
    ```

    Constraints: R1 as many exponents as multipliers; R2 at least one;
    R3 exponents in [-31, 30]; R4 min <= max.
  }];
  let parameters = (ins
    ArrayRefParameter<"int32_t">:$multiplier,
    ArrayRefParameter<"int32_t">:$exponent,
    "int32_t":$zeroPoint,
    "int32_t":$min,
    "int32_t":$max,
    EnumParameter<Patch_Rounding>:$rounding
  );
  let assemblyFormat = [{
    `<` `multiplier` `=` `[` $multiplier `]` `,` `exponent` `=` `[` $exponent `]`
    `,` `zero_point` `=` $zeroPoint `,` `min` `=` $min `,` `max` `=` $max `,`
    `rounding` `=` $rounding `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

def Patch_PlanAttr : Patch_Attr<"Plan", "plan"> {
  let summary = "How a stage is tiled, and where its tensors lie";
  let description = [{
    The stage's result is cut into `bands` (intervals of rows) times `strips`
    (intervals of columns). Each of these patches starts with empty rings.
    `halo` says for y and x how what two neighbouring patches both need is
    served: an axis that is not cut serves it by the cache (the rings hold it),
    an axis that is cut computes it again.

    `rings` has an entry per layer of the stage, in order: the rows of the ring
    that holds the layer's result; 0 for a result that is whole (read outside the
    stage). `offsets` has an entry per layer: the byte offset of that ring or
    tensor in the arena; `scratch` the same for what a kernel needs besides.
    All three may be left out of a plan that is written by hand: the planner
    fills them in. What is given is checked, not trusted.

    ```mlir
    #patch.plan<bands = 1, strips = 3, halo = [cache, recompute],
                rings = [3, 1, 0], offsets = [0, 1152, 4096],
                scratch = [-1, -1, -1]>
    ```

    Constraints: P1 bands, strips >= 1; P2 rings >= 0; P3 halo agrees with bands
    and strips; P4 offsets and scratch are -1 (not in the arena) or >= 0.
  }];
  let parameters = (ins
    "int32_t":$bands,
    "int32_t":$strips,
    EnumParameter<Patch_Halo>:$haloY,
    EnumParameter<Patch_Halo>:$haloX,
    OptionalArrayRefParameter<"int32_t">:$rings,
    OptionalArrayRefParameter<"int64_t">:$offsets,
    OptionalArrayRefParameter<"int64_t">:$scratch
  );
  let assemblyFormat = [{
    `<` `bands` `=` $bands `,` `strips` `=` $strips `,`
    `halo` `=` `[` $haloY `,` $haloX `]`
    (`,` `rings` `=` `[` $rings^ `]`)?
    (`,` `offsets` `=` `[` $offsets^ `]`)?
    (`,` `scratch` `=` `[` $scratch^ `]`)? `>`
  }];
  let genVerifyDecl = 1;
}

#endif // TESSERA_DIALECT_PATCH_IR_PATCHATTRS_TD
