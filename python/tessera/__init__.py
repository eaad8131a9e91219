# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Python side of Tessera: writes and reads .tflite models for tests, runs them exactly, trains and shows the demo."""
