#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual says what the program does: settings.md is the schema, every link and picture is there, every JSON example is valid."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = str(Path(os.environ.get("DSW_BIN", "build/bin")).resolve())
PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
TEXT = {"type": "text", "source": "builtin:tinyshakespeare"}
IMAGES = {"type": "images", "source": "builtin:mnist"}
MODELS = {"text": "gpt", "text-classification": "text-classifier", "images": "cnn"}


def documents(example):
    """The whole document that an example stands for: itself, a data section, or a model section."""
    if "deepshock" in example:
        return [example]
    if example.get("type") in MODELS:
        return [{"data": example, "model": {"type": MODELS[example["type"]]}}]
    return [{"data": IMAGES, "model": example}]


def main():
    wrong = []
    checked = subprocess.run([sys.executable, "docs/make_settings.py", "--check", PROGRAM], capture_output=True, text=True)
    if checked.returncode:
        wrong.append(checked.stdout.strip())
    examples = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)", text):
            if "://" not in link and not (page.parent / link).exists():
                wrong.append(f"{page}: {link} is not there")
        for block in re.findall(r"```json\n(.*?)```", text, re.S):
            decoder, at = json.JSONDecoder(), 0
            while block[at:].strip():
                at += len(block[at:]) - len(block[at:].lstrip())
                example, at = decoder.raw_decode(block, at)
                for document in documents(example):
                    whole = {"deepshock": 1, "task": "train", "training": {"steps": 1}, **document}
                    done = subprocess.run([f"{PROGRAM}/deepshock", "validate", "-"], input=json.dumps(whole), capture_output=True, text=True)
                    examples += 1
                    problems = [line for line in done.stderr.splitlines() if "is not there" not in line]
                    if done.returncode not in (0, 2) or problems:
                        wrong.append(f"{page}: {json.dumps(example)}\n  " + "\n  ".join(problems))
    print("\n".join(wrong) or f"{len(PAGES)} pages, {examples} examples: all as the program has it")
    return 1 if wrong or examples == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
