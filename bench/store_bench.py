#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store on a project of 50 × 300 runs with 1,500 points each: made once, then opened, listed and read by fresh processes.
   `./dev bench store` writes build/bench/store.json."""
import argparse
import json
import os
import platform
import subprocess
import tempfile

# What the project must be quick enough for: case → unit, limit.
LIMITS = {"open-and-list": ("ms", 2000), "curves-of-a-run": ("ms", 100)}
ROUNDS = 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench/store.json")
    parser.add_argument("--peers")
    args = parser.parse_args()
    tool = os.path.join(args.build, "tests", "make_big_project")
    with tempfile.TemporaryDirectory(prefix="dsw-bench-") as folder:
        project = os.path.join(folder, "big.dsx")
        made = run(tool, project)
        rounds = [run(tool, project) for _ in range(ROUNDS)]
    results = [
        {"case": "make", "ours": made["make_seconds"], "unit": "s", "higher_is_better": False},
        {"case": "size", "ours": made["megabytes"], "unit": "MB", "higher_is_better": False},
        {"case": "points-per-megabyte", "ours": round(made["points"] / made["megabytes"]), "unit": "points/MB", "higher_is_better": True},
    ]
    for case, key in (("open-and-list", "list_ms"), ("curves-of-a-run", "curves_ms"), ("open-for-writing", "write_open_ms")):
        result = {"case": case, "ours": sorted(r[key] for r in rounds)[ROUNDS // 2], "unit": "ms", "higher_is_better": False}
        if case in LIMITS:
            result["bound"] = LIMITS[case][1]
            result["share_of_bound"] = round(result["ours"] / result["bound"], 4)
        results.append(result)
    report = {"bench": "store", "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "system": platform.platform()}, "results": results}
    with open(args.out, "w") as out:
        json.dump(report, out, indent=1)
    for result in results:
        bound = f"   limit {result['bound']} {result['unit']}" if "bound" in result else ""
        print(f"{result['case']:22} {result['ours']:>12} {result['unit']}{bound}")


def run(tool, project):
    return json.loads(subprocess.run([tool, project, "--json"], check=True, capture_output=True, text=True).stdout)


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
