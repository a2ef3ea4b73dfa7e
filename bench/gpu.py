#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can only be seen on a CUDA device, unattended: the suites with CTest's label gpu, a part of them under compute-sanitizer
where that is installed, and speed beside PyTorch's where a virtual environment has it. One JSON file says everything; 77 without a device.

  ./dev gpu [--peers VENV]       writes build/bench/gpu.json
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NETWORKS = {  # of training_bench.py: document, settings
    "gpt-4x128": ["/data/context=256", "/training/batch=16"],
    "gpt-6x384": ["/data/context=256", "/training/batch=8", "/model/layers=6", "/model/heads=6", "/model/width=384"],
}
STEPS = 60
SANITIZED = {  # program: which of its tests
    "kernels.cuda.matmul": "*ShapesLayoutsAndBias*",
    "kernels.cuda.attention": "*GroupedQueriesAndOptions*bfloat16:*RandomLists*bfloat16",
    "kernels.cuda.families": "*",
}
SANITIZERS = ["memcheck", "racecheck", "synccheck", "initcheck"]


def text_of(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def device_of(program):
    """The first usable CUDA device as `deepshock devices` lists it, or None."""
    listed = json.loads(text_of([program, "devices", "--json"]))["devices"]
    return next((one for one in listed if one["device"].startswith("cuda:") and one["available"]), None)


def suites(build):
    """[{suite, passed, seconds}] of CTest's entries with the label gpu."""
    done = subprocess.run(["ctest", "--test-dir", build, "-L", "gpu", "--output-on-failure"], capture_output=True, text=True)
    print(done.stdout, flush=True)
    rows = []
    for line in done.stdout.splitlines():  # " 3/12 Test  #7: gpu.kernels.cuda.matmul ....   Passed   12.34 sec"
        words = line.split()
        if "Test" in words and "sec" in words and "#" in line:
            name = line.split(":", 1)[1].split()[0]
            rows.append({"suite": name, "passed": "Passed" in words, "seconds": float(words[words.index("sec") - 1])})
    return rows


def sanitized(build):
    """[{tool, program, passed}], or why there is none."""
    tool = shutil.which("compute-sanitizer")
    if tool is None:
        return "compute-sanitizer is not installed"
    rows = []
    for name in SANITIZERS:
        for program, tests in SANITIZED.items():
            done = subprocess.run([tool, "--tool", name, "--error-exitcode", "1", str(Path(build) / "tests" / program), f"--gtest_filter={tests}"],
                                  capture_output=True, text=True, env=dict(os.environ, DSW_TEST_CUDA="1"))
            rows.append({"tool": name, "program": program, "passed": done.returncode == 0})
            print(f"compute-sanitizer {name:<10} {program:<24} {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
            if done.returncode != 0:
                print(done.stdout[-4000:] + done.stderr[-1000:], flush=True)
    return rows


def training_rate(program, folder, network):
    project, key = str(Path(folder) / f"{network}.dsx"), "sys/tokens-per-s"
    command = [program, "run", "template:shakespeare-char", "--project", project, "--json"]
    for setting in [*NETWORKS[network], "/device=cuda:0", "/precision=bfloat16", f"/training/steps={STEPS}", f"/training/eval_every={STEPS}",
                    "/training/eval_batches=1", "/training/sample_tokens=0"]:
        command += ["--set", setting]
    run = json.loads(text_of(command))["run"]
    table = text_of([program, "metrics", "--project", project, run, key, "--csv"])
    return statistics.median([float(line.rsplit(",", 1)[1]) for line in table.splitlines()[1:]][1:])


def measured(program, build):
    cases = json.loads(text_of([str(Path(build) / "tests" / "measure_gpu"), "cuda:0"]))["cases"]
    with tempfile.TemporaryDirectory(prefix="dsw-gpu-") as folder:
        for network in NETWORKS:
            cases[f"train-{network}-bf16"] = training_rate(program, folder, network)
    return cases


def peer_of(venv):
    script = Path(__file__).with_name("gpu_peer.py")
    return json.loads(text_of([f"{venv}/bin/python", str(script), ",".join(NETWORKS)]))


def compared(ours, peer):
    rows = []
    for case, value in ours.items():
        rate = case.startswith(("decode", "train"))
        row = {"case": case, "ours": round(value, 4), "unit": "tokens/s" if rate else "ms", "higher_is_better": rate}
        theirs = peer["cases"].get(case) if peer else None
        if theirs is not None:  # ratio: how many times the peer's speed
            row |= {"peer": f"torch {peer['version']}", "peer_value": round(theirs, 4), "ratio": round(value / theirs if rate else theirs / value, 3)}
        rows.append(row)
        print(f"{case:28} {row['ours']:>12} {row['unit']}" + (f"   torch {row['peer_value']}   ratio {row['ratio']}" if "ratio" in row else ""), flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench/gpu.json")
    parser.add_argument("--peers", help="virtual environment with torch for CUDA")
    parser.add_argument("--look", action="store_true", help="only say whether there is a device")
    args = parser.parse_args()
    program = str(Path(args.bin) / "deepshock")
    device = device_of(program)
    if device is None:
        print("no CUDA device")
        return 77
    if args.look:
        return 0
    report = {"bench": "gpu", "device": device, "system": platform.platform(), "suites": suites(args.build), "sanitizers": sanitized(args.build)}
    report["results"] = compared(measured(program, args.build), peer_of(args.peers) if args.peers else None)
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1))
    checks = report["suites"] + (report["sanitizers"] if isinstance(report["sanitizers"], list) else [])
    print(f"{out}: {sum(one['passed'] for one in checks)} of {len(checks)} suites passed on {device['description']}")
    return 0 if report["suites"] and all(one["passed"] for one in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
