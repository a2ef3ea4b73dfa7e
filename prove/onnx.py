#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exported ONNX files give our logits in ONNX Runtime, which pip brings into a virtual environment of its own.

  ./dev prove onnx
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

CHECK = "tests/engine/formats/onnx_runtime_check.py"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--build", default="build")
    parser.add_argument("--out")
    options = parser.parse_args()
    venv = Path(options.build) / "onnx-venv"
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "onnxruntime", "numpy"], check=True)
    return subprocess.run([str(python), CHECK], env={**os.environ, "DSW_BUILD": options.build}).returncode


if __name__ == "__main__":
    sys.exit(main())
