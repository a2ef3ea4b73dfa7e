#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window: its start, and what a person does with a project of 15,000 runs, an editor and charts. `ms` is from the deed to its
   picture; `event` the CPU time of the longest event on the way (for the pan: mean and worst frame).
   `./dev bench window` writes build/bench/window.json."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile

# What must hold: case → most milliseconds, and most of one event where it differs from EVENT.
LIMITS = {"start": 1500, "open-run-table": 2000, "filter": 200, "filter-settings": 200, "five-charts": 100}
EVENT = 50
EXEMPT = ("switch-theme", "switch-theme-back")  # the one exception of the stall guard
STARTS = 10
ROUNDS = 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench/window.json")
    parser.add_argument("--peers")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dsw-bench-") as folder:
        project = os.path.join(folder, "big.dsx")
        env = dict(os.environ, HOME=folder, XDG_RUNTIME_DIR=folder)
        if not env.get("DISPLAY") and not env.get("WAYLAND_DISPLAY"):
            env["QT_QPA_PLATFORM"] = "offscreen"
        start = [os.path.join(args.bin, "deepshock-workbench"), "--start", "--settings", os.path.join(folder, "start.ini"), "--measure-startup"]
        starts = [float(run(start, env)) for _ in range(STARTS + 1)][1:]  # the first one warms the caches
        run([os.path.join(args.build, "tests", "make_big_project"), project, "--json"], env)
        cases = json.loads(run([os.path.join(args.build, "tests", "window_bench"), project, "--rounds", str(ROUNDS)], env))
    results = [result("start", starts, [])]
    results += [result(name, values["ms"], values["event_ms"]) for name, values in sorted(cases.items())]
    report = {"bench": "window", "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "system": platform.platform(),
                                             "display": env.get("QT_QPA_PLATFORM", "xcb"), "load": os.getloadavg()[0]}, "results": results}
    with open(args.out, "w") as out:
        json.dump(report, out, indent=1)
    print(f"{report['machine']['cpu']}, {report['machine']['cores']} cores, load {report['machine']['load']:.1f}")
    print(f"{'case':24} {'median ms':>10} {'worst ms':>10} {'longest event':>14}")
    for one in results:
        event = f"{one['event_ms']:14.1f}" if "event_ms" in one else " " * 14
        over = "  over its limit" if one["over"] else ""
        print(f"{one['case']:24} {one['ours']:10.1f} {one['worst_ms']:10.1f} {event}{over}")


def result(name, ms, events):
    one = {"case": name, "ours": statistics.median(ms), "worst_ms": max(ms), "unit": "ms", "higher_is_better": False}
    if name in LIMITS:
        one["bound"] = LIMITS[name]
    if events:
        one["event_ms"] = max(events)
    one["over"] = one["ours"] > one.get("bound", float("inf")) or (name not in EXEMPT and one.get("event_ms", 0) > EVENT)
    return one


def run(command, env):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=600).stdout


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
