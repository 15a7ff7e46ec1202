"""mer_repro: papers on music emotion, audited, rebuilt and rerun.

Importing this package imports nothing heavy; torch, transformers and librosa are loaded by the functions that
need them.
"""

__version__ = "0.1.0"
