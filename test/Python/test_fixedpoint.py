# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The integer arithmetic, by hand-worked numbers and against exact fractions."""

import math
import random
import unittest
from fractions import Fraction

import context  # noqa: F401
import numpy as np
from tessera import fixedpoint as fp

HALF = 1 << 30  # the multiplier that stands for 1/2


class Multipliers(unittest.TestCase):
    def test_plain(self):
        # 0.75 = 0.75 * 2^0; 0.75 * 2^31 = 1610612736.
        self.assertEqual(fp.quantize_multiplier(0.75), (1610612736, 0))
        # 1 = 0.5 * 2^1; 3 = 0.75 * 2^2; 0.1 = 0.8 * 2^-3, 0.8 * 2^31 = 1717986918.4.
        self.assertEqual(fp.quantize_multiplier(1.0), (HALF, 1))
        self.assertEqual(fp.quantize_multiplier(3.0), (1610612736, 2))
        self.assertEqual(fp.quantize_multiplier(0.1), (1717986918, -3))

    def test_negative(self):
        self.assertEqual(fp.quantize_multiplier(-0.75), (-1610612736, 0))

    def test_rounding_up_to_one(self):
        # (1 - 2^-33) * 2^31 = 2^31 - 1/4 rounds to 2^31, which does not fit: 2^30 with one more shift.
        self.assertEqual(fp.quantize_multiplier(1 - 2.0**-33), (HALF, 1))
        # The negative one does fit and stays.
        self.assertEqual(fp.quantize_multiplier(-(1 - 2.0**-33)), (-(1 << 31), 0))

    def test_flush_to_zero(self):
        self.assertEqual(fp.quantize_multiplier(2.0**-32), (HALF, -31))  # 2^-32 = 1/2 * 2^-31: the smallest that stays
        self.assertEqual(fp.quantize_multiplier(2.0**-32 * 0.999), (0, 0))
        self.assertEqual(fp.quantize_multiplier(1.4e-23), (0, 0))
        self.assertEqual(fp.quantize_multiplier(0.0), (0, 0))


class Rounding(unittest.TestCase):
    def test_first_rounding_goes_by_the_sign_of_the_product(self):
        high_mul = fp.saturating_rounding_doubling_high_mul
        self.assertEqual(high_mul(3, HALF), 2)     # +1.5, positive product: away from zero
        self.assertEqual(high_mul(-3, HALF), -1)   # -1.5, negative product: towards zero
        self.assertEqual(high_mul(3, -HALF), -1)   # -1.5 again, by the multiplier's sign
        self.assertEqual(high_mul(-3, -HALF), 2)   # +1.5: two negatives make a positive product
        self.assertEqual(high_mul(fp.INT32_MIN, fp.INT32_MIN), fp.INT32_MAX)
        self.assertEqual(high_mul(fp.INT32_MIN, HALF), -(1 << 30))

    def test_second_rounding_goes_by_the_sign_of_the_value(self):
        for x, exponent, expected in ((3, 1, 2), (-3, 1, -2), (5, 2, 1), (6, 2, 2), (-6, 2, -2), (-5, 2, -1), (7, 0, 7),
                                      (fp.INT32_MIN, 31, -1), (fp.INT32_MAX, 31, 1), ((1 << 30) - 1, 31, 0)):
            self.assertEqual(fp.rounding_divide_by_pot(x, exponent), expected, (x, exponent))

    def test_two_roundings_differ_from_one(self):
        # 5 * (1/2) * 2^-1 = 1.25, which is 1; but 2.5 rounds to 3 first, and 3/2 to 2.
        self.assertEqual(fp.multiply_by_quantized_multiplier(5, HALF, -1), 2)

    def test_left_shift_wraps(self):
        # 2^30 << 2 = 2^32, which is 0 in 32 bits.
        self.assertEqual(fp.multiply_by_quantized_multiplier(1 << 30, HALF, 2), 0)

    def test_wrap32(self):
        self.assertEqual(fp.wrap32(fp.INT32_MAX + 1), fp.INT32_MIN)
        self.assertEqual(fp.wrap32(fp.INT32_MIN - 1), fp.INT32_MAX)

    def test_against_fractions(self):
        seed = 20250101
        rng = random.Random(seed)
        for _ in range(3000):
            x = rng.randint(fp.INT32_MIN, fp.INT32_MAX) >> rng.randint(0, 31)
            multiplier = rng.choice((1, -1)) * rng.randint(HALF, (1 << 31) - 1)
            shift = rng.randint(-31, 0)
            first = Fraction(x * multiplier, 1 << 31)
            # Nearest; a half goes up, that is away from zero for positive and towards zero for negative products.
            high = math.floor(first + Fraction(1, 2))
            second = Fraction(high, 1 << -shift)
            expected = math.floor(abs(second) + Fraction(1, 2)) * (1 if second >= 0 else -1)
            self.assertEqual(fp.multiply_by_quantized_multiplier(x, multiplier, shift), expected,
                             f"seed {seed}: {x} {multiplier} {shift}")


class Functions(unittest.TestCase):
    def test_exp(self):
        # A series of degree 4 on 1/8 around its centre: wrong by up to (1/8)^5 / 5! = 2.5e-7, 546 units of 2^-31.
        self.assertEqual(fp.exp_on_negative_values(0), fp.INT32_MAX)
        for a in (-1, -1000, -(1 << 24), -(1 << 26), -3 * (1 << 26), -(10 << 26), -(31 << 26)):
            exact = math.exp(a / (1 << 26)) * (1 << 31)
            self.assertLess(abs(int(fp.exp_on_negative_values(a)) - exact), 600, a)

    def test_exp_of_arrays_is_exp_of_elements(self):
        a = -np.arange(0, 1 << 31, 123456789)
        self.assertEqual(fp.exp_on_negative_values(a).tolist(), [int(fp.exp_on_negative_values(v)) for v in a])

    def test_reciprocal(self):
        # 1.0 in Q12.19 is 2^19: r stands for 1/1 (saturated), n = 12 - 12 = 0.
        r, n = fp.reciprocal(1 << 19, 12)
        self.assertEqual(n, 0)
        self.assertLess(abs(r - (1 << 31)), 8)
        # 3.0 = 1.5 * 2^1: r = 2/3, n = 1.
        r, n = fp.reciprocal(3 << 19, 12)
        self.assertEqual(n, 1)
        self.assertLess(abs(r - (1 << 32) / 3), 8)


if __name__ == "__main__":
    unittest.main()
