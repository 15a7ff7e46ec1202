"""The data sets: where their files are, what must be in them, and generated twins in the same layout.

`registry.load` is the way in; each set is a module that declares its tables, and `registry.DATASETS` names them.
"""
