"""Compares `medoid evaluate` with scikit-learn and pytorch-metric-learning on the same embeddings.

usage: evaluation_check.py MEDOID...     MEDOID: the launcher, or the words that start it

Needs numpy, scikit-learn, torch, pytorch-metric-learning, faiss-cpu. Prints a line per check and 'N passed, N failed' at the end.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn import metrics
from sklearn.cluster import KMeans

from checks import check, finish

TOLERANCE = 1e-6


def same(name, ours, theirs):
    check(name, ours is not None and abs(ours - theirs) <= TOLERANCE, f"{ours} {theirs}")


def pair_f1(labels, clusters):
    (_, false_positive), (false_negative, both) = metrics.cluster.pair_confusion_matrix(labels, clusters)
    return 2 * both / (2 * both + false_positive + false_negative)


def draw(rng, n, d, classes, imbalanced):
    share = 1 / np.arange(1, classes + 1) ** 1.5 if imbalanced else np.ones(classes)
    labels = rng.choice(classes, n, p=share / share.sum())
    if imbalanced:
        labels[:3] = classes + np.arange(3)  # alone in their classes
    centres = rng.normal(size=(classes + 3, d))
    return (centres[labels] + 1.5 * rng.normal(size=(n, d))).astype(np.float32), labels.astype(np.int64)


def evaluate(medoid, folder, x, y, distance, gallery=None):
    options = []
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    if gallery:
        np.save(folder / "gx.npy", gallery[0])
        np.save(folder / "gy.npy", gallery[1])
        options = ["--gallery-embeddings", folder / "gx.npy", "--gallery-labels", folder / "gy.npy"]
    out = subprocess.run(
        [*medoid, "evaluate", "--embeddings", folder / "x.npy", "--labels", folder / "y.npy", "--distance", distance]
        + ["--recall-at", "1,5", "--restarts", "3", "--clusters-out", folder / "c.npy", "--json", *options],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ).stdout
    return json.loads(out), np.load(folder / "c.npy")


def compare(medoid, folder, name, x, y, distance, gallery=None):
    ours, clusters = evaluate(medoid, folder, x, y, distance, gallery)
    measure = LpDistance(normalize_embeddings=False) if distance == "euclidean" else CosineSimilarity()
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        k="max_bin_count",
        # In double: in float32 near ties come out either way, which can move R-precision by more than the tolerance.
        knn_func=lambda query, k, reference, same: CustomKNN(measure)(query.double(), k, reference.double(), same),
        device=torch.device("cpu"),
    )
    data = [torch.from_numpy(a) for a in (x, y, *(gallery or ()))]
    theirs = calculator.get_accuracy(*data)
    same(f"{name} precision@1", ours["precision_at_1"], theirs["precision_at_1"])
    same(f"{name} recall@1", ours["recall_at"]["1"], theirs["precision_at_1"])
    same(f"{name} R-precision", ours["r_precision"], theirs["r_precision"])
    same(f"{name} MAP@R", ours["map_at_r"], theirs["mean_average_precision_at_r"])
    same(f"{name} NMI", ours["nmi"], metrics.normalized_mutual_info_score(y, clusters, average_method="geometric"))
    same(f"{name} AMI", ours["ami"], metrics.adjusted_mutual_info_score(y, clusters))
    same(f"{name} ARI", ours["ari"], metrics.adjusted_rand_score(y, clusters))
    same(f"{name} V-measure", ours["v_measure"], metrics.v_measure_score(y, clusters))
    same(f"{name} F1", ours["f1"], pair_f1(y, clusters))
    points = x / np.linalg.norm(x, axis=1, keepdims=True) if distance == "cosine" else x
    inertia = KMeans(len(np.unique(y)), n_init=3, random_state=0).fit(points).inertia_
    check(f"{name} inertia, at most 5 % above", ours["inertia"] <= 1.05 * inertia, f"{ours['inertia']:.2f} {inertia:.2f}")


def main(*medoid):
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for n, d, classes, imbalanced in [(300, 8, 10, False), (500, 32, 40, True), (1500, 64, 300, False), (1200, 3, 6, True)]:
            x, y = draw(rng, n, d, classes, imbalanced)
            for distance in ("euclidean", "cosine"):
                name = f"{n}x{d}, {classes} classes{' of unlike sizes' if imbalanced else ''}, {distance}:"
                compare(medoid, folder, name, x, y, distance)
                half = n // 3
                compare(medoid, folder, "gallery " + name, x[:half], y[:half], distance, (x[half:], y[half:]))
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
