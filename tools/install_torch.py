"""Install the PyTorch of requirements-torch.lock in the build that this machine can use.

On Linux the package index serves a build for NVIDIA GPUs, which brings several gigabytes of libraries along. Where
there is no such GPU, uv fetches the CPU build from the place that PyTorch publishes it at; where pip would install a
build without those libraries anyway (macOS, an index of one's own), pip installs it.

Usage: python tools/install_torch.py
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

PIN = (Path(__file__).resolve().parent.parent / "requirements-torch.lock").read_text().split()[-1]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def has_gpu() -> bool:
    """Whether NVIDIA's driver is installed here."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def needs_gpu_libraries(report: dict) -> bool:
    """Whether the build in pip's installation report asks for NVIDIA's libraries."""
    (item,) = report["install"]
    wanted = item["metadata"].get("requires_dist", [])
    return any(requirement.startswith(("nvidia-", "cuda-")) for requirement in wanted)


def installed() -> bool:
    """Whether the pinned version is here already, in whatever build."""
    from importlib import metadata

    try:
        return metadata.version("torch").split("+")[0] == PIN.partition("==")[2]
    except metadata.PackageNotFoundError:
        return False


def commands(gpu: bool, gpu_build: bool) -> list[list[str]]:
    """What to run, one after the other; the libraries that every build needs are in requirements.lock."""
    if gpu_build and gpu:
        return [[*PIP, "install", PIN]]
    if gpu_build:
        uv = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, "--no-deps"]
        return [[*PIP, "install", "uv"], [*uv, "--torch-backend", "cpu", PIN]]
    return [[*PIP, "install", "--no-deps", PIN]]


def main() -> None:
    """See the module's docstring."""
    if installed():
        return
    dry = [*PIP, "install", "--dry-run", "--ignore-installed", "--no-deps", "--report", "-", PIN]
    report = json.loads(subprocess.run(dry, check=True, capture_output=True, text=True).stdout)
    try:
        for command in commands(has_gpu(), needs_gpu_libraries(report)):
            subprocess.run(command, check=True)
    except subprocess.CalledProcessError:
        print("The CPU build of PyTorch cannot be had from here; the GPU build follows, with its libraries.")
        subprocess.run([*PIP, "install", PIN], check=True)


if __name__ == "__main__":
    main()
