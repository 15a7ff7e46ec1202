"""qiu2025: a CNN, a BiLSTM and attention over the last second of music, valence and arousal every half second."""
