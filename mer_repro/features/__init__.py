"""Features: numbers computed once from audio or text and kept in a content-addressed cache.

- `log_mel`: log-mel spectrograms (bath2025, gujar2026)
- `opensmile_lld`: the 260 openSMILE columns of DEAM and PMEmo (qiu2025)
- `text`: embeddings by frozen pretrained encoders (bai2026, bath2025, gujar2026)
- `words`: lemmas, TF-IDF and Word2Vec (gujar2026)
- `cache`, `audio`, `files`: the cache, the decoding, and many files over processes
"""
