# SPDX-License-Identifier: GPL-3.0-or-later
"""Linear algebra starts no threads of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TASKS = Path("/proc/self/task")
COUNT = "import numpy, os; print(len(os.listdir('/proc/self/task')))"
COMMAND = "from engine.__main__ import main; main(['models', 'list', '--json'])"
WORKER = """
import importlib, runpy, sys
real = importlib.import_module
class Nothing:
    def main(): return 0
importlib.import_module = lambda name: Nothing if name == "engine.some.module" else real(name)
sys.argv = ["launch.py", "--run", "some.module"]
try: runpy.run_path("engine/worker/launch.py", run_name="__main__")
except SystemExit: pass
"""


def threads_after(code: str) -> int:
    kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    command = [sys.executable, "-c", f"{code}\n{COUNT}"]
    done = subprocess.run(
        command, cwd=ROOT, env=kept, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not TASKS.exists() or os.cpu_count() < 2, reason="no threads to be seen")
@pytest.mark.parametrize("code", [COMMAND, WORKER], ids=["command", "worker"])
def test_numpy_loads_into_one_thread(code):
    if threads_after("") == 1:
        pytest.skip("this numpy's library has no threads")
    assert threads_after(code) == 1
