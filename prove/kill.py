#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at random moments of a run, then resume: the final numbers and weights equal those of an unbroken run to the bit, every
committed metric is that of the unbroken run, none stands twice, and the project file is whole each time.

  ./dev prove kill            30 rounds; rounds that are done are kept in build/prove/kill and not repeated
"""
import argparse
import collections
import csv
import io
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

DOCUMENT = {
    "deepshock": 1, "task": "train", "name": "kill", "seed": 7,
    "data": {"type": "text", "source": "builtin:tinyshakespeare", "tokenizer": {"type": "char"}, "context": 32, "split": [0.98, 0.02]},
    "model": {"type": "gpt", "layers": 2, "heads": 2, "width": 32, "dropout": 0.1},
    "optimizer": {"type": "adamw", "lr": 1e-3},
    "training": {"steps": 300, "batch": 8, "eval_every": 50, "checkpoint_every": 20, "sample_tokens": 20},
}


class Failure(Exception):
    pass


class Program:
    def __init__(self, folder):
        self.path = str(Path(folder) / "deepshock")

    def call(self, *arguments, ok=(0,)):
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, timeout=1200)
        if done.returncode not in ok:
            raise Failure(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done

    def start(self, *arguments):
        return subprocess.Popen([self.path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def points(program, project, run):
    """(key, step) -> the value's text; rates depend on the clock and are left out."""
    text = program.call("metrics", "--project", project, run, "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    twice = [k for k, n in collections.Counter((r["key"], r["step"]) for r in rows).items() if n > 1]
    if twice:
        raise Failure(f"points stand twice: {twice[:3]}")
    return {(r["key"], int(r["step"])): r["value"] for r in rows if not r["key"].endswith("-per-s")}


def tensors(path):
    """Name -> bytes of a safetensors file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: data[8 + length + a:8 + length + b] for name, entry in header.items() for a, b in [entry["data_offsets"]]}


def check_whole(project):
    # Opened as the program opens it: the write-ahead log is played back first.
    with sqlite3.connect(project) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    if answer != "ok":
        raise Failure(f"integrity_check of {project}: {answer}")


def only_run(program, project):
    runs = json.loads(program.call("runs", "--project", project, "--json").stdout)["runs"]
    return runs[0] if runs else None


def finish(program, project, folder):
    run = only_run(program, project)
    out = str(folder / "model.safetensors")
    Path(out).unlink(missing_ok=True)
    program.call("model", "export", "--project", project, run["run"], "--format", "safetensors", "-o", out)
    return points(program, project, run["run"]), tensors(out)


def one_round(program, document, folder, reference, seconds, rng):
    """One run that is killed once to three times. Gives the moments as shares of the run."""
    project = str(folder / "killed.dsx")
    wanted, weights = reference
    moments = []
    command = ["run", document, "--project", project]
    for _ in range(rng.choice([1, 1, 2, 3])):
        moment = rng.uniform(0.02, 0.98) * seconds
        process = program.start(*command)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        moments.append(moment / seconds)
        if not os.path.exists(project):
            continue                                     # killed before there was a project
        check_whole(project)
        run = only_run(program, project)
        if run is None:
            continue                                     # killed before there was a run
        for key, value in points(program, project, run["run"]).items():
            if wanted.get(key) != value:
                raise Failure(f"committed {key} is {value}, unbroken {wanted.get(key)}")
        command = ["resume", "--project", project, run["run"]]
        if run["status"] == "finished":
            break
    if command[0] == "run" or only_run(program, project)["status"] != "finished":
        program.call(*command)
    check_whole(project)
    state = only_run(program, project)["status"]
    if state != "finished":
        raise Failure(f"the resumed run is {state}")
    got, got_weights = finish(program, project, folder)
    if got != wanted:
        differing = sorted(k for k in set(got) | set(wanted) if got.get(k) != wanted.get(k))
        raise Failure(f"{len(differing)} of {len(wanted)} numbers differ: {[(k, got.get(k), wanted.get(k)) for k in differing[:3]]}")
    if got_weights != weights:
        raise Failure("weights differ: " + ", ".join(sorted(n for n in weights if got_weights.get(n) != weights[n])[:5]))
    return moments


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DSW_BIN", "build/bin"))
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    program = Program(options.bin)
    document = str(out / "kill.json")
    text = dict(DOCUMENT, training=dict(DOCUMENT["training"], steps=options.steps))
    Path(document).write_text(json.dumps(text, indent=2))
    unbroken = str(out / "unbroken.dsx")
    if not os.path.exists(unbroken):
        program.call("run", document, "--project", unbroken)
    run = only_run(program, unbroken)
    if run["status"] != "finished":
        raise SystemExit(f"{unbroken} is not finished; remove it and start again")
    reference = finish(program, unbroken, out)
    begun = time.time()
    program.call("run", document, "--project", str(out / f"timing-{os.getpid()}.dsx"))
    seconds = time.time() - begun
    failures = 0
    print(f"{'round':>5}  {'killed at (share of the run)':<32}  result")
    for n in range(1, options.rounds + 1):
        folder = out / f"round-{n}"
        done = folder / "done"
        if done.exists():
            print(f"{n:>5}  {done.read_text().strip():<32}  equal (done before)")
            continue
        if folder.exists():
            subprocess.run(["rm", "-rf", str(folder)], check=True)
        folder.mkdir()
        try:
            moments = one_round(program, document, folder, reference, seconds, random.Random(options.seed * 1000 + n))
            shares = " ".join(f"{m:.2f}" for m in moments)
            done.write_text(shares)
            print(f"{n:>5}  {shares:<32}  equal, whole", flush=True)
        except Failure as failure:
            failures += 1
            print(f"{n:>5}  {'':<32}  FAILED: {failure}", flush=True)
    print(f"{options.rounds - failures} of {options.rounds} rounds: final numbers and weights equal to the bit, {len(reference[0])} numbers each")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
