"""Run a validator of somebody else's: in an environment of its own (see CONTRIBUTING.md), or in this one."""

import os
import subprocess
import sys

import pytest

from mer_repro import paths

#: Named apart, because the tests' build folder is not always the clone's.
OWN = paths.PROJECT / "_build" / "validators" / "bin" / "python"


def run(code, *arguments, needs):
    """Run a program where the module `needs` is installed; skips the test where it is nowhere."""
    python = str(OWN) if OWN.is_file() else sys.executable
    if subprocess.run([python, "-c", f"import {', '.join(needs)}"], capture_output=True).returncode:
        pytest.skip(f"{' and '.join(needs)} not installed: see 'Standards' in CONTRIBUTING.md")
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=apart)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
