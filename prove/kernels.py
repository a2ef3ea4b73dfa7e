#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated CUDA device under the sanitizers. Address and undefined behaviour: its tests pass without a report. Threads, where each CUDA
thread is one of the sanitizer's own: kernels without planted bugs have no race, and each planted missing barrier is reported as one.

  ./dev prove kernels         minutes, most of it compiling; what the programs said is in build/prove/kernels
"""
import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EMULATION = "tests/support/cuda_emulation"
TESTS = "tests/kernels/cuda"
PROGRAMS = ["emulation_threads", "emulation_memory", "emulation_matrix", "planted_bugs"]
SANITIZERS = {"asan": "address,undefined", "tsan": "thread"}
PLANTED = "*Missing*:*Planted*EachIsCaught*:*DeathTest*"
RACES = {  # what must be reported as a race of a kernel
    "emulation_threads": ["EmulationTest.AMissingBarrierShowsInSomeOrder"],
    "planted_bugs": ["PlantedBugs.EachIsCaught"],
}


def compile_one(flags, source, target):
    if target.exists() and target.stat().st_mtime > newest_source():
        return
    subprocess.run(["g++", "-std=c++20", "-O1", "-g1", "-fno-math-errno", f"-fsanitize={flags}", "-fno-sanitize-recover=undefined", "-I.", "-Itests/support",
                    "-c", source, "-o", target], check=True)


def newest_source():
    folders = [Path(EMULATION), Path(TESTS), Path("kernels"), Path("kernels/cuda")]
    return max(file.stat().st_mtime for folder in folders for file in folder.iterdir())


def build(sanitizer, out):
    """The programs, by name."""
    flags = SANITIZERS[sanitizer]
    sources = {f"emulation_{file.stem}.o": file for file in sorted(Path(EMULATION).glob("*.cpp"))}
    tests = {f"{name}.o": Path(f"{TESTS}/{name}_test.cpp") for name in PROGRAMS}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda item: compile_one(flags, item[1], out / item[0]), (sources | tests).items()))
    for name in PROGRAMS:
        objects = [out / f"{name}.o"] + [out / file for file in sources]
        subprocess.run(["g++", f"-fsanitize={flags}", *objects, "-lgtest", "-lgtest_main", "-lpthread", "-o", out / name], check=True)
    return {name: out / name for name in PROGRAMS}


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout + done.stderr


def check(sanitizer, out):
    """Rows of the table: sanitizer, program, what was looked for, as it should be or not."""
    out.mkdir(parents=True, exist_ok=True)
    good = True
    programs = build(sanitizer, out)

    def row(name, what, fine, text):
        nonlocal good
        good = good and fine
        print(f"{sanitizer:<6} {name:<18} {what:<48} {'ok' if fine else 'FAILED'}", flush=True)
        (out / f"{name}.{what.replace(' ', '_')[:40]}.log").write_text(text)

    for name, program in programs.items():
        code, text = run(program, *([f"--gtest_filter=-{PLANTED}"] if sanitizer == "tsan" else []))
        row(name, "no report", code == 0, text)
    if sanitizer == "tsan":
        for name, tests in RACES.items():
            for test in tests:
                code, text = run(programs[name], f"--gtest_filter={test}")
                row(name, f"race in {test}"[:48], "WARNING: ThreadSanitizer: data race" in text, text)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    return 0 if all([check(sanitizer, Path(options.out) / sanitizer) for sanitizer in SANITIZERS]) else 1


if __name__ == "__main__":
    sys.exit(main())
