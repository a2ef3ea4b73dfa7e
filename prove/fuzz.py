#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents with hostile values at random places: `deepshock validate` ends with 0 or 2 and a sentence, never by a signal, never
"This is a bug", within 20 s.

  ./dev prove fuzz            2,000 documents; finished ones are not repeated (build/prove/fuzz/done)
"""
import argparse
import copy
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHUNK = 50  # documents between two notes of how far it is
VALUES = [None, True, False, 0, -1, 1, 2, 3, 7, 1e308, -1e308, 1e-308, 2**31, 2**53, 2**63, 2**64, -2**63, 0.5, "", "x", "auto", "x" * 5000, "\u0000", "\u4f60", "../../etc/passwd",
          "/dev/zero", "builtin:mnist", "builtin:nothing", "builtin:../../x", [], {}, [[]], [{}], [1, 2, 3], [0.9, 0.1], [0, 0], [1e308, 1e308], [-0.1, 1.1], ["a"] * 100,
          {"type": "gpt"}, {"type": "cnn"}, {"type": 5}, {"type": "bpe"}, {"nodes": []}, {"layers": -1}]


def pointers(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from pointers(value[key], path + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from pointers(item, path + (i,))


def changed(document, rng, names):
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 2, 3])):
        path = rng.choice([p for p in pointers(document) if p])
        place = document
        for key in path[:-1]:
            place = place[key]
        kind = rng.random()
        if kind < 0.15:
            del place[path[-1]]
        elif kind < 0.3 and isinstance(place, dict):
            place[rng.choice(names)] = copy.deepcopy(rng.choice(VALUES))  # a later change may go into it
        else:
            place[path[-1]] = copy.deepcopy(rng.choice(VALUES))
    return document


def param_names(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("name"), str):
            yield schema["name"]
        for value in schema.values():
            yield from param_names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from param_names(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DSW_BIN", "build/bin"))
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    program = str(Path(options.bin) / "deepshock")

    def text(*arguments):
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout

    names = sorted(set(param_names(json.loads(text("schema", "train", "--json")))))
    bases = [json.loads(text("new", t["template"])) for t in json.loads(text("templates", "--json"))["templates"]]
    counter = out / "done"
    first = int(counter.read_text()) if counter.exists() else 0
    failures, codes = 0, {0: 0, 2: 0}

    def check(n):
        """The document, its exit code, and what was wrong with it (nothing: empty)."""
        rng = random.Random(options.seed * 1_000_003 + n)
        document = json.dumps(changed(rng.choice(bases), rng, names))
        try:
            done = subprocess.run([program, "validate", "-"], input=document, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return document, None, "took over 20 s"
        wrong = done.returncode not in (0, 2) or "bug" in done.stderr or (done.returncode == 2 and not done.stderr.strip())
        return document, done.returncode, f"{done.returncode}: {done.stderr[:300]}" if wrong else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for begin in range(first, options.documents, CHUNK):
            chunk = range(begin, min(begin + CHUNK, options.documents))
            for n, (document, code, why) in zip(chunk, pool.map(check, chunk)):
                codes[code] = codes.get(code, 0) + 1
                if why:
                    failures += 1
                    (out / f"failed-{n}.json").write_text(document)
                    print(f"document {n} ({out}/failed-{n}.json): {why}", flush=True)
            counter.write_text(str(chunk.stop))
    print(f"{options.documents - first} documents: {codes.get(0, 0)} valid, {codes.get(2, 0)} refused with their problems, {failures} handled wrongly")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
