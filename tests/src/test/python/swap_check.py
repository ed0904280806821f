"""Compares `medoid loss --local-search swap` without margin with FasterPAM of the package kmedoids, in one run.

usage: swap_check.py MEDOID... [-- n,k ...]     MEDOID: the launcher, or the words that start it

Needs numpy, scikit-learn, kmedoids. Rows of length one, normal around n / 4 centres. Ours is the whole op with its gradient in
a session, theirs the matrix of distances and the search from a random start, both the median of five; theirs from five starts.
Prints a table, a line per check (our sum of distances is no larger than the mean of theirs, but for 0.1 %: local optima of one
batch differ by as much) and 'N passed, N failed' at the end; times are told, not checked.
"""

import itertools
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import kmedoids
import numpy as np
from sklearn.metrics import euclidean_distances

from checks import check, finish

words = sys.argv[1:]
split = words.index("--") if "--" in words else len(words)
medoid, sizes = words[:split], words[split + 1 :] or ["1024,256", "2048,512", "4096,1024", "4096,64"]


def draw(n):
    rng = np.random.default_rng(n)
    x = np.repeat(rng.normal(size=(n // 4, 64)), 4, axis=0) + rng.normal(size=(n, 64))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def cost(x, medoids):
    wide = x.astype(np.float64)
    return euclidean_distances(wide, wide[medoids]).min(1).sum()


def median(run):
    times, results = [], []
    for _ in range(5):
        start = time.perf_counter()
        results.append(run())
        times.append(1000 * (time.perf_counter() - start))
    return results, statistics.median(times)


print("| n | k | FasterPAM: matrix + search ms | ours ms | ratio | sum of distances: theirs | ours |\n|---|---|---|---|---|---|---|")
for size in sizes:
    n, k = map(int, size.split(","))
    x = draw(n)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", np.arange(n) % k)
        out = subprocess.run(
            [*medoid, "loss", "--embeddings", folder / "x.npy", "--labels", folder / "y.npy", "--gamma", "0"]
            + ["--local-search", "swap", "--repeat", "5", "--json"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        ).stdout
    seeds = itertools.count()
    (matrix, *_), matrix_time = median(lambda: euclidean_distances(x))
    found, search_time = median(lambda: kmedoids.fasterpam(matrix, k, random_state=next(seeds)))
    ours = json.loads(out)
    exact, theirs = cost(x, ours["medoids"]), statistics.mean(cost(x, each.medoids) for each in found)
    ratio = ours["milliseconds"] / (matrix_time + search_time)
    print(
        f"| {n} | {k} | {matrix_time:.1f} + {search_time:.1f} | {ours['milliseconds']:.1f} | {ratio:.2f} | {theirs:.2f} | {exact:.2f} |",
        flush=True,
    )
    check(f"{size}: the facility score is that of the medoids", abs(exact + ours["facility_score"]) < 1e-3 * exact, exact)
    check(f"{size}: no larger than the mean of FasterPAM's", exact <= 1.001 * theirs, f"{exact} {theirs}")
sys.exit(finish())
