#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds firmware.c with arm-none-eabi-gcc around two models and boots it.

    run_firmware.py DIR     once for each float ABI on a Cortex-M4, as C99 and as C++17, and once on a Cortex-M7

A warning of compiler or linker is an error. The exit code of the emulator is the number of the first check that failed."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "python"))

from tessera import zoo  # noqa: E402
from tessera.reference import run_bytes  # noqa: E402

MODELS = {"ds_cnn_small": ("dsCnn", "resident"), "resnet8_small": ("resnet8", "rows")}
BOARDS = {"cortex-m4": "mps2-an386", "cortex-m7": "mps2-an500"}
# The C++ standard library is another package, and not needed.
LANGUAGES = {"c": ["-std=c99", "-x", "c"],
             "c++": ["-std=c++17", "-x", "c++", "-fno-exceptions", "-Wno-register"]}
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wl,--fatal-warnings"]


def write_data(directory):
    """Inputs and the reference's outputs as arrays of bytes in data.h."""
    with open(os.path.join(directory, "data.h"), "w", encoding="utf-8") as header:
        for name, (prefix, _) in MODELS.items():
            model = zoo.MODELS[name]()
            data = zoo.random_input(model, seed=3, name=name)
            for suffix, content in (("Input", data), ("Output", run_bytes(model, data))):
                header.write(f"static const unsigned char {prefix}{suffix}[] = {{{','.join(map(str, content))}}};\n")


def build_and_boot(directory, cpu, abi, language):
    folder = os.path.join(directory, f"{cpu}-{abi}")
    os.makedirs(folder, exist_ok=True)
    objects = []
    for name, (_, mode) in MODELS.items():
        subprocess.run(["tessera", "compile", os.path.join(directory, name + ".tflite"), f"--cpu={cpu}", f"--input={mode}",
                        f"--float-abi={abi}", "-o", folder], check=True, stdout=subprocess.DEVNULL)
        objects.append(os.path.join(folder, name + ".o"))
    image = os.path.join(folder, "firmware.elf")
    subprocess.run(["arm-none-eabi-gcc", "-mthumb", f"-mcpu={cpu}", f"-mfloat-abi={abi}", "-O1", *WARNINGS, "-nostartfiles", "-I", folder,
                    "-I", directory, *LANGUAGES[language], os.path.join(HERE, "firmware.c"), "-x", "none", *objects,
                    "-T", os.path.join(HERE, "firmware.ld"), "-o", image], check=True)
    boot = subprocess.run(["qemu-system-arm", "-machine", BOARDS[cpu], "-nodefaults", "-display", "none", "-semihosting-config",
                           "enable=on,target=native", "-kernel", image], check=False, timeout=120)
    print(f"{cpu} {abi} {language}: {boot.returncode}")
    return boot.returncode == 0


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name in MODELS:
        zoo.write(directory, name)
    write_data(directory)
    runs = [("cortex-m4", abi, language) for abi in ("soft", "softfp", "hard") for language in ("c", "c++")]
    runs.append(("cortex-m7", "hard", "c"))
    return 0 if all([build_and_boot(directory, *run) for run in runs]) else 1


if __name__ == "__main__":
    sys.exit(main())
