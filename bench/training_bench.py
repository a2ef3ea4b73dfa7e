#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training speed: tokens or images a second of whole steps (data, forward, backward, clipping, optimizer) for language models and image
models in float32 and bfloat16; ours and PyTorch's settings take turns, each in a process of its own with as many threads, and the best
of the rounds counts: the case's peer is PyTorch's best setting in that precision.

  ./dev bench training [--peers VENV] [--compile] [--cases gpt-4x128-f32,cnn-bf16]     writes build/bench/training.json
"""
import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

ROUNDS = 3
# network: template or document, settings, steps, metric
NETWORKS = {
    "gpt-2x64": ("template:shakespeare-char", ["/model/layers=2", "/model/width=64"], 400, "sys/tokens-per-s"),
    "gpt-4x128": ("template:shakespeare-char", ["/data/context=256", "/training/batch=16"], 50, "sys/tokens-per-s"),
    "gpt-6x384": ("template:shakespeare-char",
                  ["/data/context=256", "/training/batch=8", "/model/layers=6", "/model/heads=6", "/model/width=384"], 20, "sys/tokens-per-s"),
    "cnn": ("template:mnist-cnn", ["/model/norm=none", "/training/epochs=0.237"], 200, "sys/images-per-s"),
    "resnet20": (None, [], 50, "sys/images-per-s"),
}
PRECISIONS = {"f32": "float32", "bf16": "bfloat16"}
CASES = [f"{network}-{precision}" for network in NETWORKS for precision in PRECISIONS]


def resnet_document(folder):
    """Random pictures in CIFAR's binary form: speed does not ask what is on them."""
    source = random.Random(1)
    with open(folder / "pictures.bin", "wb") as out:
        for example in range(1000):
            out.write(bytes([example % 10]) + source.randbytes(3072))
    document = {
        "deepshock": 1, "task": "train", "name": "resnet20",
        "data": {"type": "images", "format": "cifar-binary", "source": ["pictures.bin"]},
        "model": {"type": "resnet", "depth": 20},
        "optimizer": {"type": "sgd", "lr": 0.05, "momentum": 0.9, "clip": 1.0},
        "training": {"steps": 1, "batch": 64},
    }
    path = folder / "resnet20.json"
    path.write_text(json.dumps(document))
    return str(path)


def ours(program, folder, case, threads, round_number):
    network, precision = case.rsplit("-", 1)
    document, settings, steps, key = NETWORKS[network]
    # Nothing but steps: no evaluation or sample falls into the measured windows' time.
    length = [] if any("/epochs=" in setting for setting in settings) else [f"/training/steps={steps}"]
    settings = [*settings, *length, f"/precision={PRECISIONS[precision]}", f"/training/eval_every={steps}", "/training/eval_batches=1", "/training/sample_tokens=0"]
    project = str(folder / f"{case}-{round_number}.dsx")
    command = [program, "run", document or resnet_document(folder), "--project", project, "--threads", str(threads), "--json"]
    for setting in settings:
        command += ["--set", setting]
    run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["run"]
    table = subprocess.run([program, "metrics", "--project", project, run, key, "--csv"], check=True, capture_output=True, text=True).stdout
    rates = [float(line.rsplit(",", 1)[1]) for line in table.splitlines()[1:]]
    return statistics.median(rates[1:])


def peer(venv, case, threads, setting):
    network, precision = case.rsplit("-", 1)
    environment = dict(os.environ, LD_LIBRARY_PATH=f"{venv}/stubs")
    script = Path(__file__).with_name("training_peer.py")
    done = subprocess.run([f"{venv}/bin/python", str(script), network, PRECISIONS[precision], setting, str(threads), str(NETWORKS[network][2])],
                          check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--build")
    parser.add_argument("--out", default="build/bench/training.json")
    parser.add_argument("--peers", help="virtual environment with torch")
    parser.add_argument("--compile", action="store_true", help="torch.compile too: minutes of compiling a case")
    parser.add_argument("--cases", default=",".join(CASES), help="which, separated by commas")
    args = parser.parse_args()
    program, threads = str(Path(args.bin) / "deepshock"), len(os.sched_getaffinity(0))
    load_before = os.getloadavg()[0]
    results = []
    with tempfile.TemporaryDirectory(prefix="dsw-bench-") as name:
        for case in args.cases.split(","):
            key = NETWORKS[case.rsplit("-", 1)[0]][3]
            settings = ["eager"] + (["channels-last"] if "images" in key else []) + (["compile"] if args.compile else [])
            mine, theirs, version = [], {}, ""
            for round_number in range(ROUNDS):
                mine.append(ours(program, Path(name), case, threads, round_number))
                for setting in settings if args.peers else []:
                    measured = peer(args.peers, case, threads, setting)
                    theirs[setting] = max(measured["rate"], theirs.get(setting, 0))
                    version = measured["version"]
            unit = key.removeprefix("sys/").replace("-per-", "/")
            result = {"case": case, "ours": round(max(mine)), "unit": unit, "higher_is_better": True}
            if theirs:
                best = max(theirs, key=theirs.get)
                result |= {"peer": f"torch {version} {best}", "peer_value": round(theirs[best]), "ratio": round(max(mine) / theirs[best], 3)}
            results.append(result)
            beside = f"   {result['peer']} {result['peer_value']}   ratio {result['ratio']}" if theirs else ""
            print(f"{case:18} {result['ours']:>9} {unit}{beside}", flush=True)
    machine = {"cpu": cpu_name(), "cores": os.cpu_count(), "threads": threads, "system": platform.platform(),
               "load_before": round(load_before, 2), "load_after": round(os.getloadavg()[0], 2)}
    with open(args.out, "w") as out:
        json.dump({"bench": "training", "machine": machine, "results": results}, out, indent=1)
    print(f"{machine['cpu']}, {threads} threads, load average {machine['load_before']} before and {machine['load_after']} after")


if __name__ == "__main__":
    main()
