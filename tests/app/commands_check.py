#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands as scripts use them: exit codes, JSON on stdout alone, sentences on stderr, hostile documents, locked, damaged and newer
projects, stop and resume, worker folders."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = str(Path(os.environ.get("DSW_BIN", "build/bin")).resolve() / "deepshock")
DOCUMENT = {
    "deepshock": 1, "task": "train", "name": "small", "seed": 3,
    "data": {"type": "text", "source": "builtin:tinyshakespeare", "max_bytes": 30000, "tokenizer": "char", "context": 16},
    "model": {"type": "gpt", "layers": 1, "heads": 2, "width": 16},
    "optimizer": {"type": "adamw", "lr": 1e-2},
    "training": {"steps": 30, "batch": 4, "eval_every": 10, "sample_tokens": 5},
}


def call(*arguments, stdin="", timeout=120):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=timeout)


def changed(**sections):
    document = json.loads(json.dumps(DOCUMENT))
    for name, section in sections.items():
        if isinstance(section, dict):
            document.setdefault(name, {}).update(section)
        else:
            document[name] = section
    return document


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.project = self.folder / "p.dsx"

    def write(self, document, name="d.json"):
        path = self.folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    def run_small(self, *more):
        done = call("run", self.write(DOCUMENT), "--project", self.project, "--json", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def start_long(self):
        """A run that would take minutes; returns once it has made some steps."""
        document = self.write(changed(name="long", training={"steps": 1000000, "eval_every": 1000000, "checkpoint_every": 1000000}), "long.json")
        process = subprocess.Popen([PROGRAM, "run", str(document), "--project", str(self.project), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for _ in range(300):
            time.sleep(0.1)
            runs = call("runs", "--project", self.project, "--json")
            if runs.returncode == 0 and any(r["step"] > 5 for r in json.loads(runs.stdout)["runs"]):
                return process
        self.fail("the run did not get going: " + runs.stderr)

    def sentence(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertTrue(done.stderr.startswith("deepshock: "), done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_wrong_usage_is_2(self):
        for arguments in ([], ["nonsense"], ["run"], ["run", "x.json"], ["devices", "--odd"], ["model"], ["run", "x", "--project", "p", "--threads", "-1"]):
            self.assertEqual(call(*arguments).returncode, 2, arguments)
        self.assertEqual(call("--version").returncode, 0)
        self.assertEqual(call("--help").returncode, 0)

    def test_devices_templates_schema_new(self):
        devices = json.loads(call("devices", "--json").stdout)["devices"]
        by_name = {device["device"]: device for device in devices}
        self.assertIn("float32", by_name["cpu"]["precisions"])
        self.assertNotEqual(by_name["cuda:0"]["available"], bool(by_name["cuda:0"]["unavailable"]))
        listed = json.loads(call("templates", "--json").stdout)["templates"]
        names = [t["template"] for t in listed]
        drafts = {t["template"] for t in listed if t["draft"]}
        self.assertEqual(drafts, {"search-space"})
        self.assertEqual(names[:2], ["shakespeare-char", "mnist-cnn"])
        for name in names:
            out = self.folder / f"{name}.json"
            self.assertEqual(call("new", name, "-o", out).returncode, 0)
            done = call("validate", out)
            if str(json.loads(out.read_text())["data"]["source"]).startswith("../"):  # data of one's own, which is not there
                self.assertEqual((done.returncode, done.stderr.count("cannot be used")), (2, 1), done.stderr)
            elif name in drafts:
                self.assertEqual(done.returncode, 2)
            else:
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(call("new", names[0], "-o", out).returncode, 2)  # never overwrites
        self.assertIn("shakespeare-char", call("new", "shakespear-char").stderr)
        schema = json.loads(call("schema", "train", "--json").stdout)
        self.assertTrue({"data", "model", "optimizer", "training", "seed"} <= {p["name"] for p in schema["params"]} if "params" in schema else schema)
        self.assertEqual(call("schema", "trian", "--json").returncode, 2)

    def test_every_problem_at_once(self):
        document = self.write(changed(model={"heads": 3, "layrs": 2}, optimizer={"lr": "fast"}, training={"steps": 0}))
        done = call("validate", document)
        self.assertEqual(done.returncode, 2)
        for pointer in ("/model/layrs", "/optimizer/lr", "/training/steps"):
            self.assertIn(pointer, done.stderr)
        self.assertIn("layers", done.stderr)
        problems = json.loads(call("validate", document, "--json").stdout)
        self.assertFalse(problems["valid"])
        self.assertGreaterEqual(len(problems["problems"]), 3)
        run = call("run", document, "--project", self.project)
        self.assertEqual(run.returncode, 2)
        self.assertIn("/model/layrs", run.stderr)
        self.assertFalse(self.project.exists(), "a wrong document leaves no project")

    def test_hostile_documents(self):
        bombs = ["", "{", "null", "[" * 100000, '{"a":' * 100000, '{"deepshock": 1, "deepshock": 1}', '{"deepshock": 1e999}', "\x00", '{"a": "\\ud800"}',
                 '{"deepshock": 1, "task": "train", "training": {"steps": 99999999999999999999999}}',
                 json.dumps(changed(model={"layers": 10**9})), json.dumps(changed(data={"source": "/dev/zero"})), json.dumps(changed(data={"source": "/nowhere.txt"})),
                 json.dumps(changed(data={"source": str(self.folder)})), json.dumps(changed(data={"split": [1e308, 1]})), "x" * (9 << 20)]
        for text in bombs:
            done = call("validate", "-", stdin=text)
            self.assertEqual(done.returncode, 2, text[:60])
            self.assertTrue(done.stderr.strip(), text[:60])
            self.assertNotIn("terminate", done.stderr)
        self.assertEqual(call("validate", self.folder / "missing.json").returncode, 2)
        self.assertIn("line 2, column", call("validate", "-", stdin='{"deepshock": 1,\n oops}').stderr)

    def test_run_and_everything_that_reads_it(self):
        result = self.run_small()
        self.assertEqual(result["status"], "finished")
        self.assertEqual(set(result), {"run", "status", "seconds", "metrics", "summary"})
        self.assertEqual(set(result["metrics"]["val/loss"]), {"last", "best"})
        runs = json.loads(call("runs", "--project", self.project, "--json").stdout)["runs"]
        self.assertEqual([(r["run"], r["name"], r["task"], r["status"]) for r in runs], [(result["run"], "small", "train", "finished")])
        shown = json.loads(call("show", "--project", self.project, "r-0001", "--json").stdout)
        self.assertEqual(shown["resolved"]["training"]["monitor"], "val/loss")  # a default that applied
        self.assertEqual(len(shown["record"]["data_files"][0]["sha256"]), 64)
        csv = call("metrics", "--project", self.project, "1", "val/loss", "--csv").stdout.splitlines()
        self.assertEqual([line.split(",")[1] for line in csv], ["step", "0", "10", "20", "30"])
        self.assertIn("val/loss", call("metrics", "--project", self.project, "1", "val/los").stderr)
        text = call("generate", "--project", self.project, "1", "--prompt", "The ", "--tokens", "12", "--temperature", "0").stdout
        self.assertTrue(text.startswith("The "))
        self.assertEqual(len(text), 16)
        self.assertEqual(call("generate", "--project", self.project, "1", "--prompt", "", "--tokens", "7").returncode, 0)
        # Among the fewest tokens that have no probability together is the likeliest alone, at any temperature.
        hot = ["generate", "--project", self.project, "1", "--prompt", "The ", "--tokens", "12", "--temperature", "9"]
        self.assertEqual(call(*hot, "--top-p", "0").stdout, text)
        self.assertNotEqual(call(*hot).stdout, text)
        cold = [*hot[:-1], "0"]
        self.assertNotEqual(call(*cold, "--repetition-penalty", "50").stdout, text)
        self.assertEqual(call(*cold, "--repetition-penalty", "0.5").returncode, 2)
        three = call(*hot, "--samples", "3").stdout.removesuffix("\n").split("\n---------------\n")
        self.assertEqual([len(one) for one in three], [16, 16, 16])
        self.assertEqual(len(set(three)), 3)
        self.assertIn(call(*hot).stdout, three)
        self.sentence(call("generate", "--project", self.project, "1", "--prompt", "\u4f60", "--tokens", "7"), 2)
        measured = json.loads(call("evaluate", "--project", self.project, "1", "--data", "/data", "--json").stdout)
        self.assertAlmostEqual(measured["metrics"]["val/loss"], result["metrics"]["val/loss"]["last"], places=9)
        report = self.folder / "r.html"
        self.assertEqual(call("report", "--project", self.project, "-o", report).returncode, 0)
        self.assertIn("Content-Security-Policy", report.read_text())
        onnx = self.folder / "m.onnx"
        self.assertEqual(call("model", "export", "--project", self.project, "1", "--format", "onnx", "-o", onnx).returncode, 0)
        self.assertIn(b"transformer.wte.weight", onnx.read_bytes())
        weights = self.folder / "m.safetensors"
        self.assertEqual(call("model", "export", "--project", self.project, "1", "--format", "safetensors", "-o", weights).returncode, 0)
        self.assertEqual(call("model", "import", weights, "--project", self.project, "--name", "again").returncode, 0)
        again = call("generate", "--project", self.project, "again", "--prompt", "The ", "--tokens", "12", "--temperature", "0").stdout
        self.assertEqual(again, text)
        archive = self.folder / "a.dsz"
        self.assertEqual(call("export", "--project", self.project, archive).returncode, 0)
        other = self.folder / "other.dsx"
        self.assertEqual(call("import", archive, "--project", other).returncode, 0)
        self.assertEqual(call("metrics", "--project", other, result["run"], "val/loss", "--csv").stdout.splitlines(), csv)

    def test_a_search_is_no_model_but_what_it_found_can_be_trained(self):
        document = {
            "deepshock": 1, "task": "search", "name": "small", "seed": 5, "data": {"type": "images", "source": "builtin:mnist"},
            "model": {"type": "space", "nodes": [
                {"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 4, "kernel": 5, "stride": 4},
                {"id": "layer", "op": "choice", "candidates": [{"op": "identity"}, {"op": "relu-conv-bn", "kernel": 3}]},
                {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]},
            "search": {"guards": {"skip_share": 1}}, "optimizer": {"type": "adamw"}, "training": {"epochs": 1, "steps_per_epoch": 2, "batch": 8, "eval_batches": 1}}
        done = call("run", self.write(document), "--project", self.project, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads(done.stdout)["run"]
        for command in (("evaluate",), ("generate", "--prompt", "a", "--tokens", 1), ("model", "export", "--format", "onnx", "-o", self.folder / "x.onnx")):
            refused = call(*command, "--project", self.project, run)
            self.assertEqual(refused.returncode, 2, command)
            self.assertIn("r-0001 is a search: its weights are those of all candidates together, not of one network", refused.stderr)
        shown = json.loads(call("show", "--project", self.project, run, "--json").stdout)
        train = document | {"task": "train", "model": shown["summary"]["architecture"], "training": {"steps": 2, "batch": 8, "eval_batches": 1}}
        del train["search"]
        again = call("run", self.write(train), "--project", self.project, "--json")
        self.assertEqual(again.returncode, 0, again.stderr)
        evaluated = call("evaluate", "--project", self.project, json.loads(again.stdout)["run"], "--json")
        self.assertIn("test/accuracy", json.loads(evaluated.stdout)["metrics"])

    def test_a_run_repeats_from_its_record_alone(self):
        first = self.run_small()
        resolved = json.loads(call("show", "--project", self.project, "1", "--json").stdout)["resolved"]
        done = call("run", "-", "--project", self.folder / "q.dsx", "--json", stdin=json.dumps(resolved))
        self.assertEqual(done.returncode, 0, done.stderr)
        second = json.loads(done.stdout)
        same = lambda r: {k: v for k, v in r["metrics"].items() if not k.endswith("-per-s")}
        self.assertEqual(same(first), same(second))

    def test_set_changes_the_document(self):
        result = self.run_small("--set", "/training/steps=5", "--set", "/name=other")
        self.assertEqual(result["summary"]["steps"], 5)
        self.assertEqual(json.loads(call("runs", "--project", self.project, "--json").stdout)["runs"][0]["name"], "other")

    def test_stop_saves_a_checkpoint_and_resume_goes_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start_long()
            process.send_signal(number)
            time.sleep(0.02)
            process.send_signal(number)   # timeout(1) signals the process and its group: one request
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 3, err)
            self.assertEqual(json.loads(out)["status"], "stopped")
            shutil.rmtree(str(self.project) + ".files")
            self.project.unlink()
        self.run_small()
        self.sentence(call("resume", "--project", self.project, "1"), 2)   # nothing to resume

    def test_locked_damaged_newer(self):
        process = self.start_long()
        message = self.sentence(call("run", self.write(DOCUMENT), "--project", self.project), 4)
        self.assertIn(str(process.pid), message)                           # names the holder
        self.assertEqual(call("runs", "--project", self.project, "--json").returncode, 0)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        damaged = self.folder / "damaged.dsx"
        damaged.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
        self.sentence(call("run", self.write(DOCUMENT), "--project", damaged), 4)
        nothing = self.folder / "text.dsx"
        nothing.write_text("this is no project\n" * 100)
        self.sentence(call("runs", "--project", nothing), 4)
        with sqlite3.connect(self.project) as connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
        self.assertIn("999", self.sentence(call("run", self.write(DOCUMENT), "--project", self.project), 4))
        self.sentence(call("runs", "--project", self.folder / "missing.dsx"), 2)

    def test_a_nan_run_is_1_and_says_where(self):
        document = self.write(changed(optimizer={"type": "sgd", "lr": 900, "clip": 0, "schedule": {"type": "constant"}}, training={"checkpoint_every": 1}))
        done = call("run", document, "--project", self.project, "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["status"], "failed")
        self.assertIn("at step", done.stderr)
        self.assertIn("is kept", done.stderr)

    def test_worker_folder_resumes_by_the_same_command(self):
        document, out = self.write(DOCUMENT), self.folder / "out"
        command = ("worker", "--spec", document, "--out", out)
        self.assertEqual(call(*command).returncode, 0)
        whole = self.folder / "whole"
        shutil.copytree(out, whole)
        lines = (out / "events.jsonl").read_text().splitlines()
        # As if killed after the first checkpoint, in the middle of a line.
        cut = next(i for i, line in enumerate(lines) if '"checkpoint":' in line)
        (out / "events.jsonl").write_text("\n".join(lines[:cut + 4]) + "\n" + lines[cut + 4][:15])
        self.assertEqual(call(*command).returncode, 0)
        metrics = lambda folder: [(e["metric"], e["step"], e["value"]) for e in map(json.loads, (folder / "events.jsonl").read_text().splitlines()) if "metric" in e and not e["metric"].endswith("-per-s")]
        self.assertEqual(metrics(out), metrics(whole))
        self.assertEqual(call(*command).returncode, 0)                     # finished already: nothing to do

    def test_isolated_run_equals_one_in_the_process(self):
        a = self.run_small()
        done = call("run", self.write(DOCUMENT), "--project", self.folder / "q.dsx", "--json", "--isolated")
        self.assertEqual(done.returncode, 0, done.stderr)
        b = json.loads(done.stdout)
        same = lambda r: {k: v for k, v in r["metrics"].items() if not k.endswith("-per-s")}
        self.assertEqual(same(a), same(b))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
