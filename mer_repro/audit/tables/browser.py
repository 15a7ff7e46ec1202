"""A Sphinx extension that stages what the audit needs to run in a reader's browser, offline, on the page that asks.

The runtime is Pyodide (CPython as WebAssembly, MPL-2.0), taken from its npm package, with pydantic's core from PyPI as
a WebAssembly wheel and the pure Python packages of this environment.  Nothing of it is committed:
``_static/audit_runtime.js`` (about 12 MB) is written into the built book, as a script, because pages opened from a
folder may load nothing else.  Without npm or a network it is left out, and the page says so.  ``audit_here.js`` is the
page's own script.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

PYODIDE = "314.0.7"
#: of this Pyodide's Python
WHEEL = ("--python-version", "3.14", "--abi", "cp314", "--platform", "pyemscripten_2026_0_wasm32")
RUNTIME = ("pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = (
    *("pydantic", "annotated_types", "typing_inspection", "typing_extensions", "yaml"),
    *("bs4", "soupsieve", "markdown_it", "mdurl", "pylatexenc"),
)
OURS = ("__init__.py", "errors.py", "paths.py", "papers/__init__.py", "audit")


def fetch(cache: Path) -> None:
    """Download Pyodide (npm) and pydantic's core (PyPI) into `cache`, unless they are there.

    Raises OSError or subprocess.SubprocessError where that is not possible.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / f"pyodide-{PYODIDE}.tgz").exists():
        command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE}"]
        subprocess.run(command, cwd=cache, check=True, capture_output=True, timeout=300)
    core = f"pydantic_core=={version('pydantic_core')}"
    if not list(cache.glob(f"pydantic_core-{version('pydantic_core')}-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", *WHEEL, core]
        subprocess.run(command, cwd=cache, check=True, capture_output=True, timeout=300)


def site_packages(cache: Path) -> bytes:
    """A zip of everything that Python imports there: pydantic's core, pure Python packages, and our audit."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        [wheel] = cache.glob(f"pydantic_core-{version('pydantic_core')}-*.whl")
        with zipfile.ZipFile(wheel) as source:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        package = Path(__file__).parents[2]
        roots = [(package.parent, package / name) for name in OURS]
        for name in PACKAGES:
            origin = Path(importlib.util.find_spec(name).origin or "")  # type: ignore[union-attr]
            root = origin.parent if origin.name == "__init__.py" else origin
            roots.append((root.parent, root))
        for base, root in roots:
            for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
                if path.suffix in (".py", ".yaml", ".txt", ".json") and "tests" not in path.parts:
                    target.write(path, path.relative_to(base).as_posix())
    return buffer.getvalue()


def script(cache: Path) -> str:
    """The JavaScript that holds all files as gzip in base64: ``window.auditRuntime``, name -> text."""
    with tarfile.open(cache / f"pyodide-{PYODIDE}.tgz") as archive:
        files = {name: archive.extractfile(f"package/{name}").read() for name in RUNTIME}  # type: ignore[union-attr]
    files["site.zip"] = site_packages(cache)
    packed = {name: base64.b64encode(gzip.compress(content, 9, mtime=0)).decode() for name, content in files.items()}
    return f"window.auditRuntime = {json.dumps(packed)};"


def stage(app: Any, exception: Exception | None) -> None:
    """After a build: write the runtime beside the book's other scripts, or say why it is left out."""
    from sphinx.util import logging

    from mer_repro import paths

    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    shutil.copyfile(Path(__file__).with_name("audit_here.js"), static / "audit_here.js")
    try:
        cache = paths.build_home() / "pyodide"
        fetch(cache)
        (static / "audit_runtime.js").write_text(script(cache), encoding="utf-8")
    except (OSError, subprocess.SubprocessError) as error:
        logging.getLogger(__name__).info("the audit in the browser is left out: %s", error)


def setup(app: Any) -> dict[str, bool]:
    """Sphinx's entry point."""
    app.connect("build-finished", stage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
