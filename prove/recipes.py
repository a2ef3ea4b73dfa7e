#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published recipes on real data, three seeds each: template shakespeare-char ends with validation loss <= 1.90 (over the whole
validation part); template mnist-cnn reaches >= 99.0 % test accuracy within 4 epochs. Each seed has to reach its bar; the mean stands
below with the 95 % interval of Student's t.

  ./dev prove recipes         runs that are finished stay in build/prove/recipes/recipes.dsx; a broken one is resumed
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

T_OF_TWO = 4.303  # 97.5 % point of Student's t with 2 degrees of freedom
CASES = [
    ("shakespeare-char", 1337, "val/loss", "<=", 1.90),
    ("shakespeare-char", 1, "val/loss", "<=", 1.90),
    ("shakespeare-char", 2, "val/loss", "<=", 1.90),
    ("mnist-cnn", 1, "test/accuracy", ">=", 0.99),
    ("mnist-cnn", 2, "test/accuracy", ">=", 0.99),
    ("mnist-cnn", 3, "test/accuracy", ">=", 0.99),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DSW_BIN", "build/bin"))
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", help="one template")
    options = parser.parse_args()
    Path(options.out).mkdir(parents=True, exist_ok=True)
    program, project = str(Path(options.bin) / "deepshock"), str(Path(options.out) / "recipes.dsx")

    def runs():
        if not os.path.exists(project):
            return []
        return json.loads(subprocess.run([program, "runs", "--project", project, "--json"], capture_output=True, text=True, check=True).stdout)["runs"]

    missed, values = 0, {}
    print(f"{'template':<18} {'seed':>5} {'metric':<14} {'value':>9}  {'bar':>8}  {'seconds':>8}")
    for template, seed, key, relation, bar in CASES:
        if options.only and options.only != template:
            continue
        mine = [r for r in runs() if r["experiment"] == template and r["seed"] == seed]
        if not any(r["status"] == "finished" for r in mine):
            command = ["run", f"template:{template}", "--project", project, "--set", f"/seed={seed}"]
            if mine:
                command = ["resume", "--project", project, mine[0]["run"]]
            subprocess.run([program, *command], check=True, stdout=subprocess.DEVNULL)
            mine = [r for r in runs() if r["experiment"] == template and r["seed"] == seed]
        run = next(r for r in mine if r["status"] == "finished")
        value = run["metrics"][key]["last"]
        holds = value <= bar if relation == "<=" else value >= bar
        missed += not holds
        values.setdefault((template, key), []).append(value)
        print(f"{template:<18} {seed:>5} {key:<14} {value:>9.4f}  {relation} {bar:<5}  {run['seconds']:>8.1f}  {'' if holds else 'MISSED'}", flush=True)
    for (template, key), seeds in values.items():
        half = T_OF_TWO * statistics.stdev(seeds) / len(seeds) ** 0.5
        print(f"{template:<18} mean  {key:<14} {statistics.mean(seeds):>9.4f}  ± {half:.4f} over {len(seeds)} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
