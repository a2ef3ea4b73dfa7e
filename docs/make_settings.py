#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/settings.md from `deepshock schema TASK --json`: python3 docs/make_settings.py [BIN]; with --check it only compares."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def value(v):
    return "" if v is None else "`" + json.dumps(v) + "`"


def rows(params, prefix, out):
    nested = []
    for p in params:
        span = ""
        if "low" in p or "high" in p:
            span = f"{'above ' if p.get('low_open') else ''}{p.get('low', '')} to {p.get('high', '')}"
        if p.get("choices"):  # a free text whose choices the machine gives: its devices
            span = "what `deepshock devices` lists" if p["type"] == "string" else ", ".join(p["choices"])
        kind = p["type"] + (f", {p['unit']}" if p.get("unit") else "")
        default = "required" if p.get("required") else value(p.get("default")) or (f"`{p['default_type']}`" if p.get("default_type") else "")
        out.append(f"| `{prefix}/{p['name']}` | {kind} | {default} | {span} | {p.get('help', '')} |")
        nested.append(p)
    return nested


def section(params, prefix, title, out, level):
    out += ["", "#" * level + " " + title, "", "| setting | type | default | range | meaning |", "|---|---|---|---|---|"]
    nested = rows(params, prefix, out)
    for p in nested:
        at = f"{prefix}/{p['name']}"
        if p.get("params"):
            section(p["params"], at, f"`{at}`", out, min(level + 1, 5))
        for choice in p.get("alternatives", []):
            if choice["params"]:
                section(choice["params"], at, f"`{at}` of type `{choice['type']}`", out, min(level + 1, 5))
                if choice.get("summary"):
                    out.append("")
                    out.append(choice["summary"])


def main():
    args = [a for a in sys.argv[1:] if a != "--check"]
    program = os.path.join(args[0] if args else os.path.join(ROOT, "build", "bin"), "deepshock")

    def schema_of(task):
        schema = json.loads(subprocess.run([program, "schema", task, "--json"], capture_output=True, check=True).stdout)
        return schema["params"] if isinstance(schema, dict) else schema

    out = ["# Every setting", "", "Made by `docs/make_settings.py` from the schema that validates documents and makes the form."]
    section(schema_of("train"), "", "Task `train`", out, 2)
    section([p for p in schema_of("search") if p["name"] in ("model", "search", "training")], "", "Task `search`, besides what `train` has", out, 2)
    comparison = next(p for p in schema_of("search-comparison") if p["name"] == "comparison")
    for p in comparison["params"]:
        if p["name"] in ("baseline", "optimizer", "training"):  # those of `train`
            p.pop("params", None)
            p.pop("alternatives", None)
    section([comparison], "", "Task `search-comparison`, besides what `search` has", out, 2)
    text = "\n".join(out) + "\n"
    path = os.path.join(ROOT, "docs", "settings.md")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                print("docs/settings.md is not what the schema says; run python3 docs/make_settings.py")
                return 1
        print("docs/settings.md says what the schema says")
        return 0
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
