#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three rounds of prove/kill.py on a short run."""
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    sys.exit(subprocess.run([sys.executable, "prove/kill.py", "--out", folder, "--rounds", "3", "--steps", "120"]).returncode)
