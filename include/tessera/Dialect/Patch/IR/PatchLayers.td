//===- PatchLayers.td - Quantised layers -------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHLAYERS_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHLAYERS_TD

include "mlir/Interfaces/SideEffectInterfaces.td"
include "tessera/Dialect/Patch/IR/PatchTypes.td"
include "tessera/Dialect/Patch/IR/WindowOpInterface.td"

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

class Patch_LayerOp<string mnemonic, list<string> windowMethods = [],
                    list<Trait> traits = []>
    : Patch_Op<mnemonic, !listconcat(traits, [
        Pure,
        DeclareOpInterfaceMethods<Patch_WindowOpInterface, windowMethods>])> {
  let hasVerifier = 1;
}

def Patch_Conv2DOp : Patch_LayerOp<"conv2d",
    ["getWindowMap", "getMacsPerPixel"]> {
  let summary = "Quantised 2-D convolution with bias, requantisation and clamp";
  let description = [{
    sum[y, x, o] = bias[o] + Σ (input[y·sy − pt + ky·dy, x·sx − pl + kx·dx, i] −
    input_zp) · weights[o, ky, kx, i] in 32-bit wrap-around arithmetic, over the
    taps that lie inside the input; then `requant`. Weights are OHWI; with
    I = C / groups input channels per group.

    `pad` is [top, bottom, left, right]; `stride` and `dilation` are [y, x].

    ```mlir
    // 8x8x3 -> 4x4x16, 3x3, stride 2: pad bottom and right only ("SAME").
    %0 = patch.conv2d %input, %weights, %bias {
      stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>,
      pad = array<i32: 0, 1, 0, 1>, input_zp = -128 : i32,
      requant = #patch.requant<multiplier = [1610612736], exponent = [-9],
        zero_point = -128, min = -128, max = 127, rounding = tflite>
    } : (tensor<1x8x8x3xi8>, tensor<16x3x3x3xi8>, tensor<16xi32>)
      -> tensor<1x4x4x16xi8>
    ```

    Constraints: L1 activations are static NHWC with batch 1; C1 stride and
    dilation >= 1, pad >= 0; C2 the result's height and width are what pads,
    kernel and strides give (rows and columns at the end may be left unread);
    C3 channels agree; C4 one requantisation, or one per output channel; C5 every
    output reads at least one tap.
  }];
  let arguments = (ins Patch_Activation:$input, 4DTensorOf<[I8]>:$weights,
    Patch_Bias:$bias, DenseI32ArrayAttr:$stride, DenseI32ArrayAttr:$dilation,
    DenseI32ArrayAttr:$pad, I32Attr:$input_zp, Patch_RequantAttr:$requant);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = [{
    $input `,` $weights `,` $bias attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def Patch_DepthwiseConv2DOp : Patch_LayerOp<"depthwise_conv2d",
    ["getWindowMap", "getMacsPerPixel"]> {
  let summary = "Quantised depthwise 2-D convolution";
  let description = [{
    As `patch.conv2d`, but output channel o reads input channel o / m only, with
    m = output channels / input channels. Weights are tensor<KHxKWxOxi8> (HWO).

    ```mlir
    %0 = patch.depthwise_conv2d %input, %weights, %bias {
      stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
      pad = array<i32: 1, 1, 1, 1>, input_zp = -128 : i32,
      requant = #patch.requant<multiplier = [1610612736], exponent = [-7],
        zero_point = -128, min = -128, max = 127, rounding = tflite>
    } : (tensor<1x8x8x16xi8>, tensor<3x3x16xi8>, tensor<16xi32>)
      -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1, C1, C2, C4, C5 as for `patch.conv2d`; C3 output channels are a
    multiple of the input channels.
  }];
  let arguments = (ins Patch_Activation:$input, 3DTensorOf<[I8]>:$weights,
    Patch_Bias:$bias, DenseI32ArrayAttr:$stride, DenseI32ArrayAttr:$dilation,
    DenseI32ArrayAttr:$pad, I32Attr:$input_zp, Patch_RequantAttr:$requant);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = [{
    $input `,` $weights `,` $bias attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def Patch_FullyConnectedOp : Patch_LayerOp<"fully_connected",
    ["getWindowMap", "getRowKind", "getMacsPerPixel"]> {
  let summary = "Quantised fully connected layer over a whole map";
  let description = [{
    sum[o] = bias[o] + Σ (input[k] − input_zp) · weights[o, k] with k over the
    input's H·W·C bytes in order; then `requant`. The result is 1x1x1xN.
    With more than one input row the rows are added one by one into 32-bit sums.

    ```mlir
    %0 = patch.fully_connected %input, %weights, %bias {
      input_zp = -128 : i32, requant = #patch.requant<
        multiplier = [1610612736], exponent = [-7], zero_point = 3,
        min = -128, max = 127, rounding = tflite>
    } : (tensor<1x4x4x8xi8>, tensor<10x128xi8>, tensor<10xi32>)
      -> tensor<1x1x1x10xi8>
    ```

    Constraints: L1; F1 weights are N x (H·W·C); F2 bias and requantisation have
    N entries (requantisation: or one); F3 the result is 1x1x1xN.
  }];
  let arguments = (ins Patch_Activation:$input, 2DTensorOf<[I8]>:$weights,
    Patch_Bias:$bias, I32Attr:$input_zp, Patch_RequantAttr:$requant);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = [{
    $input `,` $weights `,` $bias attr-dict `:` functional-type(operands, results)
  }];
}

class Patch_PoolOp<string mnemonic, list<string> methods>
    : Patch_LayerOp<mnemonic, methods> {
  let arguments = (ins Patch_Activation:$input, DenseI32ArrayAttr:$kernel,
    DenseI32ArrayAttr:$stride, DenseI32ArrayAttr:$pad, I32Attr:$min, I32Attr:$max);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_AvgPool2DOp : Patch_PoolOp<"avg_pool2d",
    ["getWindowMap", "getRowKind"]> {
  let summary = "Average pooling, as TensorFlow Lite computes it";
  let description = [{
    The sum over the taps inside the input, divided by their number, ties away
    from zero, then clamped to [min, max]. Zero points and scales are those of the
    input. A window that covers the whole input is a reduction: it reads row after
    row into 32-bit sums.

    ```mlir
    %0 = patch.avg_pool2d %input {
      kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
      pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
    } : (tensor<1x8x8x16xi8>) -> tensor<1x4x4x16xi8>
    ```

    Constraints: L1, C1, C2, C5 as for `patch.conv2d`; A1 channels and element
    types agree; A2 min <= max.
  }];
}

def Patch_MaxPool2DOp : Patch_PoolOp<"max_pool2d", ["getWindowMap"]> {
  let summary = "Maximum pooling";
  let description = [{
    The largest of the taps inside the input, clamped to [min, max].

    ```mlir
    %0 = patch.max_pool2d %input {
      kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
      pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
    } : (tensor<1x8x8x16xi8>) -> tensor<1x4x4x16xi8>
    ```

    Constraints: as for `patch.avg_pool2d`.
  }];
}

def Patch_MeanOp : Patch_LayerOp<"mean",
    ["getWindowMap", "getRowKind"]> {
  let summary = "Mean over height and width";
  let description = [{
    result[c] = clamp(scale(Σ input[y, x, c] − H·W·input_zp) + zero_point): the
    division by H·W is part of `requant`'s multiplier. Rows are added one by one
    into 32-bit sums.

    ```mlir
    %0 = patch.mean %input {input_zp = -128 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [-5], zero_point = -128,
      min = -128, max = 127, rounding = tflite>}
      : (tensor<1x7x7x64xi8>) -> tensor<1x1x1x64xi8>
    ```

    Constraints: L1; M1 the result is 1x1x1xC; M2 one multiplier.
  }];
  let arguments = (ins Patch_Activation:$input, I32Attr:$input_zp,
    Patch_RequantAttr:$requant);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_AddOp : Patch_LayerOp<"add",
    ["getActivationOperands", "getInPlaceActivation"]> {
  let summary = "Quantised addition of two maps of one shape";
  let description = [{
    t1 = scale((lhs − lhs_zp) << left_shift, lhs_multiplier, lhs_exponent), t2 of
    `rhs` likewise, then `requant` of t1 + t2. The shift to the left wraps at 32
    bits. `rounding` of `requant` holds for all three.

    ```mlir
    %0 = patch.add %a, %b {
      left_shift = 20 : i32,
      lhs_zp = -5 : i32, lhs_multiplier = 1073741824 : i32, lhs_exponent = 0 : i32,
      rhs_zp = 4 : i32, rhs_multiplier = 1717986918 : i32, rhs_exponent = -2 : i32,
      requant = #patch.requant<multiplier = [1288490188], exponent = [-19],
        zero_point = -6, min = -128, max = 127, rounding = tflite>
    } : (tensor<1x8x8x16xi8>, tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1; D1 all three shapes agree; D2 one multiplier in `requant`;
    D3 left_shift in [0, 30], exponents in [-31, 30].
  }];
  let arguments = (ins Patch_Activation:$lhs, Patch_Activation:$rhs,
    I32Attr:$left_shift, I32Attr:$lhs_zp, I32Attr:$lhs_multiplier,
    I32Attr:$lhs_exponent, I32Attr:$rhs_zp, I32Attr:$rhs_multiplier,
    I32Attr:$rhs_exponent, Patch_RequantAttr:$requant);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

// Element by element, with broadcasting and constants. The activations are the
// operands that are not constant.
class Patch_BroadcastOp<string mnemonic>
    : Patch_LayerOp<mnemonic, ["getActivationOperands", "getWindowMap",
                               "getInPlaceActivation"]> {
  let results = (outs 4DTensorOf<[I8]>:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

def Patch_BroadcastAddOp : Patch_BroadcastOp<"broadcast_add"> {
  let summary = "Quantised addition or subtraction that broadcasts";
  let description = [{
    As `patch.add`, but an operand may be a constant (one value, or one per
    channel), and an operand of size 1 along an axis is repeated along it. With
    `subtract` the scaled second operand is subtracted. (Not a negated multiplier:
    that would round ties the other way.)

    ```mlir
    %0 = patch.broadcast_add %map, %offsets {
      left_shift = 20 : i32, lhs_zp = -128 : i32,
      lhs_multiplier = 1073741824 : i32, lhs_exponent = 0 : i32,
      rhs_zp = 0 : i32, rhs_multiplier = 1073741824 : i32,
      rhs_exponent = 0 : i32, subtract, requant = #patch.requant<
        multiplier = [1073741824], exponent = [-18], zero_point = -128,
        min = -128, max = 127, rounding = tflite>
    } : (tensor<1x8x8x16xi8>, tensor<1x1x1x16xi8>) -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1, also for a constant; B1 along every axis the operands' sizes
    agree or one is 1, and the result has the greater; B2 one operand is not
    constant, and a constant has height and width 1; D2 one multiplier; D3
    left_shift in [0, 30], exponents in [-31, 30].
  }];
  let arguments = (ins 4DTensorOf<[I8]>:$lhs, 4DTensorOf<[I8]>:$rhs,
    I32Attr:$left_shift, I32Attr:$lhs_zp, I32Attr:$lhs_multiplier,
    I32Attr:$lhs_exponent, I32Attr:$rhs_zp, I32Attr:$rhs_multiplier,
    I32Attr:$rhs_exponent, UnitAttr:$subtract, Patch_RequantAttr:$requant);
}

def Patch_MulOp : Patch_BroadcastOp<"mul"> {
  let summary = "Quantised multiplication that broadcasts";
  let description = [{
    requant((lhs − lhs_zp) · (rhs − rhs_zp)). Operands may be constants and are
    broadcast as by `patch.broadcast_add`.

    ```mlir
    // Squeeze and excite: a map by a factor per channel.
    %0 = patch.mul %map, %factors {lhs_zp = -128 : i32, rhs_zp = -128 : i32,
      requant = #patch.requant<multiplier = [1082179840], exponent = [-7],
        zero_point = -128, min = -128, max = 127, rounding = tflite>
    } : (tensor<1x8x8x16xi8>, tensor<1x1x1x16xi8>) -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1, B1, B2 and D2 as for `patch.broadcast_add`.
  }];
  let arguments = (ins 4DTensorOf<[I8]>:$lhs, 4DTensorOf<[I8]>:$rhs,
    I32Attr:$lhs_zp, I32Attr:$rhs_zp, Patch_RequantAttr:$requant);
}

def Patch_RequantizeOp : Patch_LayerOp<"requantize", ["getInPlaceActivation"]> {
  let summary = "From one quantisation to another, element by element";
  let description = [{
    result = requant(input − input_zp). Bytes may be unsigned (ui8) on either side:
    networks with uint8 ends begin and end with this op.

    ```mlir
    %0 = patch.requantize %input {input_zp = 3 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = -128,
      min = -128, max = 127, rounding = tflite>}
      : (tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1; Q1 shapes agree; Q2 one multiplier.
  }];
  let arguments = (ins Patch_EndActivation:$input, I32Attr:$input_zp,
    Patch_RequantAttr:$requant);
  let results = (outs Patch_EndActivation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_LookupOp : Patch_LayerOp<"lookup", ["getInPlaceActivation"]> {
  let summary = "A function of one byte, element by element";
  let description = [{
    result = table[input + 128]: any function of one 8-bit element has 256 values.
    LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, ELU and arithmetic with a constant are
    this op, with the values that TensorFlow Lite Micro's kernels compute.

    ```mlir
    // abs, with 127 for -128 (table shortened here).
    %0 = patch.lookup %input {table = array<i8: 127, 127, 126, …, 126, 127>}
      : (tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
    ```

    Constraints: L1; Q1 shapes agree; T1 the table has 256 entries.
  }];
  let arguments = (ins 4DTensorOf<[I8]>:$input, DenseI8ArrayAttr:$table);
  let results = (outs 4DTensorOf<[I8]>:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_SoftmaxOp : Patch_LayerOp<"softmax"> {
  let summary = "Softmax over channels, in TensorFlow Lite's fixed point";
  let description = [{
    Per pixel over its C channels. With d = input − max(input): 0 for
    d < diff_min, else exp of d · multiplier · 2^(exponent − 31) in Q5.26 by
    gemmlowp's polynomial, normalised by a Newton reciprocal of the sum. The result
    has scale 1/256 and zero point −128.

    ```mlir
    %0 = patch.softmax %input {
      multiplier = 1073741824 : i32, exponent = 22 : i32, diff_min = -248 : i32
    } : (tensor<1x1x1x10xi8>) -> tensor<1x1x1x10xi8>
    ```

    Constraints: L1; S1 shapes agree; S2 exponent in [0, 30].
  }];
  let arguments = (ins Patch_Activation:$input, I32Attr:$multiplier,
    I32Attr:$exponent, I32Attr:$diff_min);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_PadOp : Patch_LayerOp<"pad", ["getWindowMap"]> {
  let summary = "A border of one value around a map";
  let description = [{
    `pad` is [top, bottom, left, right]. A pad whose value is the consumer's input
    zero point folds into that convolution.

    ```mlir
    %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = -128 : i32}
      : (tensor<1x8x8x16xi8>) -> tensor<1x10x10x16xi8>
    ```

    Constraints: L1; E1 the result's shape is the input's plus pads, pads >= 0;
    E2 the value fits the element type.
  }];
  let arguments = (ins Patch_Activation:$input, DenseI32ArrayAttr:$pad,
    I32Attr:$value);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Patch_ConcatOp : Patch_LayerOp<"concat",
    ["getActivationOperands", "getWindowMap"]> {
  let summary = "Maps one behind another";
  let description = [{
    The operands' bytes in order, along the height (`axis` 1), the width (2) or
    the channels (3). Nothing is requantised.

    ```mlir
    %0 = patch.concat %a, %b {axis = 3 : i32}
      : (tensor<1x8x8x16xi8>, tensor<1x8x8x4xi8>) -> tensor<1x8x8x20xi8>
    ```

    Constraints: L1; N1 at least one operand, axis in [1, 3]; N2 along `axis` the
    result's size is the sum of the operands', all other sizes agree.
  }];
  let arguments = (ins Variadic<4DTensorOf<[I8]>>:$inputs, I32Attr:$axis);
  let results = (outs 4DTensorOf<[I8]>:$output);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// Where operand `number` begins along the axis.
    int64_t getStart(unsigned number);
  }];
}

def Patch_ResizeNearestOp : Patch_LayerOp<"resize_nearest", ["getWindowMap"]> {
  let summary = "Resizing to the nearest row and column";
  let description = [{
    Row o of the result is row floor((o · stride + offset) / divisor) of the input,
    likewise for columns. `stride`, `offset` and `divisor` are [y, x].

    ```mlir
    // Twice as high and wide.
    %0 = patch.resize_nearest %input {stride = array<i32: 1, 1>,
        offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>}
      : (tensor<1x8x8x16xi8>) -> tensor<1x16x16x16xi8>
    ```

    Constraints: L1; Z1 stride and offset in [0, 2^20], divisor in [1, 2^20]; Z2 all
    rows and columns that are read lie inside the input; Z3 channels agree; Z4 index
    times stride plus offset stays below 2^31.
  }];
  let arguments = (ins 4DTensorOf<[I8]>:$input, DenseI32ArrayAttr:$stride,
    DenseI32ArrayAttr:$offset, DenseI32ArrayAttr:$divisor);
  let results = (outs 4DTensorOf<[I8]>:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_QuantizeOp : Patch_LayerOp<"quantize"> {
  let summary = "From floats to quantised values";
  let description = [{
    clamp(round(input / scale) + zero_point, −128, 127), ties away from zero, as
    TensorFlow Lite computes it in single precision. Compiled without floating
    point: a float's bits are searched in a table of the 255 thresholds between
    neighbouring results (non-finite values included).

    ```mlir
    %0 = patch.quantize %input {scale = 0.0078125 : f32, zero_point = -1 : i32}
      : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xi8>
    ```

    Constraints: L1; Q1 shapes agree; Q3 the scale is finite and positive.
  }];
  let arguments = (ins Patch_FloatActivation:$input, F32Attr:$scale,
    I32Attr:$zero_point);
  let results = (outs Patch_Activation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_DequantizeOp : Patch_LayerOp<"dequantize"> {
  let summary = "From quantised values to floats";
  let description = [{
    scale · (input − zero_point) in single precision. Compiled without floating
    point, as a table of the 256 possible results.

    ```mlir
    %0 = patch.dequantize %input {scale = 0.00390625 : f32, zero_point = -128 : i32}
      : (tensor<1x1x1x10xi8>) -> tensor<1x1x1x10xf32>
    ```

    Constraints: L1; Q1 shapes agree; Q3 the scale is finite and positive.
  }];
  let arguments = (ins Patch_Activation:$input, F32Attr:$scale,
    I32Attr:$zero_point);
  let results = (outs Patch_FloatActivation:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Patch_ReshapeOp : Patch_Op<"reshape", [Pure]> {
  let summary = "The same bytes under another shape";
  let description = [{
    Moves nothing: operand and result share their bytes.

    ```mlir
    %0 = patch.reshape %input : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
    ```

    Constraints: V1 element types and numbers of elements agree; V2 static shapes.
  }];
  let arguments = (ins AnyStaticShapeTensor:$input);
  let results = (outs AnyStaticShapeTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Patch_ReadInputOp : Patch_LayerOp<"read_input",
    ["getActivationOperands", "getRowKind"]> {
  let summary = "Rows of a network input, as the callback delivers them";
  let description = [{
    The result is the function argument `input`, of which row by row is asked for
    when it is needed (`mode = rows`: each once, in order; `mode = windows`: any
    window, again if asked). The argument itself takes no memory; the result may
    be a NHWC view of an argument of lower rank. `number` is the argument's number
    in the function.

    ```mlir
    %0 = patch.read_input %arg0 {mode = #patch<input_mode rows>, number = 0 : i32}
      : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
    ```

    Constraints: L1 for the result; I1 the mode is rows or windows; I2 the operand
    is an argument of the entry block of a function or of a stage; I3 element
    types and numbers of elements agree.
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, Patch_InputModeAttr:$mode,
    I32Attr:$number);
  let results = (outs Patch_AnyActivation:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

#endif // TESSERA_DIALECT_PATCH_IR_PATCHLAYERS_TD
