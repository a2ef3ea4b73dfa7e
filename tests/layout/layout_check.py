#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses layer mistakes, long files, missing licence lines and machine paths. STYLE.md sections 1, 2, 4 and 9 in one script."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)

# folder -> what its includes may begin with (its own folder always). Longest match wins.
ENGINE_ORDER = ["core", "tensor", "autograd", "nn"]
ALLOWED = {
    "kernels/reference": ["kernels/"],
    "kernels/cpu": ["kernels/"],
    "kernels/cuda": ["kernels/"],
    "engine/core": [],
    "engine/tensor": ["engine/core/", "kernels/"],
    "engine/autograd": ["engine/core/", "engine/tensor/"],
    "engine/nn": ["engine/core/", "engine/tensor/", "engine/autograd/", "kernels/kernel_table.h"],
    "engine/optim": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/"],
    "engine/data": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/", "engine/formats/"],
    "engine/formats": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/"],
    "engine/run": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/", "engine/optim/", "engine/data/", "engine/formats/"],
    "engine/train": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/", "engine/optim/", "engine/data/", "engine/formats/", "engine/run/"],
    "engine/nas": ["engine/core/", "engine/tensor/", "engine/autograd/", "engine/nn/", "engine/optim/", "engine/data/", "engine/formats/", "engine/run/", "engine/train/"],
    "engine/store": ["engine/core/", "engine/tensor/", "engine/nn/", "engine/formats/", "engine/run/"],
    "engine/report": ["engine/core/", "engine/formats/", "engine/run/", "engine/store/"],
    "engine": ["engine/", "kernels/"],
    "ui/models": ["engine/"],
    "ui/widgets": ["ui/models/", "engine/core/"],
    "ui/widgets/shell": ["ui/models/", "ui/widgets/", "engine/"],
    "ui/panels": ["ui/models/", "ui/widgets/", "engine/"],
    "app": ["engine/", "ui/", "app/"],
}
# Library headers that a folder must not see.
FORBIDDEN = {
    "engine": (r"^<Q[A-Z]|^<sqlite3", "Qt and SQLite stay out of the engine (SQLite only in engine/store)"),
    "engine/store": (r"^<Q[A-Z]", "Qt stays out of the engine"),
    "kernels": (r"^<Q[A-Z]|^<nlohmann|^<sqlite3|^<fmt|^<tl/", "kernels know no JSON, Qt, SQL or exceptions"),
    "ui/models": (r"^<(QWidget|QtWidgets|QtCharts|QChart)|^<sqlite3", "models know no widgets and no SQL"),
    "ui/widgets": (r"^<sqlite3", "SQL stays in engine/store"),
    "ui/panels": (r"^<sqlite3", "SQL stays in engine/store"),
    "app": (r"^<sqlite3", "SQL stays in engine/store"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+("[^"]+"|<[^>]+>)')
SOURCE = (".cpp", ".h", ".cu", ".cuh")
MAX_LINES = 500


def longest(table, path):
    best = None
    for folder in table:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def tracked():
    try:
        names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.decode().split("\0")
        names = [n for n in names if n]
        if names:
            return names
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, files in os.walk("."):
        folders[:] = [f for f in folders if not f.startswith((".", "build"))]
        found += [os.path.relpath(os.path.join(folder, f), ".") for f in files]
    return found


def check(name, text, complain):
    lines = text.split("\n")
    if not lines[0].startswith("// SPDX-License-Identifier: GPL-3.0-or-later") and not lines[0].startswith("/* SPDX-License-Identifier: GPL-3.0-or-later"):
        complain(name, 1, "the first line must be the SPDX licence line")
    if len(lines) > MAX_LINES + 1:
        complain(name, MAX_LINES, f"{len(lines)} lines; a file has one concept and under {MAX_LINES} lines")
    allowed = longest(ALLOWED, name)
    forbidden = longest(FORBIDDEN, name)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1)
        if target.startswith('"'):
            inner = target.strip('"')
            if name.startswith("tests/") or name.startswith("bench/"):
                continue
            if inner.endswith(".moc") or inner.startswith("moc_"):
                continue
            if not os.path.exists(inner):
                complain(name, number, f"{target} is not written from the root")
            elif allowed and not inner.startswith(allowed + "/") and not any(inner.startswith(p) for p in ALLOWED[allowed]):
                complain(name, number, f"{allowed} must not include {target}")
        elif forbidden and re.search(FORBIDDEN[forbidden][0], target):
            complain(name, number, f"{target}: {FORBIDDEN[forbidden][1]}")


def main():
    problems = []
    complain = lambda name, line, text: problems.append(f"{name}:{line}: {text}")
    for name in tracked():
        if not os.path.isfile(name):
            continue
        top = name.split("/")[0]
        if name.endswith(SOURCE) and top in ("app", "kernels", "engine", "ui", "tests", "plugins", "bench"):
            with open(name, encoding="utf-8") as file:
                text = file.read()
            check(name, text, complain)
        if name.endswith(SOURCE + (".py", ".sh", ".md", ".txt", ".json", ".cmake")) or "." not in os.path.basename(name):
            try:
                with open(name, encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        if name != "tests/layout/layout_check.py" and re.search(r"/work/(main|shared|w-)|/root/", line):
                            complain(name, number, "a path of one machine")
            except (UnicodeDecodeError, OSError):
                pass
    print("\n".join(sorted(problems)))
    print(f"layout: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
