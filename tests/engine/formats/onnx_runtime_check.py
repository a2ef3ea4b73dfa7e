#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ONNX Runtime gives the logits that we give, for every network of tests/support/onnx_cases.h. Skips where it is not installed."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOLERANCE = 1e-4  # of the largest logit; float32 sums in another order


def main():
    try:
        import numpy
        import onnxruntime
    except ImportError:
        print("skipped: onnxruntime is not installed (./dev prove onnx brings it)")
        return 77
    tool = Path(os.environ.get("DSW_BUILD", "build")) / "tests" / "write_onnx_cases"
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="dsw-onnx-") as folder:
        subprocess.run([tool, folder], check=True)
        for case in json.loads((Path(folder) / "index.json").read_text()):
            at = Path(folder) / case["name"]
            dtype, name = (numpy.float32, "image") if case["image"] else (numpy.int64, "tokens")
            given = numpy.fromfile(f"{at}.input", dtype).reshape(case["shape"])
            wanted = numpy.fromfile(f"{at}.logits", numpy.float32)
            session = onnxruntime.InferenceSession(f"{at}.onnx", providers=["CPUExecutionProvider"])
            got = session.run(["logits"], {name: given})[0].reshape(-1)
            error = float(numpy.abs(got - wanted).max() / numpy.abs(wanted).max())
            worst = max(worst, error if numpy.isfinite(error) else float("inf"))
            print(f"{case['name']:<20} largest difference {error:.2e} of the largest logit{'' if error <= TOLERANCE else '   TOO FAR'}")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
