"""How much of a self-rated state of mind do music habits carry? The MXMH survey, cross-validated.

Conventions
-----------
The score (0-10) is predicted by ridge regression, its penalty chosen on the training folds by leave-one-out. "High"
is a score of at least `HIGH`; the AUC is the predicted score's against it. The sample chose itself, and the score is a
self-rating and no diagnosis: this bounds what one sample says, not what is true of listeners at large.

=================  ====================================================================
``age``            age and its square
``genres``         how often each of 16 genres is heard, 0-3
``genres_age``     both
``habits``         hours a day, while working, playing, composing, exploring, service, favourite genre
``everything``     all of the above
``boosting``       gradient boosting on all of the above
``other_score``    the other of the two self-ratings: what one questionnaire item says of another
=================  ====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

VARIANTS = ("age", "genres", "genres_age", "habits", "everything", "boosting", "other_score")
OTHER = {"depression": "anxiety", "anxiety": "depression"}
HIGH = 7
FOLDS = 10
PENALTIES = tuple(10.0 ** np.arange(0, 5))
YES_NO = ("while_working", "instrumentalist", "composer", "exploratory", "foreign_languages")


def features(people: pd.DataFrame, variant: str, target: str) -> np.ndarray:
    """Columns of one of `VARIANTS` for people with a known age, (people, columns)."""
    import pandas as pd

    from mer_repro.data.mxmh import GENRES, frequency_column

    age = np.column_stack([people.age, people.age**2])
    genres = people[[frequency_column(genre) for genre in GENRES]].to_numpy(float)
    if variant == "age":
        return age
    if variant == "genres":
        return genres
    if variant == "genres_age":
        return np.column_stack([genres, age])
    if variant == "other_score":
        return people[[OTHER[target]]].to_numpy(float)
    habits = np.column_stack(
        [people.hours_per_day, people[list(YES_NO)] == "Yes", pd.get_dummies(people[["service", "favourite_genre"]])]
    ).astype(float)
    return habits if variant == "habits" else np.column_stack([habits, genres, age])


def cross_validated(columns: np.ndarray, score: np.ndarray, variant: str, seed: int) -> np.ndarray:
    """Predicted score of each person from the folds that do not hold the person, (people,)."""
    from sklearn.model_selection import StratifiedKFold

    predicted = np.empty(len(score))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(columns, score >= HIGH):
        model = _model(variant, seed).fit(columns[train], score[train])
        predicted[test] = model.predict(columns[test])
    return predicted


def _model(variant: str, seed: int):
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if variant == "boosting":
        return HistGradientBoostingRegressor(
            learning_rate=0.05, max_iter=60, max_leaf_nodes=6, min_samples_leaf=15, random_state=seed
        )
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def auc(score: np.ndarray, predicted: np.ndarray) -> float:
    """Probability that of two people, one with a high score and one without, the first has the higher prediction."""
    from mer_repro.papers.bai2026.scores import weighted_auc

    return weighted_auc((score >= HIGH).astype(int), np.column_stack([-predicted, predicted]))


def permuted(columns: np.ndarray, score: np.ndarray, variant: str, permutations: int, seed: int) -> np.ndarray:
    """AUC of the same procedure after dealing out the scores anew, (permutations,)."""
    rng = np.random.default_rng([seed, 736])
    found = []
    for _ in range(permutations):
        dealt = rng.permutation(score)
        found.append(auc(dealt, cross_validated(columns, dealt, variant, seed)))
    return np.array(found)


def well_among(auc: float, prevalence: float, pointed_at: float) -> float:
    """Of the people whom a screening test points at, the share who are well: one minus its positive predictive value.

    Equal-variance binormal model: scores of the well are standard normal, those of the ill lie higher by
    d = sqrt(2) times the normal quantile of the AUC.

    Parameters
    ----------
    auc : of the test, between 0 and 1, exclusive.
    prevalence : share of the people who are ill, between 0 and 1, exclusive.
    pointed_at : share of all people whom the test points at, those with the highest scores; as prevalence.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    apart = 2**0.5 * norm.ppf(auc)

    def too_many(threshold: float) -> float:
        ill, well = norm.sf(threshold - apart), norm.sf(threshold)
        return float(prevalence * ill + (1 - prevalence) * well - pointed_at)

    threshold = brentq(too_many, -20, 20)
    return float((1 - prevalence) * norm.sf(threshold) / pointed_at)
