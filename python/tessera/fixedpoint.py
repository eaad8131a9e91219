# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The integer arithmetic of TensorFlow Lite Micro's int8 kernels, on numpy arrays, exact to the last bit.

Names: a *multiplier* is a 32-bit fixed-point number m with 31 fraction bits, a *shift* s a power of two; together they
stand for the real number m / 2^31 * 2^s. All functions take and return int64 arrays that hold int32 values unless said
otherwise; whatever C++ does in int32 is wrapped to 32 bits at the same places here.
"""

import math

import numpy as np

INT32_MIN = -(1 << 31)
INT32_MAX = (1 << 31) - 1


def wrap32(x):
    """The int32 that two's complement arithmetic leaves of an integer: x modulo 2^32, in [-2^31, 2^31)."""
    return ((np.asarray(x, dtype=np.int64) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def round_half_away(x):
    """C's round(): to the nearest integer, halves away from zero. `x` is one Python float; exact for |x| < 2^52."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x)) if x else 0


def quantize_multiplier(real):
    """A double as (multiplier, shift) with |multiplier| in [2^30, 2^31], or (0, 0) when it is too small.

    real = q * 2^shift with 0.5 <= |q| < 1 (frexp); multiplier = round(q * 2^31), halves away from zero. If that rounds
    up to +2^31, it becomes 2^30 and the shift grows by one (-2^31 stays: it fits into 32 bits). A shift below -31 flushes
    to multiplier 0, shift 0: this is what happens to scales under 2^-32. Negative scales give negative multipliers.
    """
    if real == 0.0:
        return 0, 0
    q, shift = math.frexp(real)
    multiplier = round_half_away(q * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def saturating_rounding_doubling_high_mul(a, b):
    """round(a * b / 2^31), the FIRST rounding: a half goes away from zero for a positive product and TOWARDS zero for a
    negative one, as (product + nudge) / 2^31 truncates with nudge = 2^30 or 1 - 2^30 by the sign of the product.
    INT32_MIN * INT32_MIN saturates to INT32_MAX."""
    a = np.asarray(a, dtype=np.int64)
    b = np.asarray(b, dtype=np.int64)
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    quotient = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    return np.where((a == INT32_MIN) & (b == INT32_MIN), INT32_MAX, quotient)


def rounding_divide_by_pot(x, exponent):
    """round(x / 2^exponent), the SECOND rounding: halves away from zero, by the sign of the value itself.
    0 <= exponent <= 31; both arguments may be arrays."""
    x = np.asarray(x, dtype=np.int64)
    exponent = np.asarray(exponent, dtype=np.int64)
    mask = (np.int64(1) << exponent) - 1
    remainder = x & mask
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + (remainder > threshold)


def multiply_by_quantized_multiplier(x, multiplier, shift):
    """x * multiplier / 2^31 * 2^shift with two roundings. A positive shift is applied first, in wrapping 32-bit
    arithmetic; a negative one last. `multiplier` and `shift` may be arrays that broadcast against x (per channel)."""
    shift = np.asarray(shift, dtype=np.int64)
    left = np.maximum(shift, 0)
    right = np.maximum(-shift, 0)
    shifted = wrap32(np.asarray(x, dtype=np.int64) << left)
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, multiplier), right)


def saturating_shift_left(x, exponent):
    """x * 2^exponent, clamped to int32."""
    return np.clip(np.asarray(x, dtype=np.int64) << exponent, INT32_MIN, INT32_MAX)


# Raw Q0.31 constants (value * 2^31, rounded).
_EXP_MINUS_EIGHTH = 1895147668
_ONE_THIRD = 715827883
# exp(-2^e) for e = -2 ... 4, by the bit of the Q5.26 argument that stands for 2^e.
_EXP_OF_BIT = ((24, 1672461947), (25, 1302514674), (26, 790015084), (27, 290630308), (28, 39332535), (29, 720401),
               (30, 242))  # of a Q4.27 argument each bit is one higher


def _exp_between_minus_quarter_and_zero(a):
    """exp(a) for a in [-1/4, 0), Q0.31 to Q0.31: a Taylor series of degree 4 around -1/8."""
    mul = saturating_rounding_doubling_high_mul
    x = a + (1 << 28)
    x2 = mul(x, x)
    x3 = mul(x2, x)
    x4 = mul(x2, x2)
    higher = rounding_divide_by_pot(mul(rounding_divide_by_pot(x4, 2) + x3, _ONE_THIRD) + x2, 1)
    return _EXP_MINUS_EIGHTH + mul(_EXP_MINUS_EIGHTH, x + higher)


def exp_on_negative_values(a, integer_bits=5):
    """exp(a) for a <= 0: Q5.26 (or Q4.27) in, Q0.31 out; exp(0) is INT32_MAX. The argument is split into a part in
    [-1/4, 0) and a sum of powers of two, whose exponentials are multiplied in one after another, smallest first."""
    a = np.asarray(a, dtype=np.int64)
    up = 5 - integer_bits
    fraction = (a & ((1 << 24 + up) - 1)) - (1 << 24 + up)
    result = _exp_between_minus_quarter_and_zero(fraction << integer_bits)
    remainder = fraction - a
    for bit, constant in _EXP_OF_BIT[:len(_EXP_OF_BIT) - up]:
        product = saturating_rounding_doubling_high_mul(result, constant)
        result = np.where(remainder & (1 << bit + up), product, result)
    return np.where(a == 0, INT32_MAX, result)


def _two_over_one_plus(a):
    """2 / (1 + a) for a in [0, 1), Q0.31 to Q2.29: Newton-Raphson on d = (1 + a) / 2, three steps from the usual start
    48/17 - 32/17 d. One Python int in and out."""
    mul = saturating_rounding_doubling_high_mul
    half_denominator = (a + INT32_MAX + 1) // 2  # a rounded half sum; a + INT32_MAX >= 0
    x = 1515870810 + mul(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - mul(half_denominator, x)
        x = x + saturating_shift_left(mul(x, error), 2)
    return int(x)


def one_over_one_plus(a):
    """1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31. One Python int in and out."""
    return int(saturating_shift_left(_two_over_one_plus(a), 1))


def logistic(x):
    """1 / (1 + exp(-x)), Q4.27 to Q0.31. One Python int in and out."""
    if x == 0:
        return 1 << 30
    positive = one_over_one_plus(int(exp_on_negative_values(-abs(x), 4)))
    return positive if x > 0 else INT32_MAX - positive


def tanh(x):
    """tanh(x) = sign(x) (1 - e) / (1 + e) with e = exp(-2 |x|), Q4.27 to Q0.31: the bits of x read as Q5.26 are 2 x.
    One Python int in and out."""
    if x == 0:
        return 0
    magnitude = saturating_shift_left(_two_over_one_plus(int(exp_on_negative_values(-abs(x)))) - (1 << 29), 2)
    return int(magnitude if x > 0 else -magnitude)


def saturating_rounding_doubling_high_mul_16(a, b):
    """round(a * b / 2^15) of 16-bit values, halves upwards. (-2^15 times itself does not occur here.)"""
    return (int(a) * int(b) + (1 << 14)) >> 15


def reciprocal(x, integer_bits):
    """1 / x of a positive number with `integer_bits` bits before the point (32 bits with sign): returns (r, n) with
    r Q0.31 in (1/2, 1] and 1 / x = r * 2^-n. x is normalised to 1.f first, r = 1 / 1.f."""
    headroom = 32 - int(x).bit_length()
    return one_over_one_plus((int(x) << headroom) - (1 << 31)), integer_bits - headroom
