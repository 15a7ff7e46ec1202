"""Gujar and Reha (2026): CRNN audio and TF-IDF, Word2Vec and BERT lyrics fused by attention into four moods."""
