"""Checks of regression scores: RMSE, MSE, MAE, MAPE, R2 and the target's variance that they imply."""

from __future__ import annotations

from mer_repro.audit.catalogue import check
from mer_repro.audit.finding import Finding
from mer_repro.audit.numbers import Number


@check
def rmse_is_root_of_mse(rmse: list[Number], mse: list[Number]) -> Finding:
    """Aligned pairs: RMSE = sqrt(MSE)."""
    raise NotImplementedError


@check
def mae_at_most_rmse(mae: list[Number], rmse: list[Number]) -> Finding:
    """Aligned pairs of one model on one test set: MAE <= RMSE (equal only if all absolute errors are)."""
    raise NotImplementedError


@check
def implied_variance(r2: list[Number], rmse: list[Number], spread: Number | None = None) -> Finding:
    """Aligned rows of one test set: the target variance MSE / (1 - R2) is the same in every row (and `spread`^2).

    Readings: R2 as coefficient of determination (plain); as squared correlation, or cut off at 0 (charitable).
    Bind MSE (quantity ``mse``) or RMSE (quantity ``rmse``) to `rmse`.
    """
    raise NotImplementedError


@check
def variance_within_scale(r2: list[Number], rmse: list[Number], low: Number, high: Number) -> Finding:
    """Aligned rows: the target variance that RMSE and R2 imply is at most width^2 / 4 of a scale."""
    raise NotImplementedError


@check
def error_within_scale(errors: list[Number], low: Number, high: Number) -> Finding:
    """MAE and RMSE are at most the width of the target's scale (predictions inside the scale)."""
    raise NotImplementedError


@check
def mape_scale(mae: list[Number], mape: list[Number], largest: Number, zeros: Number | None = None) -> Finding:
    """Aligned rows: MAE / MAPE is a weighted mean of the targets' absolute values, hence at most the `largest` of them.

    `zeros` is the share of targets that are exactly zero (public fact), which a MAPE may have left out.
    """
    raise NotImplementedError


@check
def r2_at_most_squared_correlation(r2: list[Number], correlation: list[Number]) -> Finding:
    """Aligned rows: R2 (coefficient of determination) is at most the squared Pearson correlation."""
    raise NotImplementedError


@check
def mean_baseline(mae: Number, r2: list[Number], rmse: list[Number]) -> Finding:
    """The MAE of always predicting the mean is at most the target's standard deviation, implied by RMSE and R2."""
    raise NotImplementedError


@check
def uniform_random_baseline(mae: Number, r2: list[Number], rmse: list[Number], n: Number | None = None) -> Finding:
    """The MAE of uniform random predictions on [0, 1] is 1/4 + variance + (mean - 1/2)^2 of the targets."""
    raise NotImplementedError


@check
def in_range(values: list[Number]) -> Finding:
    """Every value lies in its quantity's range (accuracy, AUC, shares 0 to 1; R2 at most 1; errors not negative)."""
    raise NotImplementedError
