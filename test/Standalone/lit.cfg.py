# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Run by utils/standalone.sh: lit --param tool_dir=DIR test/Standalone

import lit.formats

config.name = "Standalone"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.environment["PATH"] = ":".join(
    [lit_config.params["tool_dir"], lit_config.params["llvm_tools_dir"], "/usr/bin"])
config.test_exec_root = lit_config.params["tool_dir"]
