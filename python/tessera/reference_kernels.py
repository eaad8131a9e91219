# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each int8 operator computes, exactly as TensorFlow Lite Micro's reference kernels do. This file is the
specification that the compiler is tested against.

Each function takes a `Model`, an `Operator` and the list of its input arrays (None for an absent optional operand) and
returns the output array. Scales are float32 in the file; `double(s)` below is that float32 widened. Arithmetic that C++
does in int32 wraps to 32 bits (see fixedpoint.py). Sums of products are formed exactly and wrapped once, which is the
same, as wrapping commutes with addition.

Vocabulary: requantise(x, m, s) = multiply_by_quantized_multiplier; zp = zero point; clamp = to [act_min, act_max],
see `activation_range`.
"""

import math

import numpy as np

from . import fixedpoint as fp


def activation_range(activation, tensor):
    """[act_min, act_max] of a fused activation, in the output's quantised values.

    A bound v maps to zp + round(v / scale), computed in FLOAT32 (division and round, halves away from zero), and is then
    intersected with the type's range. RELU bounds below only; RELU6 uses 0 and 6, RELU_N1_TO_1 uses -1 and 1.
    """
    info = np.iinfo(tensor.dtype)

    def bound(value):
        return tensor.zero_point + fp.round_half_away(float(np.float32(value) / np.float32(tensor.scale)))

    low, high = {"NONE": (None, None), "RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1),
                 "RELU_0_TO_1": (0, 1)}[activation]
    act_min = info.min if low is None else max(info.min, bound(low))
    act_max = info.max if high is None else min(info.max, bound(high))
    return act_min, act_max


def padding_before(padding, size, kernel, stride, dilation=1):
    """(rows before the map that a window may read, output size) along one axis.

    SAME: out = ceil(size / stride), total = max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size), before =
    total / 2 rounded down: an odd total has the extra row AFTER the map. VALID: no padding,
    out = ceil((size - (kernel - 1) * dilation) / stride).
    """
    extent = (kernel - 1) * dilation + 1
    out = -(-size // stride) if padding == "SAME" else -(-(size - extent + 1) // stride)
    return max(0, (out - 1) * stride + extent - size) // 2, out


def _conv_multipliers(model, op, channels):
    """Per output channel: double(input scale) * double(filter scale) / double(output scale), in that order, in double.
    A filter with one scale uses it for every channel. Biases are int32 as they stand in the file: their own scale is
    not looked at."""
    x, w = model.tensors[op.inputs[0]], model.tensors[op.inputs[1]]
    y = model.tensors[op.outputs[0]]
    scales = w.quantization.scales
    pairs = [fp.quantize_multiplier(float(x.scale) * float(scales[c if len(scales) > 1 else 0]) / float(y.scale))
             for c in range(channels)]
    return np.array(pairs, dtype=np.int64).T


def _with_bias(sums, inputs):
    """int32(sum + bias), where operand 2 is the bias or absent."""
    bias = inputs[2] if len(inputs) > 2 else None
    return fp.wrap32(sums if bias is None else sums + bias.astype(np.int64))


def _finish(sums, multiplier, shift, output, activation):
    """clamp(requantise(sum) + zp) as int8."""
    scaled = fp.multiply_by_quantized_multiplier(sums, multiplier, shift)
    low, high = activation_range(activation, output)
    return np.clip(fp.wrap32(scaled + output.zero_point), low, high).astype(output.dtype)


def _windows(x, op, kernel_h, kernel_w):
    """Yields (ky, kx, slice of x that tap (ky, kx) reads for every output pixel). x: offset values, padded with 0."""
    o = op.options
    before_y, out_h = padding_before(o["padding"], x.shape[1], kernel_h, o["stride_h"], o["dilation_h"])
    before_x, out_w = padding_before(o["padding"], x.shape[2], kernel_w, o["stride_w"], o["dilation_w"])
    span_y = (out_h - 1) * o["stride_h"] + 1
    span_x = (out_w - 1) * o["stride_w"] + 1
    after_y = max(0, span_y + (kernel_h - 1) * o["dilation_h"] - before_y - x.shape[1])
    after_x = max(0, span_x + (kernel_w - 1) * o["dilation_w"] - before_x - x.shape[2])
    padded = np.pad(x, ((0, 0), (before_y, after_y), (before_x, after_x), (0, 0)))
    for ky in range(kernel_h):
        for kx in range(kernel_w):
            y0, x0 = ky * o["dilation_h"], kx * o["dilation_w"]
            yield ky, kx, padded[:, y0:y0 + span_y:o["stride_h"], x0:x0 + span_x:o["stride_w"], :]


def conv_2d_sums(model, op, inputs):
    """int32 sums of CONV_2D before requantisation: over taps INSIDE the map of (x - zp_x) * w, w symmetric, + bias.
    groups = C / w.shape[3]; output channel o reads group o / (O / groups)."""
    x, w = inputs[0], inputs[1]
    offset = x.astype(np.float64) - model.tensors[op.inputs[0]].zero_point  # exact: all sums stay below 2^53
    weights = w.astype(np.float64)
    groups = x.shape[3] // w.shape[3]
    per_group = w.shape[0] // groups
    sums = 0.0
    for ky, kx, taps in _windows(offset, op, w.shape[1], w.shape[2]):
        sums = sums + np.concatenate(
            [taps[..., g * w.shape[3]:(g + 1) * w.shape[3]] @ weights[g * per_group:(g + 1) * per_group, ky, kx].T
             for g in range(groups)], axis=-1)
    return _with_bias(sums.astype(np.int64), inputs)


def conv_2d(model, op, inputs):
    """CONV_2D. x [N, H, W, C], w [O, KH, KW, C / groups], bias [O] or absent.
    requantise(sum) per output channel; + zp; clamp."""
    multiplier, shift = _conv_multipliers(model, op, inputs[1].shape[0])
    return _finish(conv_2d_sums(model, op, inputs), multiplier, shift, model.tensors[op.outputs[0]],
                   op.options["activation"])


def depthwise_conv_2d_sums(model, op, inputs):
    """int32 sums of DEPTHWISE_CONV_2D before requantisation."""
    x, w = inputs[0], inputs[1]
    repeat = w.shape[3] // x.shape[3]
    offset = np.repeat(x.astype(np.int64) - model.tensors[op.inputs[0]].zero_point, repeat, axis=3)
    weights = w.astype(np.int64)
    sums = sum(taps * weights[0, ky, kx] for ky, kx, taps in _windows(offset, op, w.shape[1], w.shape[2]))
    return _with_bias(sums, inputs)


def depthwise_conv_2d(model, op, inputs):
    """DEPTHWISE_CONV_2D. x [N, H, W, C], w [1, KH, KW, C * M]; output channel c * M + m reads input channel c.
    Filter scales lie along dimension 3. The rest is as in CONV_2D."""
    multiplier, shift = _conv_multipliers(model, op, inputs[1].shape[3])
    return _finish(depthwise_conv_2d_sums(model, op, inputs), multiplier, shift, model.tensors[op.outputs[0]],
                   op.options["activation"])


def _fully_connected_is_per_channel(model, op):
    return len(model.tensors[op.inputs[1]].quantization.scales) > 1


def fully_connected_sums(model, op, inputs):
    """int32 sums of FULLY_CONNECTED before requantisation: of (x - zp_x) * (w - zp_w), + bias. zp_w is 0 in practice,
    but is applied; with one scale per output channel w is taken as symmetric."""
    x, w = inputs[0], inputs[1]
    depth = w.shape[-1]
    offset = x.reshape(-1, depth).astype(np.float64) - model.tensors[op.inputs[0]].zero_point
    weights = w.astype(np.float64).reshape(-1, depth)
    if not _fully_connected_is_per_channel(model, op):
        weights = weights - model.tensors[op.inputs[1]].zero_point
    return _with_bias((offset @ weights.T).astype(np.int64), inputs)


def fully_connected(model, op, inputs):
    """FULLY_CONNECTED. x flattened to [batches, D], w [O, D], bias [O] or absent. requantise(sum); + zp; clamp.

    One filter scale: the multiplier is double(float32(input scale * filter scale)) / double(output scale): the product
    is rounded to FLOAT32 first (unlike in CONV_2D), and must not be negative. More than one filter scale: per output
    channel as in CONV_2D, all in double.
    """
    x, w = (model.tensors[i] for i in op.inputs[:2])
    output = model.tensors[op.outputs[0]]
    if _fully_connected_is_per_channel(model, op):
        multiplier, shift = _conv_multipliers(model, op, w.shape[0])
    else:
        product = np.float32(x.scale) * np.float32(w.scale)
        if product < 0:
            raise ValueError("FULLY_CONNECTED with one negative filter scale is refused by the reference")
        multiplier, shift = fp.quantize_multiplier(float(product) / float(output.scale))
    sums = fully_connected_sums(model, op, inputs)
    return _finish(sums, multiplier, shift, output, op.options["activation"]).reshape(output.shape)


def add(model, op, inputs):
    """ADD and SUB, with broadcasting. All in int32, with 20 extra bits:
      twice = 2 * double(max(scale_a, scale_b)); m_i = scale_i / twice (<= 1/2); m_out = twice / (2^20 * scale_out)
      sum = requantise((a - zp_a) << 20, m_a) + requantise((b - zp_b) << 20, m_b)    (SUB: minus)
      result = clamp(requantise(sum, m_out) + zp). m_out must be below 1, else the reference refuses."""
    a, b = (model.tensors[i] for i in op.inputs)
    output = model.tensors[op.outputs[0]]
    if min(a.scale, b.scale) <= 0:
        raise ValueError(f"{op.kind} with a scale that is not positive is refused by the reference")
    twice = 2 * float(max(a.scale, b.scale))
    real_out = twice / ((1 << 20) * float(output.scale))
    if not 0 < real_out < 1:
        raise ValueError(f"{op.kind} with an output scale below 2^-19 of the inputs' is refused by the reference")
    terms = []
    for tensor, values in zip((a, b), inputs):
        multiplier, shift = fp.quantize_multiplier(float(tensor.scale) / twice)
        shifted = (values.astype(np.int64) - tensor.zero_point) << 20
        terms.append(fp.multiply_by_quantized_multiplier(shifted, multiplier, shift))
    total = terms[0] - terms[1] if op.kind == "SUB" else terms[0] + terms[1]
    raw = fp.multiply_by_quantized_multiplier(total, *fp.quantize_multiplier(real_out)) + output.zero_point
    return np.clip(raw, *activation_range(op.options["activation"], output)).astype(output.dtype)


def mul(model, op, inputs):
    """MUL, with broadcasting: clamp(requantise((a - zp_a) * (b - zp_b), double(scale_a) * double(scale_b) /
    double(scale_out)) + zp)."""
    a, b = (model.tensors[i] for i in op.inputs)
    output = model.tensors[op.outputs[0]]
    product = (inputs[0].astype(np.int64) - a.zero_point) * (inputs[1].astype(np.int64) - b.zero_point)
    multiplier, shift = fp.quantize_multiplier(float(a.scale) * float(b.scale) / float(output.scale))
    return _finish(product, multiplier, shift, output, op.options["activation"])


def concatenation(model, op, inputs):
    """CONCATENATION copies the bytes of its operands one behind another along the axis, whatever their quantisation. No
    fused activation."""
    if op.options["activation"] != "NONE":
        raise ValueError("CONCATENATION with a fused activation is refused by the reference")
    return np.concatenate(inputs, axis=op.options["axis"])


def resize_nearest_neighbor(model, op, inputs):
    """RESIZE_NEAREST_NEIGHBOR to the height and width of operand 1, in FLOAT32: scale = in / out, or with align_corners and
    out > 1 (in - 1) / (out - 1); index = floor(o * scale), with align_corners round, with half_pixel_centers of o + 1/2;
    clamped to the map."""
    x, o = inputs[0], op.options

    def indices(size, out):
        corners = o["align_corners"]
        scale = np.float32(size - 1) / np.float32(out - 1) if corners and out > 1 else np.float32(size) / np.float32(out)
        position = (np.arange(out, dtype=np.float32) + np.float32(0.5 if o["half_pixel_centers"] else 0)) * scale
        index = np.floor(position.astype(np.float64) + 0.5) if corners else np.floor(position)
        return np.clip(index.astype(np.int64), 0, size - 1)

    height, width = (int(v) for v in inputs[1])
    return x[:, indices(x.shape[1], height)][:, :, indices(x.shape[2], width)]


def pad(model, op, inputs):
    """PAD and PADV2: paddings [rank, 2] (before, after). The value is the third operand's, else the output's zp.
    The input's bytes are copied, whatever its quantisation."""
    value = model.tensors[op.outputs[0]].zero_point if len(inputs) < 3 else inputs[2].reshape(-1)[0]
    return np.pad(inputs[0], [tuple(p) for p in inputs[1].reshape(-1, 2)], constant_values=value)


def _pool(op, x, reduce_window):
    o = op.options
    before_y, out_h = padding_before(o["padding"], x.shape[1], o["filter_h"], o["stride_h"])
    before_x, out_w = padding_before(o["padding"], x.shape[2], o["filter_w"], o["stride_w"])
    result = np.empty((x.shape[0], out_h, out_w, x.shape[3]), dtype=np.int64)
    for y in range(out_h):
        y0 = y * o["stride_h"] - before_y
        for column in range(out_w):
            x0 = column * o["stride_w"] - before_x
            result[:, y, column] = reduce_window(
                x[:, max(0, y0):y0 + o["filter_h"], max(0, x0):x0 + o["filter_w"]].astype(np.int64))
    return result


def average_pool_2d(model, op, inputs):
    """AVERAGE_POOL_2D. Over the taps inside the map only (n of them): sum of the RAW values (no zero point), divided by
    n to the nearest, halves away from zero: (sum + n/2) / n for sum > 0, else (sum - n/2) / n, where n/2 is rounded down
    and / truncates. Then clamp. No requantisation: input and output quantisation must agree."""
    def mean(window):
        total, count = window.sum(axis=(1, 2)), window.shape[1] * window.shape[2]
        magnitude = (np.abs(total) + count // 2) // count
        return np.where(total > 0, magnitude, -magnitude)

    output = model.tensors[op.outputs[0]]
    return np.clip(_pool(op, inputs[0], mean), *activation_range(op.options["activation"], output)).astype(output.dtype)


def max_pool_2d(model, op, inputs):
    """MAX_POOL_2D. The greatest tap inside the map, then clamp. No requantisation."""
    output = model.tensors[op.outputs[0]]
    result = _pool(op, inputs[0], lambda window: window.max(axis=(1, 2)))
    return np.clip(result, *activation_range(op.options["activation"], output)).astype(output.dtype)


def mean(model, op, inputs):
    """MEAN over the axes of operand 1 (negative ones count from the end), n elements each; sum is of the RAW values.

    (m, s) = quantize_multiplier(double(input scale) / double(output scale)), also where input and output quantisation
    agree (older versions of the reference had a truncating short cut there); 1/n is folded into m:
      k = min(floor(log2 n), 32, 31 + s);  m' = (m << k) / n in 64 bits, truncated;  s' = s - k
      result = clamp to int8 of requantise(int32(sum - zp_in * n), m', s') + zp_out. No fused activation."""
    x, output = inputs[0], model.tensors[op.outputs[0]]
    source = model.tensors[op.inputs[0]]
    axes = tuple(sorted({int(a) % x.ndim for a in inputs[1].reshape(-1)}))
    count = math.prod(x.shape[a] for a in axes)
    multiplier, shift = fp.quantize_multiplier(float(source.scale) / float(output.scale))
    fold = min(count.bit_length() - 1, 32, 31 + shift)
    centred = fp.wrap32(x.astype(np.int64).sum(axis=axes) - source.zero_point * count)
    result = fp.multiply_by_quantized_multiplier(centred, (multiplier << fold) // count, shift - fold)
    info = np.iinfo(output.dtype)
    return np.clip(result + output.zero_point, info.min, info.max).astype(output.dtype).reshape(output.shape)


def reshape(model, op, inputs):
    """RESHAPE, SQUEEZE and EXPAND_DIMS copy the bytes, even where input and output quantisation differ."""
    return inputs[0].reshape(model.tensors[op.outputs[0]].shape)


def shape(model, op, inputs):
    """SHAPE: the sizes of the operand, INT32."""
    return np.array(inputs[0].shape, dtype=np.int32)


def pack(model, op, inputs):
    """PACK: numbers as a list."""
    return np.stack(inputs)


def strided_slice(model, op, inputs):
    """STRIDED_SLICE of a list: values[begin:end:step], an end left out by its mask; with shrink_axis_mask one number."""
    values, begin, end, step = inputs[0], *(int(i[0]) for i in inputs[1:])
    if op.options["shrink_axis_mask"]:
        return values[begin]
    o = op.options
    return values[None if o["begin_mask"] else begin:None if o["end_mask"] else end:step]


def transpose(model, op, inputs):
    """TRANSPOSE moves the bytes: result dimension i is input dimension operand1[i]."""
    return np.transpose(inputs[0], inputs[1].reshape(-1))


def softmax(model, op, inputs):
    """SOFTMAX over the last axis. Output scale must be 1/256 and its zero point -128; the input's zp cancels out.

      real = min(double(beta) * double(input scale) * 2^26, 2^31 - 1), must exceed 1; (m, s) = quantize_multiplier(real)
      diff_min = -floor(31 * 2^26 / 2^s)
      per row: d = x - max(x), in [-255, 0];  elements with d < diff_min count as exp = 0 and give -128
      e(d) = exp_on_negative_values(doubling_high_mul(d << s, m)): Q5.26 to Q0.31, saturating at 1
      total = sum of rounding_divide_by_pot(e, 12) (Q12.19);  (r, n) = reciprocal(total, 12)
      result = clamp(rounding_divide_by_pot(doubling_high_mul(r, e), n + 31 - 8) - 128)
    So an output is a function of d and the row's total: a table of 256 exponentials serves the whole tensor."""
    x, output = inputs[0], model.tensors[op.outputs[0]]
    source = model.tensors[op.inputs[0]]
    beta = float(np.float32(op.options["beta"]))
    real = min(beta * float(source.scale) * (1 << 26), float((1 << 31) - 1))
    if real <= 1:
        raise ValueError("SOFTMAX with beta * scale below 2^-26 is refused by the reference")
    multiplier, shift = fp.quantize_multiplier(real)
    diff_min = -math.floor(31.0 * (1 << 26) / (1 << shift))
    differences = np.arange(-255, 1, dtype=np.int64)
    arguments = fp.saturating_rounding_doubling_high_mul(fp.wrap32(differences << shift), multiplier)
    table = np.where(differences >= diff_min, fp.exp_on_negative_values(arguments), 0)
    rows = x.reshape(-1, x.shape[-1]).astype(np.int64)
    result = np.empty_like(rows)
    for i, row in enumerate(rows):
        d = row - row.max()
        e = table[d + 255]
        r, n = fp.reciprocal(int(fp.rounding_divide_by_pot(e, 12)[d >= diff_min].sum()), 12)
        scaled = fp.rounding_divide_by_pot(fp.saturating_rounding_doubling_high_mul(r, e), n + 31 - 8)
        result[i] = np.where(d >= diff_min, np.clip(scaled - 128, -128, 127), -128)
    return result.astype(output.dtype).reshape(output.shape)


def quantize(model, op, inputs):
    """QUANTIZE. From float32: round(x / scale) in FLOAT32 (halves away from zero), to int32, + zp, clamp to the type.
    (Beyond int32 the C++ cast is undefined; here it saturates.) From an integer type: requantise(x - zp_in,
    quantize_multiplier(double(scale_in) / double(scale_out))) + zp_out, clamped to the type."""
    x, output = inputs[0], model.tensors[op.outputs[0]]
    info = np.iinfo(output.dtype)
    if x.dtype == np.float32:
        quotient = (x / np.float32(output.scale)).astype(np.float64)
        rounded = np.copysign(np.floor(np.abs(quotient) + 0.5), quotient)
        result = np.clip(rounded, fp.INT32_MIN, fp.INT32_MAX).astype(np.int64) + output.zero_point
    else:
        source = model.tensors[op.inputs[0]]
        multiplier, shift = fp.quantize_multiplier(float(source.scale) / float(output.scale))
        centred = x.astype(np.int64) - source.zero_point
        result = fp.multiply_by_quantized_multiplier(centred, multiplier, shift) + output.zero_point
    return np.clip(result, info.min, info.max).astype(output.dtype)


def dequantize(model, op, inputs):
    """DEQUANTIZE: float32(scale) * float32(x - zp), one float32 multiplication."""
    source = model.tensors[op.inputs[0]]
    return np.float32(source.scale) * (inputs[0].astype(np.int32) - source.zero_point).astype(np.float32)


def _lookup(values, output, function):
    """Each element q replaced by function(q), clamped to the type, by a table of the 256 results."""
    info = np.iinfo(output.dtype)
    table = np.array([min(max(int(function(q)), info.min), info.max) for q in range(-128, 128)], dtype=output.dtype)
    return table[values.astype(np.int64) + 128]


def _sigmoid(model, op, inputs, function, bits, zero_point):
    """What LOGISTIC and TANH share: (m, s) = quantize_multiplier(double(scale) * 2^27), radius = floor(15 * 2^27 / 2^s);
    x = q - zp gives -128 for x <= -radius, 127 for x >= radius, else
    clamp(rounding_divide_by_pot(function(requantise(x, m, s)), 31 - bits) + zero_point)."""
    source = model.tensors[op.inputs[0]]
    multiplier, shift = fp.quantize_multiplier(float(source.scale) * (1 << 27))
    if shift < 0:
        raise ValueError(f"{op.kind} of a scale below 2^-28 is outside its fixed-point range")
    radius = math.floor(15.0 * (1 << 27) / (1 << shift))

    def result(q):
        x = q - source.zero_point
        if abs(x) >= radius:
            return -128 if x <= -radius else 127
        argument = int(fp.multiply_by_quantized_multiplier(x, multiplier, shift))
        return fp.rounding_divide_by_pot(function(argument), 31 - bits) + zero_point

    return _lookup(inputs[0], model.tensors[op.outputs[0]], result)


def logistic(model, op, inputs):
    """LOGISTIC in Q4.27, see _sigmoid. The result has scale 1/256 and zero point -128, whatever the file says (another
    zero point is refused)."""
    return _sigmoid(model, op, inputs, fp.logistic, 8, -128)


def tanh(model, op, inputs):
    """TANH in Q4.27, see _sigmoid. The result has scale 1/128 and zero point 0, whatever the file says."""
    return _sigmoid(model, op, inputs, fp.tanh, 7, 0)


def hard_swish(model, op, inputs):
    """HARD_SWISH: x * min(max(x + 3, 0), 6) / 6 in 16-bit fixed point. In FLOAT32: fine = (1/128) * input scale;
      (mo, so) of double(fine / output scale), (mr, sr) of double(fine / (3/32768)), both multipliers rounded to 16 bits.
      x = (q - zp) * 128;  p = mul16(x, mo)                                   x on the output's scale, before its shift
      r = x / 3 by mr and sr, saturated to 16 bits at each left shift;  r = (r + 2^15) >> 1
      result = clamp(rounding_divide_by_pot(truncate(r * p / 2^15), -so) + zp_out)."""
    source, output = model.tensors[op.inputs[0]], model.tensors[op.outputs[0]]
    fine = np.float32(1 / 128) * np.float32(source.scale)
    mul = fp.saturating_rounding_doubling_high_mul_16

    def parameters(real):
        multiplier, shift = fp.quantize_multiplier(float(real))
        return min((multiplier + (1 << 15)) >> 16, 32767), shift

    out_multiplier, out_shift = parameters(fine / np.float32(output.scale))
    relu_multiplier, relu_shift = parameters(fine / np.float32(3 / 32768))
    if not -15 <= out_shift <= 0 or relu_shift < -15:
        raise ValueError("HARD_SWISH of these scales is outside its fixed-point range")

    def shift_left(value, amount):
        return min(max(value << amount, -32768), 32767)

    def result(q):
        x = (q - source.zero_point) * 128
        r = x
        if relu_shift > 0:
            r = shift_left(r, relu_shift - 1)
        r = mul(r, relu_multiplier)
        if relu_shift > 0:
            r = shift_left(r, 1)
        else:
            r = int(fp.rounding_divide_by_pot(r, -relu_shift))
        product = ((r + (1 << 15)) >> 1) * mul(x, out_multiplier)
        truncated = int(math.copysign(abs(product) >> 15, product))
        total = int(fp.rounding_divide_by_pot(truncated, -out_shift)) + output.zero_point
        return (total + (1 << 15)) % (1 << 16) - (1 << 15)  # the sum wraps in 16 bits

    return _lookup(inputs[0], output, result)


def leaky_relu(model, op, inputs):
    """LEAKY_RELU: x = q - zp; clamp(requantise(x) + zp_out) with the multiplier of float32(input scale / output scale)
    for x >= 0, of float32(input scale * alpha / output scale) below."""
    source, output = model.tensors[op.inputs[0]], model.tensors[op.outputs[0]]
    scale, out = np.float32(source.scale), np.float32(output.scale)
    identity = fp.quantize_multiplier(float(scale / out))
    leak = fp.quantize_multiplier(float(scale * np.float32(op.options["alpha"]) / out))

    def result(q):
        x = q - source.zero_point
        return fp.multiply_by_quantized_multiplier(x, *(identity if x >= 0 else leak)) + output.zero_point

    return _lookup(inputs[0], output, result)


def elu(model, op, inputs):
    """ELU in FLOAT32: x = scale * (q - zp); y = x, or exp(x) - 1 for x < 0; round(y * (1 / output scale)) + zp_out."""
    source, output = model.tensors[op.inputs[0]], model.tensors[op.outputs[0]]
    inverse = np.float32(1) / np.float32(output.scale)

    def result(q):
        x = np.float32(source.scale) * np.float32(q - source.zero_point)
        y = np.exp(x) - np.float32(1) if x < 0 else x
        return min(max(fp.round_half_away(float(y * inverse)) + output.zero_point, -128), 127)

    return _lookup(inputs[0], output, result)


def relu(model, op, inputs):
    """RELU, RELU6, RELU_N1_TO_1 and RELU_0_TO_1: requantise(q - zp) + zp_out, clamped to the bounds (see
    activation_range). RELU divides the scales in double, the others in FLOAT32; RELU6 does not requantise in
    TensorFlow Lite Micro, so that its quantisations must agree here."""
    source, output = model.tensors[op.inputs[0]], model.tensors[op.outputs[0]]
    if op.kind == "RELU":
        ratio = float(source.scale) / float(output.scale)
    else:
        ratio = float(np.float32(source.scale) / np.float32(output.scale))
    if op.kind == "RELU6" and (source.scale, source.zero_point) != (output.scale, output.zero_point):
        raise ValueError("RELU6 that requantises is not the same in TensorFlow Lite and TensorFlow Lite Micro")
    multiplier, shift = fp.quantize_multiplier(ratio)
    centred = inputs[0].astype(np.int64) - source.zero_point
    result = fp.multiply_by_quantized_multiplier(centred, multiplier, shift) + output.zero_point
    return np.clip(result, *activation_range(op.kind, output)).astype(output.dtype)


KERNELS = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "CONCATENATION": concatenation,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEQUANTIZE": dequantize,
    "ELU": elu,
    "EXPAND_DIMS": reshape,
    "FULLY_CONNECTED": fully_connected,
    "HARD_SWISH": hard_swish,
    "LEAKY_RELU": leaky_relu,
    "LOGISTIC": logistic,
    "MAX_POOL_2D": max_pool_2d,
    "MEAN": mean,
    "MUL": mul,
    "PAD": pad,
    "PADV2": pad,
    "QUANTIZE": quantize,
    "RELU": relu,
    "RELU6": relu,
    "RELU_0_TO_1": relu,
    "RELU_N1_TO_1": relu,
    "RESHAPE": reshape,
    "SHAPE": shape,
    "PACK": pack,
    "STRIDED_SLICE": strided_slice,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor,
    "SOFTMAX": softmax,
    "SQUEEZE": reshape,
    "SUB": add,
    "TANH": tanh,
    "TRANSPOSE": transpose,
}
