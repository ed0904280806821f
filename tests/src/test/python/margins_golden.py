"""Writes the table of scikit-learn's agreement measures that MarginsGoldenTest compares with.

usage: margins_golden.py > tf-ops/src/test/resources/margins.csv      (needs numpy and scikit-learn)

A line is a pair of partitions and its values: labels of the one, labels of the other, nmi, nmi_arithmetic, ami, ari,
v_measure, identical. Negative ami and ari are written as 0, the way the margin takes them.
"""

import numpy as np
import sklearn
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
    v_measure_score,
)

random = np.random.default_rng(20170721)


def partition(m):
    kind = random.integers(6)
    if kind == 0:
        return np.zeros(m, int)
    if kind == 1:
        return random.permutation(m)
    if kind == 2:  # very unequal sizes
        return np.minimum(random.geometric(0.4, m), 9)
    return random.integers(0, random.integers(1, m + 1), m)


def other(truth):
    """A second partition: unrelated, or the first with some points moved, or renamed."""
    m = len(truth)
    kind = random.integers(4)
    if kind == 0:
        return partition(m)
    if kind == 1:
        return random.permutation(2 * m)[truth]
    found = truth.copy()
    moved = random.random(m) < random.choice([0.05, 0.2, 0.5])
    found[moved] = random.integers(0, max(truth) + 1, moved.sum())
    return found


def identical(a, b):
    pairs = len(set(zip(a.tolist(), b.tolist())))
    return float(pairs == len(set(a.tolist())) == len(set(b.tolist())))


print(f"# scikit-learn {sklearn.__version__}, written by tests/src/test/python/margins_golden.py")
for case in range(400):
    m = int(random.integers(1, 13) if case % 2 else random.integers(13, 100))
    a = partition(m)
    b = other(a)
    values = [
        normalized_mutual_info_score(a, b, average_method="geometric"),
        normalized_mutual_info_score(a, b, average_method="arithmetic"),
        max(0.0, adjusted_mutual_info_score(a, b)),
        max(0.0, adjusted_rand_score(a, b)),
        v_measure_score(a, b),
        identical(a, b),
    ]
    print(" ".join(map(str, a)) + "," + " ".join(map(str, b)) + "," + ",".join(f"{v:.15g}" for v in values))
