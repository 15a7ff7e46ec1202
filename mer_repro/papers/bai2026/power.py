"""The comparison of bai2026's table 2, simulated: what can be told apart on 578 test users?

A *study* draws its test users anew. Of each user, every model is right or wrong. Models agree more than chance, because
some users are easy for all: model k is right where sqrt(r) z + sqrt(1 - r) e_k falls below a threshold set by its
accuracy, with z common to all models and e_k its own, both standard normal. r is the *correlation*: 0 for models that
have nothing in common, near 1 for models that are right and wrong together (`correctness_correlation` measures it).

What matters of a study is how often each pattern of right and wrong occurs: 32 counts for five models, one multinomial
draw. So a hundred thousand studies cost less than a second.

Columns of patterns: the proposed model first, its rivals after it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

#: Nodes of the quadrature over what the models have in common.
NODES = 201
LEVEL = 0.05


def patterns(models: int) -> np.ndarray:
    """Every pattern of right (1) and wrong (0), (2 ** models, models)."""
    return (np.arange(2**models)[:, None] >> np.arange(models)) & 1


def pattern_probabilities(accuracies: np.ndarray, correlation: float) -> np.ndarray:
    """Probability of each row of `patterns`, (2 ** models,).

    Parameters
    ----------
    accuracies : (models,), each between 0 and 1, exclusive.
    correlation : of the latent variables, 0 up to below 1.
    """
    from scipy.stats import norm

    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    reach = norm.ppf(accuracies) - np.sqrt(correlation) * nodes[:, None]
    right = norm.cdf(reach / np.sqrt(1 - correlation))[:, None, :]  # (node, 1, model)
    each = np.where(patterns(len(accuracies)), right, 1 - right).prod(axis=2)  # (node, pattern)
    return (weights / weights.sum()) @ each


def simulate(accuracies, correlation: float, users: int, studies: int, seed: int) -> np.ndarray:
    """How many test users show each pattern, (studies, 2 ** models)."""
    probabilities = pattern_probabilities(np.asarray(accuracies), correlation)
    return np.random.default_rng(seed).multinomial(users, probabilities / probabilities.sum(), size=studies)


def hits(counts: np.ndarray) -> np.ndarray:
    """Right answers of each model, (studies, models)."""
    return counts @ patterns(int(np.log2(counts.shape[1])))


def mcnemar(counts: np.ndarray, one: int, other: int | np.ndarray) -> np.ndarray:
    """Exact two-sided p-values (studies,) of model `one` against `other`, one model for all studies or one a study."""
    table = patterns(int(np.log2(counts.shape[1]))).astype(bool)
    other = np.broadcast_to(other, len(counts))
    only_one = (counts * (table[:, one] & ~table[:, other].T)).sum(axis=1)
    only_other = (counts * (~table[:, one] & table[:, other].T)).sum(axis=1)
    return _exact(int(counts[0].sum()))[np.minimum(only_one, only_other), only_one + only_other]


@lru_cache(maxsize=4)
def _exact(users: int) -> np.ndarray:
    """p-values by (fewer, all) discordant users, looked up because studies share them."""
    from scipy.stats import binom

    numbers = np.arange(users + 1)
    return np.minimum(1.0, 2 * binom.cdf(numbers[: users // 2 + 1, None], numbers, 0.5))


def chi_square(counts: np.ndarray, one: int, other: int) -> np.ndarray:
    """p-values (studies,) of the chi-square test, uncorrected, of two accuracies as if they were of different users."""
    from scipy.stats import chi2

    users, right = counts.sum(axis=1), hits(counts)[:, [one, other]]
    mean = right.mean(axis=1) / users
    spread = np.maximum(2 * mean * (1 - mean) / users, 1e-12)
    return chi2.sf(((right[:, 0] - right[:, 1]) / users) ** 2 / spread, 1)


def cochran(counts: np.ndarray) -> np.ndarray:
    """p-values (studies,) of Cochran's Q (1950): do all models have one accuracy?"""
    from scipy.stats import chi2

    models = int(np.log2(counts.shape[1]))
    right, score = hits(counts), patterns(models).sum(axis=1)
    between = ((right - right.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    within = counts @ (score * (models - score))
    return chi2.sf(models * (models - 1) * between / np.maximum(within, 1e-12), models - 1)


def readings(counts: np.ndarray, stated_lead: float) -> dict[str, float]:
    """How often each way of reading a table of one proposed model and its rivals says "better", 0 to 1.

    ``mcnemar``            the proposed model is significantly above the first rival, which was named beforehand
    ``mcnemar_best_rival`` the same against whichever rival came out best
    ``mcnemar_any_rival``  against at least one rival, without correction
    ``chi_square``         as the first, as if each model had been tested on users of its own
    ``cochran``            the models are not all alike
    ``leads``              the proposed model is first; no test, as in the paper
    ``leads_as_stated``    it leads its best rival by `stated_lead` or more; no test
    ``leads_one_as_stated``  it leads the first rival by so much; no test
    ``best_variant``       the best of all models but the last is significantly above the last: who tries several models
                           and reports one
    """
    right, users = hits(counts), counts.sum(axis=1)
    rivals = right[:, 1:]
    best = 1 + rivals.argmax(axis=1)
    ahead = right[:, :1] > rivals  # (studies, rivals)
    p_values = np.stack([mcnemar(counts, 0, k) for k in range(1, right.shape[1])], axis=1)
    variant, last = right[:, :-1].argmax(axis=1), right.shape[1] - 1
    of_best_rival = p_values[np.arange(len(counts)), best - 1]
    return {
        "mcnemar": float(np.mean((p_values[:, 0] < LEVEL) & ahead[:, 0])),
        "mcnemar_best_rival": float(np.mean((of_best_rival < LEVEL) & ahead.all(axis=1))),
        "mcnemar_any_rival": float(np.mean(((p_values < LEVEL) & ahead).any(axis=1))),
        "chi_square": float(np.mean((chi_square(counts, 0, 1) < LEVEL) & ahead[:, 0])),
        "cochran": float(np.mean(cochran(counts) < LEVEL)),
        "leads": float(np.mean(ahead.all(axis=1))),
        "leads_as_stated": float(np.mean(right[:, 0] - rivals.max(axis=1) >= stated_lead * users)),
        "leads_one_as_stated": float(np.mean(right[:, 0] - right[:, 1] >= stated_lead * users)),
        "best_variant": float(np.mean((mcnemar(counts, last, variant) < LEVEL) & (right.max(axis=1) > right[:, last]))),
    }


def least_detected(leads: np.ndarray, power: np.ndarray, wanted: float = 0.8) -> float:
    """The smallest true lead found with probability `wanted`, by linear interpolation; nan where none is."""
    reached = np.flatnonzero(np.asarray(power) >= wanted)
    if not len(reached):
        return float("nan")
    place = reached[0]
    if place == 0:
        return float(leads[0])
    return float(np.interp(wanted, power[place - 1 : place + 1], leads[place - 1 : place + 1]))


def correctness_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation r above under which two models with these right answers (bool, (n,)) are both right so often."""
    from scipy.optimize import brentq

    shares = np.clip([one.mean(), other.mean()], 1e-6, 1 - 1e-6)
    both = float(np.mean(one & other))

    def excess(correlation: float) -> float:
        return float(pattern_probabilities(shares, correlation)[3]) - both

    if excess(0.0) >= 0:
        return 0.0
    return 0.999 if excess(0.999) <= 0 else float(brentq(excess, 0.0, 0.999, xtol=1e-4))
