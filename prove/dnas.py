#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The claims of the architecture search, each from its template and the data beside the checkout (../shared/data, or --data):

  text     SUBJ and AG News, two repeats of five folds: FLOPs(d) <= 58 % of (a); accuracy(d) - accuracy(a), pooled over the 20 folds, above
           -0.5 points at the lower end of the one-sided 95 % interval, each set alone above -1.0; (d) - (c) above -1.0 likewise; where (b)
           is worse than (a), (d) beats it
  lm       a character model of the SUBJ text, five seeds, at 1,800 steps and at 3,600: FLOPs as above; loss(d) <= 1.005 loss(a) at the
           upper end; loss(d) below loss(b) with an interval without 0; loss(d) <= 1.02 times the best of (c), all-convolution, all-window
  collapse CIFAR-10, 8 channels, 25 epochs, five seeds: beta-darts and drnas never end in an all-skip cell; darts is shown beside them

  ./dev prove dnas            all parts; a broken one goes on where it was.    --part text   one part
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ALL_SKIP = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"


class Runs:
    def __init__(self, program, project):
        self.program, self.project = program, project

    def listed(self):
        if not os.path.exists(self.project):
            return []
        out = subprocess.run([self.program, "runs", "--project", self.project, "--json"], capture_output=True, text=True, check=True).stdout
        return json.loads(out)["runs"]

    def summary(self, name, document, settings):
        """Of the run with this name; starts or resumes it where it is not finished."""
        for _ in range(2):
            mine = [run for run in self.listed() if run["name"] == name or run["experiment"] == name]
            done = next((run for run in mine if run["status"] == "finished"), None)
            if done:
                shown = subprocess.run([self.program, "show", "--project", self.project, done["run"], "--json"], capture_output=True, text=True, check=True)
                return json.loads(shown.stdout)["summary"]
            if mine:
                command = ["resume", "--project", self.project, mine[0]["run"]]
            else:
                command = ["run", document, "--project", self.project, "--set", f"/name={name}"]
                for pointer, value in settings.items():
                    command += ["--set", f"{pointer}={json.dumps(value)}"]
            subprocess.run([self.program, *command], check=True, stdout=subprocess.DEVNULL)
        raise SystemExit(f"{name} did not finish")


def check(missed, what, holds):
    print(f"  {'holds ' if holds else 'MISSED'}  {what}", flush=True)
    if not holds:
        missed.append(what)


def shared_bars(missed, report):
    share = 1 - report["saving"]
    check(missed, f"FLOPs(d) {share:.3f} of (a), bar 0.58", share <= 0.58)
    against = report["noninferior"]
    check(missed, f"(d) - (a): {against['difference']:+.4f}, lower end {against['lower']:+.4f}, bar {-against['margin']:+.4f}", against["lower"] > -against["margin"])


def text(runs, data, missed):
    settings = {"/data/source": f"{data}/textcls/SUBJ", "/comparison/sets/0/source": f"{data}/textcls/AG_NEWS/test.csv"}
    report = runs.summary("text", "template:dnas-text-comparison", settings)
    print(report["verdict"])
    shared_bars(missed, report)
    for name, one in report["sets"].items():
        check(missed, f"{name} alone: lower end {one['lower']:+.4f}, bar -0.01", one["lower"] > -0.01)
    check(missed, f"(d) - (c): lower end {report['against']['c']['lower']:+.4f}, bar -0.01", report["against"]["c"]["lower"] > -0.01)
    if report["shrunk"]["upper"] < 0:
        check(missed, f"(b) loses, so (d) - (b): lower end {report['against']['b']['lower']:+.4f}, bar 0", report["against"]["b"]["lower"] > 0)


def lm(runs, data, missed):
    for steps in (1800, 3600):
        settings = {"/data/source": f"{data}/textcls/SUBJ/subj.subjective", "/comparison/training/steps": steps}
        report = runs.summary(f"lm-{steps}", "template:dnas-lm-comparison", settings)
        print(f"{steps} steps: {report['verdict']}")
        shared_bars(missed, report)
        check(missed, f"(d) - (b): lower end {report['against']['b']['lower']:+.4f}, bar 0", report["against"]["b"]["lower"] > 0)
        arms = report["arms"]
        best = min(arms[name]["score_mean"] for name in ("c", "all-convolution", "all-window") if name in arms)
        check(missed, f"loss(d) {arms['d']['score_mean']:.4f}, best control {best:.4f}, bar 1.02", arms["d"]["score_mean"] <= 1.02 * best)


def collapse(runs, data, missed):
    for algorithm in ("beta-darts", "drnas", "darts"):
        for seed in range(1, 6):
            settings = {"/data": {"type": "images", "format": "cifar-binary", "source": [f"{data}/cifar10-decoded/train_10k_decoded.bin.gz"],
                                  "test_source": [f"{data}/cifar10-decoded/test_2k_decoded.bin.gz"], "split": [0.9, 0.1]},
                        "/seed": seed, "/training/epochs": 25, "/training/steps_per_epoch": 0, "/search/algorithm": {"type": algorithm}}
            if algorithm == "darts":
                settings["/search/guards"] = {"skip_share": 1}
            summary = runs.summary(f"{algorithm}-{seed}", "template:dnas-nasbench201", settings)
            print(f"{algorithm:<10} {seed}  {summary['string']}  {summary['full_flops'] / 1e6:.2f} M", flush=True)
            if algorithm != "darts":
                check(missed, f"{algorithm} {seed} is no all-skip cell", summary["string"] != ALL_SKIP)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=os.environ.get("DSW_BIN", "build/bin"))
    parser.add_argument("--build")
    parser.add_argument("--out", required=True)
    parser.add_argument("--part", choices=["text", "lm", "collapse"], action="append")
    parser.add_argument("--data", default="../shared/data")
    options = parser.parse_args()
    Path(options.out).mkdir(parents=True, exist_ok=True)
    runs = Runs(str(Path(options.bin) / "deepshock"), str(Path(options.out) / "dnas.dsx"))
    data, missed = str(Path(options.data).resolve()), []
    for name in options.part or ["text", "lm", "collapse"]:
        print(f"== {name}", flush=True)
        {"text": text, "lm": lm, "collapse": collapse}[name](runs, data, missed)
    print("All bars hold." if not missed else f"{len(missed)} bars are missed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
