"""The network of newkey2030, readable next to the paper, and what became of every stated detail."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mer_repro.fidelity import UNSTATED, Detail

#: Units of the hidden layer (ledger: model.hidden_units).
HIDDEN = 16


class Network(nn.Module):
    """One hidden layer over standardised descriptors.

    Parameters
    ----------
    n_features : descriptors a song.
    """

    def __init__(self, n_features: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def forward(self, descriptors: Tensor) -> Tensor:
        """Predicted arousal (song,) of descriptors (song, feature)."""
        return torch.squeeze(self.layers(descriptors), -1)  # (song, feature) -> (song,)


FIDELITY = [
    Detail("hidden layer", "Model, paragraph 1", "16 units", "Linear to 16 units", claims=("model.hidden_units",)),
    Detail("activation", "Model", UNSTATED, "ReLU", "the usual choice"),
]
