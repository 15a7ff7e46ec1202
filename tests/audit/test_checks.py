"""Every check on numbers small enough to work out by hand; the arithmetic stands beside each case."""

import contextlib
import dataclasses
import random
import re

import numpy as np
import pytest

from mer_repro.audit import catalogue, runner, trials, validation
from mer_repro.audit.checks import CHECKS
from mer_repro.audit.checks.confusion import BINARY
from mer_repro.audit.finding import Statement, nearest_fit
from mer_repro.audit.numbers import number
from mer_repro.errors import LedgerError

GOOD, OPEN, BAD = "consistent", "undetermined", "inconsistent"
SAYS = Statement("p.s", "Something is so.")


def stated(entry):
    """A Number from '0.845', '84.5 %', '578!' (exact), '>9000' (at least) or 'rmse:0.20'; lists and statements pass."""
    if isinstance(entry, list):
        return [stated(one) for one in entry]
    if not isinstance(entry, str):
        return entry
    quantity, _, printed = entry.rpartition(":")
    value, _, unit = printed.strip("!>").replace("!", "").partition(" ")
    rounding = "exact" if "!" in printed else "at_least" if printed.startswith(">") else "nearest"
    return number(f"p.{entry}", value, unit or "1", rounding, quantity)


def verdict(check, options=None, **roles):
    return CHECKS[check](**{role: stated(entry) for role, entry in roles.items()}, **(options or {})).verdict


CASES = [
    # counts
    ("granularity", {"values": ["0.37"], "n": "27!"}, {"runs": "one"}, GOOD),  # 10 / 27 = 0.370
    ("granularity", {"values": ["0.35"], "n": "27!"}, {"runs": "one"}, BAD),  # 9 / 27 = 0.333, 10 / 27 = 0.370
    ("granularity", {"values": ["0.35"], "n": "27!"}, {}, OPEN),
    ("integer_shares", {"shares": ["33.3 %", "33.3 %", "33.3 %"], "n": "300!"}, {}, GOOD),  # 100 each
    ("integer_shares", {"shares": ["33.4 %", "33.4 %", "33.4 %"], "n": "300!"}, {}, BAD),  # 100 / 300 prints 33.3
    ("proportion", {"stated": "split_share:15 %!", "part": "332!", "whole": "2216!"}, {}, GOOD),  # 332.4 in whole items
    ("proportion", {"stated": "25.0 %", "part": "300!", "whole": "1000!"}, {}, BAD),
    ("sum_to_total", {"parts": ["58.3 %", "28.1 %", "13.6 %"]}, {}, GOOD),
    ("sum_to_total", {"parts": ["58.3 %", "28.1 %", "13.9 %"]}, {}, BAD),  # 100.3 by at most 0.15 of rounding
    ("sum_to_total", {"parts": ["768!", "1!", "6!", "4!"], "total": "779!"}, {}, GOOD),
    ("sum_to_total", {"parts": ["70!", "40!"], "total": "100!"}, {"relation": "at_most"}, BAD),
    ("same_total", {"first": ["3!", "4!"], "second": ["5!", "2!"]}, {}, GOOD),
    ("same_total", {"first": ["3!", "4!"], "second": ["5!", "3!"]}, {}, BAD),
    ("product_of", {"factors": ["2!", "128!"], "product": "256!"}, {}, GOOD),
    ("product_of", {"factors": ["2!", "128!"], "product": "128!"}, {}, BAD),
    ("split_sizes", {"shares": ["7!", "1.5!", "1.5!"], "sizes": ["2696!", "578!", "578!"], "total": "3852!"}, {}, GOOD),
    ("split_sizes", {"shares": ["7!", "1.5!", "1.5!"], "sizes": ["2700!", "576!", "576!"], "total": "3852!"}, {}, OPEN),
    ("split_sizes", {"shares": ["7!", "1.5!", "1.5!"], "sizes": ["2696!", "577!", "577!"], "total": "3852!"}, {}, BAD),
    ("published_size", {"stated": "3852!", "published": ["992!"]}, {}, BAD),
    ("published_size", {"stated": "2000!", "published": ["1802!", "794!"]}, {}, GOOD),
    ("published_size", {"stated": ">9000", "published": ["1802!", "794!"]}, {"items": "divisible"}, OPEN),
    ("published_equal", {"stated": "1,802!", "published": "1802!"}, {}, GOOD),
    ("published_equal", {"stated": "1,800!", "published": "1802!"}, {}, BAD),
    ("enumerated", {"stated": "four!", "items": ["1", "2", "3", "4"]}, {}, GOOD),
    ("enumerated", {"stated": "four!", "items": ["1", "2", "3"]}, {}, BAD),
    ("at_most", {"smaller": ["22!", "60!"], "larger": ["28!", "87!"]}, {}, GOOD),
    ("at_most", {"smaller": ["22!", "90!"], "larger": ["28!", "87!"]}, {}, BAD),
    ("weights_feasible", {"highest": "16.605 %", "weights": ["1"] * 12, "lowest": "5.216 %"}, {}, GOOD),
    ("weights_feasible", {"highest": "8.0 %", "weights": ["1"] * 12}, {}, BAD),  # 12 x 8 = 96 %
    (
        "bins_partition",
        {"lower": ["0!", "16!", "24!"], "upper": ["15!", "23!", "60!"], "scale": ["0!", "60!"]},
        {},
        GOOD,
    ),
    (
        "bins_partition",
        {"lower": ["0!", "16!", "24!"], "upper": ["0!", "23!", "60!"], "scale": ["0!", "60!"]},
        {},
        OPEN,
    ),
    (
        "bins_partition",
        {"lower": ["0!", "16!", "23!"], "upper": ["15!", "23!", "60!"], "scale": ["0!", "60!"]},
        {},
        BAD,
    ),
    # changes
    (
        "stated_change",
        {"stated": "3.3 %", "before": ["accuracy:0.701"], "after": ["accuracy:0.734"]},
        {},
        GOOD,
    ),  # points
    (
        "stated_change",
        {"stated": "4.7 %", "before": ["accuracy:0.701"], "after": ["accuracy:0.734"]},
        {},
        GOOD,
    ),  # / 0.701
    (
        "stated_change",
        {"stated": "4.5 %", "before": ["accuracy:0.701"], "after": ["accuracy:0.734"]},
        {},
        OPEN,
    ),  # / 0.734
    ("stated_change", {"stated": "5.5 %", "before": ["accuracy:0.701"], "after": ["accuracy:0.734"]}, {}, BAD),
    ("stated_change", {"stated": "50 %", "before": ["rmse:0.20"], "after": ["rmse:0.10"]}, {}, GOOD),
    (
        "stated_change",
        {"stated": "10 %", "before": ["rmse:0.20"], "after": ["rmse:0.10"]},
        {},
        BAD,
    ),  # no points of RMSE
    ("stated_change", {"stated": "10 %", "before": ["r2:NAN"], "after": ["r2:0.10"]}, {}, OPEN),
    ("stated_ratio", {"stated": "2.0", "numerator": ["100!"], "denominator": ["50!"]}, {}, GOOD),
    ("stated_ratio", {"stated": "2.0", "numerator": ["100!"], "denominator": ["60!", "40!"]}, {}, BAD),
    ("difference", {"stated": "46!", "minuend": "100!", "subtrahend": "54!"}, {}, GOOD),
    ("difference", {"stated": "45!", "minuend": "100!", "subtrahend": "54!"}, {}, BAD),
    ("ordering", {"better": ["rmse:0.07"], "worse": ["rmse:0.13", "rmse:NAN"]}, {}, GOOD),
    ("ordering", {"better": ["r2:0.07"], "worse": ["r2:0.13"]}, {}, BAD),
    ("ordering", {"better": ["r2:0.13"], "worse": ["r2:0.13"]}, {}, OPEN),
    ("ordering", {"better": ["r2:0.13"], "worse": ["r2:NAN"]}, {}, OPEN),
    ("monotone", {"values": ["1", "2", "2"]}, {"direction": "up"}, GOOD),
    ("monotone", {"values": ["1", "2", "2"]}, {"direction": "down"}, BAD),
    ("between", {"stated": ["7.1", "7.8"], "low": "7.1", "high": "7.8"}, {}, GOOD),
    ("between", {"stated": ["7.1", "8.8"], "low": "7.1", "high": "7.8"}, {}, BAD),
    ("difference_beyond_chance", {"better": "0.90", "worse": "0.60", "n": "100!"}, {}, GOOD),  # 30 to 10 + 40
    ("difference_beyond_chance", {"better": "0.75", "worse": "0.70", "n": "100!"}, {}, OPEN),  # 5 : 0 gives p = 0.0625
    ("majority_baseline", {"accuracy": ["0.60"], "majority": "0.58"}, {}, GOOD),
    ("majority_baseline", {"accuracy": ["0.50"], "majority": "0.58"}, {}, OPEN),
    ("majority_baseline", {"accuracy": ["0.60"], "majority": "0.58", "auc": ["auc:0.48"]}, {}, OPEN),
    # regression
    ("rmse_is_root_of_mse", {"rmse": ["0.1549"], "mse": ["0.0240"]}, {}, GOOD),
    ("rmse_is_root_of_mse", {"rmse": ["0.1649"], "mse": ["0.0240"]}, {}, BAD),  # 0.1649^2 = 0.0272
    ("mae_at_most_rmse", {"mae": ["0.20", "NAN"], "rmse": ["0.20", "0.10"]}, {}, GOOD),
    ("mae_at_most_rmse", {"mae": ["0.22"], "rmse": ["0.20"]}, {}, BAD),
    ("implied_variance", {"r2": ["0.50", "0.75"], "rmse": ["0.200", "0.1414"]}, {}, GOOD),  # 0.08 and 0.08
    ("implied_variance", {"r2": ["0.50", "0.75"], "rmse": ["0.200", "0.200"]}, {}, OPEN),  # 0.08 and 0.16
    ("implied_variance", {"r2": ["0.50", "0.75"], "rmse": ["0.200", "0.200"]}, {"definition": "determination"}, BAD),
    ("implied_variance", {"r2": ["0.50", "0.00"], "rmse": ["0.200", "0.400"]}, {"definition": "determination"}, OPEN),
    ("implied_variance", {"r2": ["0.50"], "rmse": ["0.200"], "spread": "0.28"}, {}, GOOD),  # sqrt(0.08) = 0.283
    ("implied_variance", {"r2": ["0.50"], "rmse": ["0.200"], "spread": "0.20"}, {}, OPEN),  # below: squared correlation
    ("implied_variance", {"r2": ["0.50"], "rmse": ["0.200"], "spread": "0.40"}, {}, BAD),  # above: never
    ("variance_within_scale", {"r2": ["0.50"], "rmse": ["0.30"], "low": "0!", "high": "1!"}, {}, GOOD),  # 0.18 <= 0.25
    ("variance_within_scale", {"r2": ["0.80"], "rmse": ["0.30"], "low": "0!", "high": "1!"}, {}, OPEN),  # 0.45
    ("error_within_scale", {"errors": ["mae:0.90"], "low": "0!", "high": "1!"}, {}, GOOD),
    ("error_within_scale", {"errors": ["mae:1.10"], "low": "0!", "high": "1!"}, {}, OPEN),
    ("mape_scale", {"mae": ["0.058"], "mape": ["10.6 %"], "largest": "1!"}, {}, GOOD),  # 0.547
    ("mape_scale", {"mae": ["0.143"], "mape": ["12.4 %"], "largest": "1!"}, {}, OPEN),  # 1.15
    ("mape_scale", {"mae": ["0.143"], "mape": ["5.0 %"], "largest": "1!", "zeros": "0.04 %!"}, {}, BAD),  # 2.86
    ("r2_at_most_squared_correlation", {"r2": ["0.64"], "correlation": ["0.80"]}, {}, GOOD),
    ("r2_at_most_squared_correlation", {"r2": ["0.70"], "correlation": ["0.80"]}, {}, BAD),
    ("mean_baseline", {"mae": "0.2088", "r2": ["0.51"], "rmse": ["0.1549"]}, {}, GOOD),  # sd 0.2213
    ("mean_baseline", {"mae": "0.2588", "r2": ["0.51"], "rmse": ["0.1549"]}, {}, OPEN),
    ("uniform_random_baseline", {"mae": "0.3245", "r2": ["0.51"], "rmse": ["0.1549"], "n": "332!"}, {}, GOOD),
    ("uniform_random_baseline", {"mae": "0.10", "r2": ["0.51"], "rmse": ["0.1549"], "n": "332!"}, {}, BAD),
    ("in_range", {"values": ["accuracy:104 %"]}, {}, BAD),
    ("in_range", {"values": ["r2:-0.2", "mae:1.2"]}, {}, GOOD),
    # classification
    ("f1_from_precision_recall", {"f1": ["0.67"], "precision": ["0.50"], "recall": ["1.00"]}, {}, GOOD),
    ("f1_from_precision_recall", {"f1": ["0.75"], "precision": ["0.50"], "recall": ["1.00"]}, {}, BAD),  # their mean
    (
        "f1_from_precision_recall",
        {"f1": ["0.60"], "precision": ["0.5"], "recall": ["1.0"]},
        {"average": "unstated"},
        GOOD,
    ),
    ("average_of_classes", {"average": "macro_f1:0.50", "per_class": ["f1:0.20", "f1:0.80"]}, {}, GOOD),
    (
        "average_of_classes",
        {"average": "f1:0.35", "per_class": ["f1:0.20", "f1:0.80"], "support": ["3!", "1!"]},
        {},
        GOOD,
    ),
    (
        "average_of_classes",
        {"average": "f1:0.40", "per_class": ["f1:0.20", "f1:0.80"], "support": ["3!", "1!"]},
        {},
        BAD,
    ),
    ("accuracy_from_recall", {"accuracy": "0.65", "recall": ["0.50", "0.80"], "support": ["10!", "10!"]}, {}, GOOD),
    ("accuracy_from_recall", {"accuracy": "0.75", "recall": ["0.50", "0.80"], "support": ["10!", "10!"]}, {}, BAD),
    ("accuracy_from_recall", {"accuracy": "0.652", "recall": ["0.504", "0.800"], "support": ["10!", "10!"]}, {}, OPEN),
    # [[5, 5], [2, 8]]: precision 5 / 7 and 8 / 13
    (
        "confusion_counts",
        {"precision": ["0.71", "0.62"], "recall": ["0.50", "0.80"], "support": ["10!", "10!"]},
        {},
        GOOD,
    ),
    (
        "confusion_counts",
        {"precision": ["0.83", "0.62"], "recall": ["0.50", "0.80"], "support": ["10!", "10!"]},
        {},
        OPEN,
    ),
    (
        "confusion_counts",
        {"precision": ["0.83", "0.62"], "recall": ["0.50", "0.80"], "support": ["10!", "10!"]},
        {"runs": "one"},
        BAD,  # 6 + 13 predictions of 20
    ),
    # [[0, 10, 0], [5, 5, 0], [0, 0, 10]]: no hit of the first class, precision 0 / 5
    (
        "confusion_counts",
        {"precision": ["0.00", "0.33", "1.00"], "recall": ["0.00", "0.50", "1.00"], "support": ["10!", "10!", "10!"]},
        {"runs": "one"},
        GOOD,
    ),
    # too many counts to try one by one; at best 5,010 of the 5,010 + 930 named the first class are right, 0.843
    (
        "confusion_counts",
        {"precision": ["0.85", "0.82"], "recall": ["0.83", "0.84"], "support": ["6000!", "6000!"]},
        {"runs": "one"},
        BAD,
    ),
    (
        "confusion_counts",
        {"precision": ["0.84", "0.83"], "recall": ["0.83", "0.84"], "support": ["6000!", "6000!"]},
        {"runs": "one"},
        GOOD,
    ),
    ("accuracy_and_macro_f1", {"accuracy": "0.65", "macro_f1": "0.64", "shares": ["0.5", "0.5"], "n": "20!"}, {}, GOOD),
    ("accuracy_and_macro_f1", {"accuracy": "0.65", "macro_f1": "0.95", "shares": ["0.5", "0.5"], "n": "20!"}, {}, OPEN),
    # structure
    ("combined_dimension", {"parts": ["128!", "300!", "256!"], "combined": "684!"}, {}, GOOD),
    ("combined_dimension", {"parts": ["512!", "512!"], "combined": "768!"}, {}, BAD),
    ("combined_dimension", {"parts": ["512!", "512!"], "combined": "512!"}, {"operation": "concatenation"}, BAD),
    ("pooled_length", {"before": "1292!", "after": "80!", "pool": "2!", "times": "4!"}, {}, GOOD),
    ("pooled_length", {"before": "1292!", "after": "90!", "pool": "2!", "times": "4!"}, {}, BAD),
    (
        "flattened_dimension",
        {"stated": "2048!", "height": "128!", "channels": "256!", "pool": "2!", "times": "4!"},
        {},
        GOOD,  # 128 / 16 = 8 rows of 256
    ),
    (
        "flattened_dimension",
        {"stated": "512!", "height": "128!", "channels": "256!", "pool": "2!", "times": "4!"},
        {},
        BAD,
    ),
    ("receptive_field", {"kernel": "3!", "blocks": "4!", "length": "100!"}, {}, GOOD),  # 31, 61 or 511
    ("receptive_field", {"kernel": "3!", "blocks": "2!", "length": "100!"}, {}, OPEN),  # 7, 13 or 31
    ("hop_duration", {"stated": "23 ms", "hop": "512!", "rate": ["22050! Hz"]}, {}, GOOD),  # 23.2
    ("hop_duration", {"stated": "32 ms", "hop": "512!", "rate": ["22050! Hz", "44100! Hz"]}, {}, BAD),
    (
        "frame_count",
        {"frames": "1292!", "seconds": "30! s", "hop": "512!", "rate": ["22050! Hz"]},
        {},
        GOOD,
    ),  # 1 + 1291
    ("frame_count", {"frames": "1300!", "seconds": "30! s", "hop": "512!", "rate": ["22050! Hz"]}, {}, BAD),
    ("rescaled", {"before": ["-0.2!", "0.2!"], "after": ["0.4", "0.6"], "low": "-1!", "high": "1!"}, {}, GOOD),
    ("rescaled", {"before": ["-0.2!"], "after": ["0.3"], "low": "-1!", "high": "1!"}, {}, BAD),
    ("throughput", {"stated": ["1322"], "batch": ["512!"], "latency": ["387 ms"]}, {}, GOOD),  # 1321.3 to 1324.7
    ("throughput", {"stated": ["1422"], "batch": ["512!"], "latency": ["387 ms"]}, {}, BAD),
    ("memory_growth", {"memory": ["1.0", "2.0", "3.0"], "batch": ["1!", "2!", "3!"]}, {}, GOOD),
    ("memory_growth", {"memory": ["1.5", "2.5", "2.7"], "batch": ["1!", "2!", "3!"]}, {}, OPEN),
    ("memory_growth", {"memory": ["1.0", "3.0", "9.0"], "batch": ["1!", "2!", "3!"]}, {}, BAD),
    ("softmax_regression", {"statement": SAYS}, {}, OPEN),
    ("softmax_regression", {"statement": SAYS, "outputs": "1!"}, {}, BAD),
    ("public_fact", {"statement": SAYS, "fact": SAYS}, {}, OPEN),
    # tables
    ("repeated", {"values": ["0.704", "70.4 %", "0.70"]}, {}, GOOD),
    ("repeated", {"values": ["0.704", "70.6 %"]}, {}, BAD),
    ("copied_cells", {"cells": ["0.892", "0.892", "0.144"]}, {}, OPEN),
    ("copied_cells", {"cells": ["0.892", "0.893"]}, {}, GOOD),
    ("constant_offset", {"first": ["1.1", "2.2", "3.3", "4.4"], "second": ["1.4", "2.5", "3.6", "4.7"]}, {}, OPEN),
    ("constant_offset", {"first": ["1.1", "2.2", "3.3", "4.4"], "second": ["1.4", "2.5", "3.6", "4.8"]}, {}, GOOD),
    ("trained_better_than_tested", {"training": ["r2:0.83", "mae:0.05"], "testing": ["r2:0.80", "mae:0.06"]}, {}, GOOD),
    ("trained_better_than_tested", {"training": ["r2:0.83"], "testing": ["r2:0.845"]}, {}, OPEN),
    ("terminal_digits", {"values": ["10", "25", "30", "45", "50", "65", "70"]}, {}, OPEN),
    ("terminal_digits", {"values": ["10", "25", "30", "45", "50", "65", "71"]}, {}, GOOD),
    # what other tools test
    ("granularity_of_means", {"values": ["0.852"], "n": "27!", "repeats": "3!"}, {}, GOOD),  # 69 / 81
    ("granularity_of_means", {"values": ["0.846"], "n": "27!", "repeats": "3!"}, {}, BAD),  # 68 / 81 = 0.840
    (
        "granularity_of_means",
        {"values": ["0.7083"], "n": "7!", "repeats": "2!"},
        {"scheme": "folds"},
        GOOD,
    ),  # (2/3 + 3/4) / 2
    ("identities", {"scores": ["accuracy:0.84", "micro_f1:0.84"]}, {"labels": "single"}, GOOD),
    ("identities", {"scores": ["accuracy:0.84", "micro_f1:0.86"]}, {"labels": "single"}, BAD),
    ("identities", {"scores": ["accuracy:0.84", "micro_f1:0.86"]}, {}, OPEN),
    ("identities", {"scores": ["error_rate:0.16", "weighted_recall:0.84"]}, {"labels": "single"}, GOOD),
    ("micro_scores", {"scores": ["micro_recall:0.2737", "accuracy:0.5158"], "n": "190!", "classes": "3!"}, {}, GOOD),
    ("micro_scores", {"scores": ["micro_recall:0.2737", "accuracy:0.5258"], "n": "190!", "classes": "3!"}, {}, BAD),
    (
        "binary_scores",  # 34 of 40 and 92 of 100: 126 of 140
        {"scores": ["accuracy:0.900", "recall:0.850", "specificity:0.920"], "positives": "40!", "negatives": "100!"},
        {"runs": "one"},
        GOOD,
    ),
    (
        "binary_scores",
        {"scores": ["accuracy:0.960", "recall:0.850", "specificity:0.920"], "positives": "40!", "negatives": "100!"},
        {"runs": "one"},
        BAD,
    ),
    (
        "binary_scores",
        {"scores": ["mcc:0.6"], "positives": "2!", "negatives": "2!"},
        {"runs": "one"},
        GOOD,
    ),  # 1 / sqrt(3)
    (
        "scores_over_folds",  # 15 of 20 and 35 of 40, in five folds of 4 and 8
        {"scores": ["accuracy:0.8333", "recall:0.75"], "positives": "20!", "negatives": "40!", "folds": "5!"},
        {},
        GOOD,
    ),
    ("scores_over_folds", {"scores": ["recall:0.76"], "positives": "20!", "negatives": "40!", "folds": "5!"}, {}, BAD),
    ("matrix_scores", {"cells": ["50!", "10!", "5!", "35!"], "accuracy": "accuracy:0.85"}, {}, GOOD),  # 85 / 100
    ("matrix_scores", {"cells": ["50!", "10!", "5!", "35!"], "accuracy": "accuracy:0.88"}, {}, BAD),
    ("matrix_scores", {"cells": ["0.9", "0.1", "0.2", "0.8"]}, {"entries": "shares"}, GOOD),
    ("matrix_scores", {"cells": ["0.90", "0.20", "0.30", "0.80"]}, {"entries": "shares"}, BAD),
    ("same_test_set", {"first": ["50!", "10!", "5!", "35!"], "second": ["40!", "20!", "8!", "32!"]}, {}, GOOD),
    ("same_test_set", {"first": ["50!", "10!", "5!", "35!"], "second": ["41!", "20!", "8!", "32!"]}, {}, BAD),
    ("ccc_at_most_correlation", {"ccc": ["ccc:0.66"], "correlation": ["correlation:0.68"]}, {}, GOOD),
    ("ccc_at_most_correlation", {"ccc": ["ccc:0.71"], "correlation": ["correlation:0.68"]}, {}, BAD),
    (
        "rmse_floor",
        {"rmse": ["rmse:0.16"], "correlation": ["correlation:0.60"], "spread": "0.200"},
        {},
        GOOD,
    ),  # 0.2 x 0.8
    ("rmse_floor", {"rmse": ["rmse:0.14"], "correlation": ["correlation:0.60"], "spread": "0.200"}, {}, BAD),
    (
        "mae_within_variance",  # sqrt(0.0103 x 0.0831619) = 0.0293
        {"mae": ["mae:0.0254"], "r2": ["r2:0.9897"], "variance": "variance:0.0831619"},
        {"definition": "determination"},
        GOOD,
    ),
    (
        "mae_within_variance",
        {"mae": ["mae:0.0300"], "r2": ["r2:0.9897"], "variance": "variance:0.0831619"},
        {"definition": "determination"},
        BAD,
    ),
    ("mae_at_most_rmse", {"mae": ["mae:0.2911"], "rmse": ["mse:0.1393"]}, {}, GOOD),  # sqrt(0.1393) = 0.3732
    ("mae_at_most_rmse", {"mae": ["mae:1.08"], "rmse": ["mse:1.10"]}, {}, BAD),  # 1.0488
    ("marked_best", {"marked": ["rmse:0.10"], "others": ["rmse:0.12", "rmse:0.10"]}, {}, GOOD),
    ("marked_best", {"marked": ["rmse:0.10"], "others": ["rmse:0.12", "rmse:0.09"]}, {}, BAD),
    ("cited_cells", {"stated": ["0.53"], "cited": ["0.527"]}, {}, GOOD),
    ("cited_cells", {"stated": ["0.52"], "cited": ["0.527"]}, {}, BAD),
    ("pr_auc_above_prevalence", {"pr_auc": ["0.12"], "prevalence": "0.20"}, {}, OPEN),
    ("p_from_statistic", {"p": "0.036", "statistic": "t_statistic:2.20", "df": "28!"}, {}, GOOD),  # 0.0362
    ("p_from_statistic", {"p": "0.050", "statistic": "t_statistic:2.20", "df": "28!"}, {}, BAD),
    ("p_from_statistic", {"p": "0.018", "statistic": "t_statistic:2.20", "df": "28!"}, {}, OPEN),  # one-sided
    (
        "p_from_statistic",
        {"p": "0.016", "statistic": "chi2_statistic:8.28", "df": "2!"},
        {},
        GOOD,
    ),  # exp(-4.14) = 0.0159
    ("grimmer", {"mean": "5.21", "deviation": "1.60", "n": "28!"}, {}, GOOD),
    ("grimmer", {"mean": "5.19", "deviation": "1.34", "n": "26!"}, {}, BAD),
    ("grimmer", {"mean": "3.00", "deviation": "2.50", "n": "10!", "low": "1!", "high": "5!"}, {}, BAD),  # at most 2.11
    ("debit", {"mean": "0.35", "deviation": "0.48", "n": "200!"}, {}, GOOD),  # sqrt(0.35 x 0.65) = 0.477
    ("debit", {"mean": "0.35", "deviation": "0.18", "n": "200!"}, {}, BAD),
    ("standard_error_of_mean", {"error": "0.20", "deviation": "1.00", "n": "25!"}, {}, GOOD),
    ("standard_error_of_mean", {"error": "0.30", "deviation": "1.00", "n": "25!"}, {}, BAD),
    (
        "confidence_interval",
        {"mean": "5.0", "low": "4.6", "high": "5.4", "spread": "standard_deviation:1.0", "n": "25!"},
        {},
        GOOD,
    ),
    (
        "confidence_interval",
        {"mean": "5.0", "low": "5.6", "high": "6.4", "spread": "standard_deviation:1.0", "n": "25!"},
        {},
        BAD,
    ),
    (
        "layer_parameters",
        {"stated": "570368!", "inputs": "300!", "outputs": "256!"},
        {"layer": "lstm"},
        GOOD,
    ),  # 4 x 256 x 557
    ("layer_parameters", {"stated": "570000!", "inputs": "300!", "outputs": "256!"}, {"layer": "lstm"}, BAD),
    (
        "layer_parameters",
        {"stated": "896!", "inputs": "3!", "outputs": "32!", "kernel": "3!"},
        {"layer": "conv2d"},
        GOOD,
    ),
]


@pytest.mark.parametrize(
    "check, roles, options, expected", CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_by_hand(check, roles, options, expected):
    assert verdict(check, options, **roles) == expected


def test_dates_come_in_order():
    dates = [
        number("p.d", text, "date", "exact", "date") for text in ("17 January 2025", "7 July 2025", "30 July 2025")
    ]
    assert CHECKS["dates_in_order"](dates).verdict == GOOD
    assert CHECKS["dates_in_order"](dates[::-1]).verdict == BAD
    assert CHECKS["dates_in_order"]([number("p.d", "Spring 2025", "date", "exact", "date")]).verdict == OPEN


def test_witnesses_have_the_printed_scores():
    scores = {
        "precision": stated(["0.71", "0.62"]),
        "recall": stated(["0.50", "0.80"]),
        "support": stated(["10!", "10!"]),
    }
    matrix = CHECKS["confusion_counts"](**scores).witness["matrix"]
    assert matrix == [[5, 5], [2, 8]]
    shares = stated(["0.583", "0.281", "0.136"])
    found = CHECKS["accuracy_and_macro_f1"](stated("0.734"), stated("0.704"), shares, stated("578!")).witness
    hits = [found["matrix"][k][k] for k in range(3)]
    named = [sum(row[k] for row in found["matrix"]) for k in range(3)]
    macro = sum(2 * h / (n + s) for h, n, s in zip(hits, named, found["class_sizes"], strict=True)) / 3
    assert (round(sum(hits) / 578, 3), round(macro, 3)) == (0.734, 0.704)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(LedgerError, match="mae 2, rmse 1"):
        verdict("mae_at_most_rmse", mae=["0.1", "0.2"], rmse=["0.3"])


def test_every_check_is_documented_and_says_in_one_sentence_what_it_does():
    for name, function in CHECKS.items():
        first = (function.__doc__ or "").partition("\n")[0]
        assert first.endswith("."), name


PRINTED = ["0", "0.00", "1.00", "0.845", "100", "12", "1,024", "-0.02", "NAN", "—", "<0.001", ">0.9", "~0.5", "1000000"]
QUANTITIES = ["accuracy", "f1", "precision", "support", "rmse", "mse", "r2", "correlation", "count", "date", "mean"]


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_no_check_dies_of_what_is_not_printed_or_open_ended(check):
    rng = random.Random(check)

    def drawn():
        quantity, unit = rng.choice(QUANTITIES), rng.choice(["1", "%", "items", "ms"])
        rounding = rng.choice([None, "exact", "approximate", "at_least", "at_most"])
        return number("p.x", rng.choice(PRINTED), unit, rounding, quantity, rng.choice([None, "0.1"]))

    for _ in range(25):
        rows, roles = rng.randint(1, 4), {}
        for role in catalogue.roles(check).values():
            if role.optional and rng.random() < 0.5:
                continue
            many = [drawn() for _ in range(rows)]
            roles[role.name] = SAYS if role.statement else many if role.many else many[0]
        choices = {
            name: rng.choice(re.findall(r"'([^']+)'", str(p.annotation)))
            for name, p in catalogue.options(check).items()
        }
        with contextlib.suppress(LedgerError):
            assert CHECKS[check](**roles, **choices).verdict in (GOOD, OPEN, BAD)


#: what two tables cannot have in common has no single number that would mend it
NO_SINGLE_NUMBER = {"same_total", "same_test_set", "dates_in_order", "integer_shares", "micro_scores"}


@pytest.mark.parametrize("check", sorted(trials.TRIALS))
def test_an_accusation_names_a_value_that_would_fit(check):
    accused = 0
    for seed in range(6):
        table = trials.generated(check, np.random.default_rng(seed), wrong=True)
        paper = table.ledger()
        for _, finding in runner.findings(paper):
            if finding.verdict != BAD:
                continue
            accused += 1
            fit = nearest_fit(finding.readings)
            if check in NO_SINGLE_NUMBER:
                continue
            assert fit is not None, finding.detail
            quantity, unit, _ = table.claims[fit.name]
            mended = dataclasses.replace(table, claims={**table.claims, fit.name: (quantity, unit, fit.printed)})
            assert [f.verdict for _, f in runner.findings(mended.ledger())] != [BAD], (finding.detail, str(fit))
    assert accused or check in validation.OBSERVING


def test_binary_scores_are_those_of_scikit_learn():
    from sklearn import metrics

    true = np.repeat([1, 1, 0, 0], [34, 6, 8, 92])
    named = np.repeat([1, 0, 1, 0], [34, 6, 8, 92])
    expected = {
        "accuracy": metrics.accuracy_score(true, named),
        "recall": metrics.recall_score(true, named),
        "specificity": metrics.recall_score(true, named, pos_label=0),
        "precision": metrics.precision_score(true, named),
        "npv": metrics.precision_score(true, named, pos_label=0),
        "f1": metrics.f1_score(true, named),
        "jaccard": metrics.jaccard_score(true, named),
        "balanced_accuracy": metrics.balanced_accuracy_score(true, named),
        "mcc": metrics.matthews_corrcoef(true, named),
        "kappa": metrics.cohen_kappa_score(true, named),
    }
    for name, value in expected.items():
        assert float(BINARY[name](34, 8, 6, 92)) == pytest.approx(value), name
