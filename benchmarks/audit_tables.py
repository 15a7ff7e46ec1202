"""Tables from anywhere: how fast published tables are read and audited, and a pasted one from the shell to the verdict.

With `MER_REPRO_DATA` all tables of SciGen, SciTab and metaMER; without it the pasted one alone.

    MER_REPRO_DATA=... python benchmarks/audit_tables.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from mer_repro.audit import tables
from mer_repro.audit.tables import published
from mer_repro.audit.tables.audited import audit_document

PASTED = "Table 1: Scores\nModel\tPrecision\tRecall\tF1\nA\t0.72\t0.66\t0.74\nB\t0.70\t0.64\t0.67\n"


def main() -> None:
    start = time.perf_counter()
    command = [sys.executable, "-m", "mer_repro.cli", "audit", "-"]
    subprocess.run(command, input=PASTED, text=True, check=True, stdout=subprocess.DEVNULL)
    print(f"a pasted table, import included: {time.perf_counter() - start:.2f} s")
    folder = Path(os.environ.get("MER_REPRO_DATA", "")) / "published_tables"
    if not (folder / "scigen").is_dir():
        seconds = [timed(lambda: tables.audit_text(PASTED)) for _ in range(50)]
        print(f"the same in a running Python: {1000 * statistics.median(seconds):.1f} ms")
        return
    documents = [document for document in published.documents(folder) if document.grids]
    seconds = [timed(lambda d=document: audit_document(d, "t")) for document in documents]
    count = sum(len(document.grids) for document in documents)
    print(
        f"{count} published tables in {sum(seconds):.1f} s of one process: {count / sum(seconds):.0f} tables/s, "
        f"median {1000 * statistics.median(seconds):.1f} ms, slowest {1000 * max(seconds):.0f} ms a document"
    )


def timed(call) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
