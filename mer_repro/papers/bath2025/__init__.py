"""bath2025: a VGG-style CNN on log-mel spectrograms joined with BERT on lyrics, valence and arousal of MERGE songs."""
