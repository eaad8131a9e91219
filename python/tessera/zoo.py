#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The project's test models, made on demand: networks with random weights, single operators with corner values, and
files that must be refused.

    zoo.py --list [PATTERN...]                          names, one per line, with what they are
    zoo.py --write DIR [PATTERN...] [--seed N] [--inputs K] [--golden]

PATTERN is a name or a glob (all models without one). --write makes NAME.tflite and, unless the model must be refused,
K input files NAME.in0.bin ... (all inputs of the model, concatenated, uniform over the type's range; the first one of a
single-operator case walks through all 256 values). --golden adds NAME.out0.bin ... as the exact reference computes them.
The same seed gives the same bytes. Needs numpy and the FlatBuffers runtime (Debian: python3-numpy,
python3-flatbuffers), so run it with /usr/bin/python3 where another python3 comes first.
"""

import argparse
import fnmatch
import os
import sys
import zlib

import numpy as np

if __package__ in (None, ""):  # run as a script
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    __package__ = "tessera"

from .reference import run_bytes
from .tflite_writer import serialize
from .zoo_corners import CORNERS
from .zoo_negative import NEGATIVES
from .zoo_networks import NETWORKS

MODELS = {**{function.__name__: function for function in NETWORKS}, **CORNERS}


def names(patterns=()):
    """Names in the zoo's order that match one of the patterns. Raises ValueError for a pattern that matches none."""
    everything = [*MODELS, *NEGATIVES]
    for pattern in patterns:
        if not fnmatch.filter(everything, pattern):
            raise ValueError(f"no model is called {pattern}; --list names them all")
    return [n for n in everything if not patterns or any(fnmatch.fnmatch(n, p) for p in patterns)]


def build(name):
    """The bytes of the .tflite file."""
    return NEGATIVES[name]() if name in NEGATIVES else serialize(MODELS[name]())


def random_input(model, seed, name="", walk=False):
    """Bytes of one input file. `walk`: integer inputs run through every value of the type, shuffled by a step."""
    rng = np.random.RandomState((seed * 1000003 + zlib.crc32(name.encode())) % 2**32)
    parts = []
    for index in model.inputs:
        tensor = model.tensors[index]
        if tensor.type == "FLOAT32":
            values = rng.uniform(-4, 4, tensor.shape).astype(np.float32)
        else:
            info = np.iinfo(tensor.dtype)
            values = rng.randint(info.min, info.max + 1, tensor.shape)
            if walk:
                values = (np.arange(tensor.num_elements) * 89 + rng.randint(256)) % 256 + info.min
        parts.append(np.asarray(values, dtype=tensor.dtype).tobytes())
    return b"".join(parts)


def write(directory, name, seed=1, inputs=1, golden=False):
    """Writes one model with its inputs, and its outputs if `golden`. Returns the paths."""
    paths = []

    def save(suffix, data):
        paths.append(os.path.join(directory, name + suffix))
        with open(paths[-1], "wb") as file:
            file.write(data)

    save(".tflite", build(name))
    if name not in NEGATIVES:
        model = MODELS[name]()
        for number in range(inputs):
            data = random_input(model, seed + number, name, walk=name in CORNERS and number == 0)
            save(f".in{number}.bin", data)
            if golden:
                save(f".out{number}.bin", run_bytes(model, data))
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--list", action="store_true")
    action.add_argument("--write", metavar="DIR")
    parser.add_argument("patterns", nargs="*", metavar="PATTERN")
    parser.add_argument("--seed", type=int, default=1, help="of the inputs (default 1)")
    parser.add_argument("--inputs", type=int, default=1, metavar="K", help="input files per model (default 1)")
    parser.add_argument("--golden", action="store_true", help="write the reference's outputs, too")
    args = parser.parse_args()
    try:
        chosen = names(args.patterns)
        if args.list:
            for name in chosen:
                about = (MODELS.get(name) or NEGATIVES[name]).__doc__ or ""
                print(f"{name:34} {about.strip().splitlines()[0] if about else ''}".rstrip())
            return
        os.makedirs(args.write, exist_ok=True)
        for name in chosen:
            write(args.write, name, args.seed, args.inputs, args.golden)
        print(f"wrote {len(chosen)} models to {args.write}, inputs from seed {args.seed}")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
