#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the header of every .tflite in a folder for every input mode (DIR/MODE/NAME.h) and compiles it, included twice and
used, as C99 and C++17 with each compiler that is there. Any warning is an error."""

import glob
import os
import shutil
import subprocess
import sys

SOURCE = """#include "{name}.h"
#include "{name}.h"
extern unsigned char arena[{upper}_ARENA_BYTES];
extern const {upper}_OUTPUT0_TYPE *outputOf(const unsigned char *bytes);
int use(const {name}_io *io, int i);
int use(const {name}_io *io, int i) {{
  static const int shape[{upper}_OUTPUT0_RANK] = {upper}_OUTPUT0_DIMS;
  if ({name}_run(arena, io) != 0 || shape[0] != 1)
    return {upper}_NUM_OUTPUTS;
  return (int)(outputOf(arena + {upper}_OUTPUT0_OFFSET)[i] * 1.0f);
}}
"""

COMPILERS = [("gcc", "c"), ("clang-22", "c"), ("g++", "c++"), ("clang++-22", "c++"), ("arm-none-eabi-gcc", "c"),
             ("arm-none-eabi-g++", "c++")]
FLAGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]


def main():
    directory = sys.argv[1]
    used = 0
    for model in sorted(glob.glob(os.path.join(directory, "*.tflite"))):
        name = os.path.splitext(os.path.basename(model))[0]
        for mode in ("resident", "external", "rows", "windows"):
            folder = os.path.join(directory, mode)
            subprocess.run(["tessera", "compile", model, "--cpu=cortex-m4", f"--input={mode}", "-o", folder], check=True,
                           stdout=subprocess.DEVNULL)
            for language, suffix, standard in (("c", ".c", "-std=c99"), ("c++", ".cpp", "-std=c++17")):
                source = os.path.join(folder, name + suffix)
                with open(source, "w", encoding="utf-8") as file:
                    file.write(SOURCE.format(name=name, upper=name.upper()))
                for compiler, of in COMPILERS:
                    if of == language and shutil.which(compiler):
                        subprocess.run([compiler, standard, *FLAGS, source], check=True)
                        used += 1
    if not used:
        sys.exit("error: no compiler found")
    print(f"{used} compilations without a warning")


if __name__ == "__main__":
    main()
