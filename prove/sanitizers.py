#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test under the address, leak and undefined-behaviour sanitizers, then the engine's with threads under the thread sanitizer. A report
of a sanitizer fails its test; no report is suppressed.

  ./dev prove sanitizers      hours on 2 cores the first time, most of it compiling; what the tests said is in build/prove/sanitizers
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

# Not under the thread sanitizer: what starts no threads but those of the kernels' pool, which the tests of the kernels cover, and the
# window. Its threads meet in Qt's event queue, whose locks are inside the distribution's Qt; without a Qt that was built for the
# sanitizer each hand-over looks like a race.
NOT_FOR_THREADS = r"^(reference|docs|layout|ui|app\.ui|engine\.(autograd|core|formats|nn|optim|tensor))\."
PRESETS = {"asan": [], "tsan": ["-E", NOT_FOR_THREADS]}


def check(preset, out):
    """The row of the table: preset, tests, failed, minutes."""
    begun = time.time()
    subprocess.run(["./dev", "build", preset], check=True, stdout=subprocess.DEVNULL)
    log = out / f"{preset}.log"
    done = subprocess.run(["ctest", "--test-dir", f"build-{preset}", "-j", str(os.cpu_count()), "--output-on-failure", "--output-log", str(log),
                           *PRESETS[preset]], stdout=subprocess.DEVNULL)
    text = log.read_text(errors="replace")
    count = re.search(r"(\d+) tests failed out of (\d+)", text)
    failed, tests = (int(count[1]), int(count[2])) if count else (1, 0)
    print(f"{preset:<8} {tests:>6} {failed:>7} {(time.time() - begun) / 60:>8.0f}", flush=True)
    for name in re.findall(r"^\t *\d+ - (.*)$", text, re.MULTILINE):
        print(f"         {name}")
    return done.returncode == 0 and tests > 0 and failed == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--preset", choices=PRESETS, action="append")
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    print(f"{'preset':<8} {'tests':>6} {'failed':>7} {'minutes':>8}")
    return 0 if all([check(preset, out) for preset in options.preset or PRESETS]) else 1


if __name__ == "__main__":
    sys.exit(main())
