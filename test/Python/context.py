# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where things are, for the tests of this folder. Run them with

    /usr/bin/python3 -m unittest discover -s test/Python

They need Debian's python3-numpy and python3-flatbuffers."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = os.path.join(ROOT, "python")
SHARED = os.path.join(os.path.dirname(ROOT), "shared")  # recorded models and outputs, where they exist

if PYTHON not in sys.path:
    sys.path.insert(0, PYTHON)
