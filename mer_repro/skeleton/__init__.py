"""What `mer-repro new` lays out for a paper: real files, with `newkey2030` where the citation key goes.

A mean and a one-layer network predict arousal from DEAM's song-level descriptors. It runs, and is meant to be replaced.
"""
