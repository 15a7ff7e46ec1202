"""Shared by the tests of the data layer: copies of a data set that can be damaged, and a comparison of loaded sets."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pandas as pd

from mer_repro.data import registry
from mer_repro.data.base import Location


def copy_of(location: Location, folder: Path) -> Location:
    """The same data set in `folder`: its tables copied, everything else linked."""
    shutil.copytree(location.folder, folder, copy_function=os.symlink)
    for name in location.files:
        if name.startswith("features/"):
            continue  # hundreds of files that no table is read from
        (folder / name).unlink()
        shutil.copyfile(location.folder / name, folder / name)
    return dataclasses.replace(location, folder=folder)


def load(location: Location):
    return registry.dataset_module(location.dataset).load(location)


def assert_same(one, other) -> None:
    """Every table and count of two loaded data sets is the same."""
    for field in dataclasses.fields(one):
        if field.name == "location":
            continue
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
        elif isinstance(mine, pd.Series):
            pd.testing.assert_series_equal(mine, theirs, check_exact=True)
        elif hasattr(mine, "nnz"):
            assert mine.shape == theirs.shape and (mine != theirs).nnz == 0, field.name
        else:
            assert mine == theirs, field.name


def same(one, other) -> bool:
    try:
        assert_same(one, other)
    except AssertionError:
        return False
    return True
