#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of an architecture search, in pictures a second (both halves of the training part counted).

  gdas-step    the NAS-Bench-201 skeleton with a cell all of whose candidates cost the same, so that every drawn network costs what the plain
               network does; beside it ("bound") the plain network in an ordinary training run, as a planned step of the same batch. A step is
               one batch for the weights and one for the architecture, which needs no gradient of the weights and so is cheaper than a
               training step. Bar: at most 1.3 times the plain network's time a picture.
  gdas-one-level   the same with both learned from one pass: all gradients of the plain network, and those of the choices. Same bar.
  darts-step, gdas-cell   a search step of the cell of NAS-Bench-201 with its five operations; the peer is the same in PyTorch, written
               plainly (search_peer.py), in its best setting. Bar: twice as fast.
Ours and the peer take turns, each in a process of its own with as many threads; the best of the rounds counts.

  ./dev bench search [--peers VENV]     writes build/bench/search.json
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
from pathlib import Path

ROUNDS, STEPS, BATCH, CHANNELS = 3, 40, 64, 16
CELL = [{"op": "zero"}, {"op": "identity"}, {"op": "relu-conv-bn", "kernel": 1}, {"op": "relu-conv-bn", "kernel": 3},
        {"op": "avgpool2d", "kernel": 3, "stride": 1, "padding": 1}]
EVEN = [{"op": "relu-conv-bn", "kernel": 3, "name": f"conv {number}"} for number in range(5)]


def skeleton(stage):
    """Nodes around three stages; `stage(number, before)` gives the nodes of one and the id of its output."""
    nodes = [{"id": "stem", "op": "conv2d", "inputs": ["input"], "out": CHANNELS, "kernel": 3, "bias": False}, {"id": "stem-norm", "op": "batchnorm2d"}]
    last = "stem-norm"
    for number in range(3):
        if number:
            name = f"reduce-{number}"
            nodes += [{"id": f"{name}-a", "op": "relu-conv-bn", "inputs": [last], "out": CHANNELS * 2**number, "kernel": 3, "stride": 2},
                      {"id": f"{name}-b", "op": "relu-conv-bn", "kernel": 3},
                      {"id": f"{name}-pool", "op": "avgpool2d", "inputs": [last], "kernel": 2},
                      {"id": f"{name}-side", "op": "conv2d", "out": CHANNELS * 2**number, "kernel": 1, "bias": False},
                      {"id": name, "op": "add", "inputs": [f"{name}-b", f"{name}-side"]}]
            last = name
        more, last = stage(number, last)
        nodes += more
    return nodes + [{"id": "norm", "op": "batchnorm2d", "inputs": [last]}, {"id": "relu", "op": "activation"}, {"id": "pool", "op": "global-average-pool"},
                    {"id": "logits", "op": "logits"}]


def document(candidates):
    common = {"deepshock": 1, "data": {"type": "images", "source": "builtin:mnist"}, "precision": "float32",
              "optimizer": {"type": "sgd", "lr": 0.01, "momentum": 0.9, "clip": 5}}
    if candidates is None:
        def stage(number, before):
            conv = lambda a, b, source: {"id": f"s{number}-{a}-{b}", "op": "relu-conv-bn", "inputs": [source], "kernel": 3}
            add = lambda node, *parts: {"id": f"s{number}-{node}", "op": "add", "inputs": [f"s{number}-{part}" for part in parts]}
            return [conv(0, 1, before), conv(0, 2, before), conv(1, 2, f"s{number}-0-1"), add("n2", "0-2", "1-2"), conv(0, 3, before),
                    conv(1, 3, f"s{number}-0-1"), conv(2, 3, f"s{number}-n2"), add("n3", "0-3", "1-3", "2-3")], f"s{number}-n3"
        return common | {"task": "train", "name": "plain", "model": {"type": "graph", "nodes": skeleton(stage)},
                         "training": {"steps": STEPS, "batch": BATCH, "eval_every": 1000000, "eval_batches": 1}}
    stage = lambda number, before: ([{"id": f"stage-{number}", "op": "cell", "cell": "cell", "scope": "shared", "inputs": [before]}], f"stage-{number}")
    return common | {"task": "search", "name": "search", "search": {"guards": {"skip_share": 1}},
                     "model": {"type": "space", "cells": {"cell": {"nodes": 4, "candidates": candidates}}, "nodes": skeleton(stage)},
                     "training": {"epochs": 1, "steps_per_epoch": STEPS, "batch": BATCH, "eval_batches": 1}}


def rate(program, folder, name, doc, settings):
    (folder / "document.json").write_text(json.dumps(doc))
    project = str(folder / f"{name}.dsx")
    command = [program, "run", str(folder / "document.json"), "--project", project, "--threads", str(len(os.sched_getaffinity(0))), "--json"]
    for setting in settings:
        command += ["--set", setting]
    run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["run"]
    table = subprocess.run([program, "metrics", "--project", project, run, "sys/images-per-s", "--csv"], check=True, capture_output=True, text=True).stdout
    return statistics.median([float(line.rsplit(",", 1)[1]) for line in table.splitlines()[1:]][1:])


def peer(venv, algorithm):
    environment = dict(os.environ, LD_LIBRARY_PATH=f"{venv}/stubs")
    script = Path(__file__).with_name("search_peer.py")
    command = [f"{venv}/bin/python", str(script), algorithm, str(len(os.sched_getaffinity(0))), str(STEPS // 2), str(BATCH), str(CHANNELS)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--build")
    parser.add_argument("--out", default="build/bench/search.json")
    parser.add_argument("--peers", help="virtual environment with torch")
    args = parser.parse_args()
    program, results = str(Path(args.bin) / "deepshock"), []
    with tempfile.TemporaryDirectory(prefix="dsw-bench-") as name:
        measured = {}
        for turn in range(ROUNDS):
            for case, doc, settings in [("plain", document(None), []), ("gdas-step", document(EVEN), ['/search/algorithm={"type": "gdas"}']),
                                        ("gdas-one-level", document(EVEN), ['/search/algorithm={"type": "gdas"}', "/search/held_out=0"]),
                                        ("darts-step", document(CELL), ['/search/algorithm={"type": "darts"}']),
                                        ("gdas-cell", document(CELL), ['/search/algorithm={"type": "gdas"}'])]:
                measured.setdefault(case, []).append(rate(program, Path(name), f"{case}-{turn}", doc, settings))
            for algorithm in ("darts", "gdas") if args.peers else ():
                one = peer(args.peers, algorithm)
                measured.setdefault(f"torch-{algorithm}", []).append(one["rate"])
                version = one["version"]
        best = {case: max(rates) for case, rates in measured.items()}
        for case in ("gdas-step", "gdas-one-level"):
            results.append({"case": case, "ours": round(best[case]), "unit": "images/s", "higher_is_better": True, "bound": round(best["plain"]),
                            "share_of_bound": round(best[case] / best["plain"], 3)})
            print(f"{case:<14} {best[case]:9.0f} images/s   plain network {best['plain']:.0f}   {best['plain'] / best[case]:.2f} times its time (bar 1.3)",
                  flush=True)
        for case, algorithm in (("darts-step", "darts"), ("gdas-cell", "gdas")):
            result = {"case": case, "ours": round(best[case]), "unit": "images/s", "higher_is_better": True}
            beside = ""
            if args.peers:
                theirs = best[f"torch-{algorithm}"]
                result |= {"peer": f"torch {version}", "peer_value": round(theirs), "ratio": round(best[case] / theirs, 3)}
                beside = f"   torch {version} {theirs:.0f}   ratio {best[case] / theirs:.2f} (bar 2)"
            results.append(result)
            print(f"{case:<14} {best[case]:9.0f} images/s{beside}", flush=True)
    machine = {"cores": os.cpu_count(), "system": platform.platform(), "load": round(os.getloadavg()[0], 2)}
    with open(args.out, "w") as out:
        json.dump({"bench": "search", "machine": machine, "results": results}, out, indent=1)


if __name__ == "__main__":
    main()
