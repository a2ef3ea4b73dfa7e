#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forward passes against published ones: every intermediate of gpt-nano-sort within 1e-4; resnet20 and resnet56 on 1,000 CIFAR-10
test images within 1e-3 of their reference logits. Runs the tests of tests/reference; needs ../shared/data.

  ./dev prove reference
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out")
    options = parser.parse_args()
    failed = 0
    for name in ("reference.gpt_nano_sort", "reference.cifar_resnet"):
        done = subprocess.run([str(Path(options.build) / "tests" / name)], capture_output=True, text=True)
        for word, case, seconds in re.findall(r"\[\s*(OK|FAILED|SKIPPED)\s*\] (\S+) \((\d+) ms\)", done.stdout):
            print(f"{case:<60} {word:<8} {int(seconds) / 1000:>7.2f} s")
        if done.returncode:
            failed += 1
            print("\n".join(line for line in done.stdout.splitlines() if not line.startswith("[")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
