"""Reads any table, binds the checks that its headers allow, and says what it read before what it found.

    from mer_repro.audit import tables
    audited = tables.audit_file(path)     # or audit_text(text)
    audited.results                       # list of Result, worst first, as for a ledger
    audited.ledger                        # the ledger that was made of the file

`readers` parse files, `headings` and `interpret` understand headers, `binder` and `sentences` bind checks, `report`
shows what was read and found.
"""

from __future__ import annotations

from mer_repro.audit.tables.audited import Audited, audit_file, audit_text

__all__ = ["Audited", "audit_file", "audit_text"]
