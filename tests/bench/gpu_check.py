#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench/gpu.py, which `./dev gpu` runs where there is a CUDA device: without one it says so and exits 77; with one, played here by small
scripts, everything it finds is in its JSON, and a suite that fails is its exit status. measure_gpu runs on the emulated device."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DEEPSHOCK = """#!/usr/bin/env python3
import json, sys
if sys.argv[1] == "devices":
    print(json.dumps({"devices": [{"device": "cpu", "available": True}, {"device": "cuda:0", "available": %s, "description": "a played card"}]}))
elif sys.argv[1] == "run":
    assert "/device=cuda:0" in sys.argv
    print(json.dumps({"run": "1"}))
else:
    print("step,value\\n10,100\\n20,300\\n30,200")
"""
MEASURE = """#!/bin/sh
echo '{"device": "a played card", "cases": {"product-4096-bf16": 0.5, "decode-15m-bf16": 1000}}'
"""
CTEST = """#!/bin/sh
echo '    Start 1: gpu.kernels.cuda.matmul'
echo '1/2 Test #1: gpu.kernels.cuda.matmul ..........   Passed   12.34 sec'
echo '2/2 Test #2: gpu.engine.nn.ops.device .........%s    2.00 sec'
"""
SANITIZER = """#!/bin/sh
[ "$2" != racecheck ]
"""
PYTHON = """#!/bin/sh
echo '{"version": "2.9", "device": "a played card", "cases": {"product-4096-bf16": 0.25, "decode-15m-bf16": 2000}}'
"""


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(folder, *arguments):
    environment = dict(os.environ, PATH=f"{folder}/tools:{os.environ['PATH']}")
    return subprocess.run([sys.executable, "bench/gpu.py", "--bin", f"{folder}/bin", "--build", str(folder), "--out", f"{folder}/gpu.json", *arguments],
                          capture_output=True, text=True, env=environment)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script(folder / "bin/deepshock", DEEPSHOCK % "False")
        for arguments in ([], ["--look"]):
            done = run(folder, *arguments)
            assert (done.returncode, done.stdout) == (77, "no CUDA device\n"), done
        script(folder / "bin/deepshock", DEEPSHOCK % "True")
        assert run(folder, "--look").returncode == 0
        script(folder / "tests/measure_gpu", MEASURE)
        script(folder / "tools/ctest", CTEST % "   Passed")
        script(folder / "tools/compute-sanitizer", "#!/bin/sh\n")
        script(folder / "venv/bin/python", PYTHON)
        done = run(folder, "--peers", f"{folder}/venv")
        assert done.returncode == 0, done
        report = json.loads((folder / "gpu.json").read_text())
        assert report["device"]["description"] == "a played card"
        assert report["suites"] == [{"suite": "gpu.kernels.cuda.matmul", "passed": True, "seconds": 12.34},
                                    {"suite": "gpu.engine.nn.ops.device", "passed": True, "seconds": 2.0}], report["suites"]
        assert len(report["sanitizers"]) == 12 and all(one["passed"] for one in report["sanitizers"])
        results = {one["case"]: one for one in report["results"]}
        assert results["product-4096-bf16"]["ratio"] == 0.5 and results["decode-15m-bf16"]["ratio"] == 0.5
        assert results["train-gpt-4x128-bf16"]["ours"] == 250 and "ratio" not in results["train-gpt-4x128-bf16"]
        script(folder / "tools/compute-sanitizer", SANITIZER)
        assert run(folder).returncode == 1
        script(folder / "tools/compute-sanitizer", "#!/bin/sh\n")
        script(folder / "tools/ctest", CTEST % "***Failed")
        assert run(folder).returncode == 1
    tool = Path(os.environ.get("DSW_BUILD", "build")) / "tests/measure_gpu"
    cases = json.loads(subprocess.run([tool, "cuda-emulated", "small"], check=True, capture_output=True, text=True).stdout)["cases"]
    assert set(cases) == {"attention-fwd-2048-bf16", "attention-bwd-2048-bf16", "product-4096-bf16", "product-4096-fp8",
                          "product-4096-fp8-blocks", "decode-15m-bf16"} and all(value > 0 for value in cases.values()), cases
    print("gpu.py and measure_gpu do what they say")
    return 0


if __name__ == "__main__":
    sys.exit(main())
