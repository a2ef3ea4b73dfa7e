#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Narrow precisions on the template shakespeare-char, three seeds each, whole validation part: the mean validation loss in bfloat16 and in
float16 (with its loss scale) is within 0.5 % of float32's, that with 8-bit products within 0.5 % of bfloat16's. The differences of equal seeds stand below with the 95 %
interval of Student's t. Control: the spread between seeds of one precision, which is what a difference has to be seen against.

  ./dev prove precision       runs that are finished stay in build/prove/precision/precision.dsx; a broken one is resumed
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

T_OF_TWO = 4.303  # 97.5 % point of Student's t with 2 degrees of freedom
SEEDS = [1337, 1, 2]
BAR = 0.005
BESIDE = {"bfloat16": "float32", "float16": "float32", "float8": "bfloat16"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DSW_BIN", "build/bin"))
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--precisions", default="float32,bfloat16,float8,float16",
                        help="which, separated by commas; what a precision is held against before it")
    parser.add_argument("--threads", default="0", help="of new runs; 1 goes on evenly beside other work")
    options = parser.parse_args()
    Path(options.out).mkdir(parents=True, exist_ok=True)
    program, project = str(Path(options.bin) / "deepshock"), str(Path(options.out) / "precision.dsx")

    def runs(name):
        if not os.path.exists(project):
            return []
        listed = subprocess.run([program, "runs", "--project", project, "--json"], capture_output=True, text=True, check=True).stdout
        return [run for run in json.loads(listed)["runs"] if run["name"] == name or run["experiment"] == name]

    def loss(precision, seed):
        name = f"{precision} {seed}"
        mine = runs(name)
        if not any(run["status"] == "finished" for run in mine):
            command = ["run", "template:shakespeare-char", "--project", project, "--set", f"/seed={seed}", "--set", f"/precision={precision}",
                       "--set", f"/name={name}", "--threads", options.threads]
            if mine:
                command = ["resume", "--project", project, mine[0]["run"]]
            subprocess.run([program, *command], check=True, stdout=subprocess.DEVNULL)
            mine = runs(name)
        run = next(run for run in mine if run["status"] == "finished")
        print(f"{precision:<9} {seed:>5}  val/loss {run['metrics']['val/loss']['last']:.4f}  {run['seconds']:8.1f} s", flush=True)
        return run["metrics"]["val/loss"]["last"]

    missed, all_losses = 0, {}
    for precision in options.precisions.split(","):
        losses = all_losses[precision] = [loss(precision, seed) for seed in SEEDS]
        mean = statistics.mean(losses)
        print(f"{precision:<9} mean   val/loss {mean:.4f}, standard deviation over seeds {statistics.stdev(losses):.4f}", flush=True)
        if precision not in BESIDE:
            continue
        beside = all_losses[BESIDE[precision]]
        apart = [(narrow - one) / one for narrow, one in zip(losses, beside)]
        off = mean / statistics.mean(beside) - 1
        half = T_OF_TWO * statistics.stdev(apart) / len(apart) ** 0.5
        holds = abs(off) <= BAR
        missed += not holds
        print(f"{precision:<9} against {BESIDE[precision]}: {100 * off:+.2f} % of the mean (bar ±{100 * BAR:.1f} %), of equal seeds "
              f"{100 * statistics.mean(apart):+.2f} ± {100 * half:.2f} %{'' if holds else '  MISSED'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
