"""What readers of the chapter on newkey2030 see variants called, in the order of its tables."""

from __future__ import annotations

LABELS = {"global_mean": "mean of the training songs", "network": "the network, rebuilt"}
#: Rows of the paper's table and the variant that rebuilds each: score -> claim of the ledger.
STATED = {"network": {"rmse": "t1.ours.rmse", "mae": "t1.ours.mae"}}
