# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How lit runs the tests of this folder.

Tools and data that a machine may lack are features: a test that needs one says
`REQUIRES: NAME`, and notes at the head of lit's output say which are missing, and
why. utils/check.sh counts a skipped test as a failure.
"""

import os
import shutil

import lit.formats

config.name = "Tessera"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Unit", "Standalone", "lib", "Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.join(config.tessera_source_dir, "test")
config.test_exec_root = os.path.join(config.tessera_binary_dir, "test")

bin_dir = os.path.join(config.tessera_binary_dir, "bin")
lib_dir = os.path.join(config.tessera_binary_dir, "lib")
config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.llvm_tools_dir, config.environment.get("PATH", "/usr/bin:/bin")])
config.environment["PYTHONPATH"] = os.path.join(config.tessera_source_dir, "python")
# Python must not litter the source tree.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"

shared = lit_config.params.get(
    "shared", os.path.join(config.tessera_source_dir, "..", "shared"))
config.substitutions += [
    ("%python", config.python_executable),
    ("%plugin", os.path.join(lib_dir, "TesseraPlugin.so")),
    ("%mlir_lib_dir", config.mlir_lib_dir),
    ("%source_dir", config.tessera_source_dir),
    ("%shared", os.path.realpath(shared)),
]

missing = []


def feature(name, present, reason):
    """Adds the feature, or remembers why it is not there."""
    if present:
        config.available_features.add(name)
    else:
        missing.append(f"{name}: {reason}")


def tool(name, program, package):
    path = shutil.which(program, path=config.environment["PATH"])
    feature(name, path is not None,
            f"no {program} in the path (Debian's package {package} has it)")


def built(name, program):
    feature(name, os.path.exists(os.path.join(bin_dir, program)),
            f"{program} is not in {bin_dir}")


built("tessera", "tessera")
built("tessera-translate", "tessera-translate")
feature("plugin", os.path.exists(os.path.join(lib_dir, "TesseraPlugin.so")),
        f"TesseraPlugin.so is not in {lib_dir}")
tool("mlir-runner", "mlir-runner", "mlir-22-tools")
tool("qemu", "qemu-system-arm", "qemu-system-arm")
tool("arm-gcc", "arm-none-eabi-gcc", "gcc-arm-none-eabi")
feature("numpy",
        os.system(f"{config.python_executable} -c 'import numpy' 2>/dev/null") == 0,
        f"{config.python_executable} has no numpy")
feature("shared-models", os.path.isdir(os.path.join(shared, "models")),
        f"no folder {os.path.join(shared, 'models')}")

for line in missing:
    lit_config.note("feature missing: " + line)
