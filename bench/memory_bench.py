#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Activation checkpointing under a memory limit: a language model of 12 layers trains with all of its activations kept, and with
`activation_checkpointing: auto` under a limit of 0.4 of them; rounds take turns, the best of each counts. Beside them stands the run that
keeps all: its peak activation memory, and the time that its steps take.

  ./dev bench memory     writes build/bench/memory.json
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
from pathlib import Path

from training_bench import cpu_name

ROUNDS = 3
STEPS = 30
SETTINGS = ["/model/layers=12", "/model/width=128", "/model/heads=4", "/data/context=256", "/training/batch=8", f"/training/steps={STEPS}",
            f"/training/eval_every={STEPS}", "/training/eval_batches=1", "/training/sample_tokens=0"]
SHARE = 0.4


def values(program, project, run, key):
    table = subprocess.run([program, "metrics", "--project", project, run, key, "--csv"], check=True, capture_output=True, text=True).stdout
    return [float(line.rsplit(",", 1)[1]) for line in table.splitlines()[1:]]


def measure(program, folder, name, threads, extra):
    project = str(folder / f"{name}.dsx")
    command = [program, "run", "template:shakespeare-char", "--project", project, "--threads", str(threads), "--json"]
    for setting in SETTINGS + extra:
        command += ["--set", setting]
    run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["run"]
    # The first window holds the step that measures the blocks.
    return {"rate": statistics.median(values(program, project, run, "sys/tokens-per-s")[1:]),
            "bytes": values(program, project, run, "sys/activation-bytes")[-1], "losses": values(program, project, run, "train/loss")}


def standing_bytes(program, threads, folder):
    """Weights and AdamW's two numbers for each, as the run's plan counts them."""
    project = str(folder / "plan.dsx")
    command = [program, "run", "template:shakespeare-char", "--project", project, "--threads", str(threads), "--json"]
    for setting in SETTINGS[:5] + ["/training/steps=1", "/training/eval_batches=1", "/training/sample_tokens=0"]:
        command += ["--set", setting]
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["summary"]
    return 3 * 4 * summary["parameters"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--build")
    parser.add_argument("--out", default="build/bench/memory.json")
    parser.add_argument("--peers")
    args = parser.parse_args()
    program, threads = str(Path(args.bin) / "deepshock"), len(os.sched_getaffinity(0))
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="dsw-bench-") as name:
        folder = Path(name)
        standing = standing_bytes(program, threads, folder)
        kept, again = [], []
        for number in range(ROUNDS):
            kept.append(measure(program, folder, f"kept-{number}", threads, []))
            limit = round(standing + SHARE * kept[0]["bytes"])
            again.append(measure(program, folder, f"again-{number}", threads,
                                 ['/training/activation_checkpointing="auto"', f"/training/memory_limit={limit}"]))
    same = all(r["losses"] == kept[0]["losses"] for r in kept + again)
    tokens = 8 * 256
    times = [1e3 * tokens / max(r["rate"] for r in runs) for runs in (kept, again)]
    results = [
        {"case": "checkpoint-12-memory-f32", "ours": again[0]["bytes"], "unit": "bytes", "higher_is_better": False,
         "peer": "all activations kept", "peer_value": kept[0]["bytes"], "ratio": round(kept[0]["bytes"] / again[0]["bytes"], 3)},
        {"case": "checkpoint-12-time-f32", "ours": round(times[1], 2), "unit": "ms", "higher_is_better": False,
         "peer": "all activations kept", "peer_value": round(times[0], 2), "ratio": round(times[0] / times[1], 3)},
    ]
    for result in results:
        print(f"{result['case']:26} {result['ours']:>12} {result['unit']}, {result['ours'] / result['peer_value']:.3f} of {result['peer_value']}"
              f" with all activations kept")
    print("The losses are " + ("the same to the bit." if same else "NOT the same."))
    machine = {"cpu": cpu_name(), "cores": os.cpu_count(), "threads": threads, "system": platform.platform(),
               "load_before": round(load_before, 2), "load_after": round(os.getloadavg()[0], 2)}
    os.makedirs(os.path.dirname(args.out) or ".", exist_ok=True)
    with open(args.out, "w") as out:
        json.dump({"bench": "memory", "machine": machine, "losses_equal": same, "results": results}, out, indent=1)
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
