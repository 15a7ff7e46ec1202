"""Bai (2026): temporal convolutions and BERT tags with cross-modal attention for a three-class depression label."""
