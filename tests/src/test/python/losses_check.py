"""Compares the losses with pytorch-metric-learning and, where that has none, with their definitions in NumPy style.

usage: losses_check.py CLASSPATH     the class path of the training module with its own classes:
                                     training/target/classes:$(cat training/target/classpath)

Needs torch, pytorch-metric-learning and numpy, and java 17 or newer. Value and gradients of random batches in float64
(to 1e-9 of the largest gradient) and float32 (1e-5, where the other side computes in float64). Prints a table and
'N passed, N failed' at the end.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from pytorch_metric_learning import distances, losses, miners, reducers

CLASSES, SIZE = 12, 8
PROGRAM = pathlib.Path(__file__).parents[1] / "java" / "org" / "medoid" / "tests" / "LossValues.java"
PLAIN = {"normalize_embeddings": False}


def with_proxies(loss, name):
    def run(x, y, proxies):
        weights = proxies.t() if name in ("W", "fc") else proxies
        del loss._parameters[name]
        setattr(loss, name, weights)
        return loss(x, y)

    # The library casts its parameter's type in place, which a tensor with a history does not allow: nothing to cast.
    loss.cast_types = lambda dtype, device: None
    return run


def triplet_all(power):
    distance = distances.LpDistance(power=power, **PLAIN)
    loss = losses.TripletMarginLoss(margin=0.2, distance=distance)
    miner = miners.TripletMarginMiner(margin=0.2, type_of_triplets="semihard", distance=distance)
    return lambda x, y, proxies: loss(x, y, miner(x, y))


def multi_similarity(x, y, proxies):
    return losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(x, y, miners.MultiSimilarityMiner(epsilon=0.1)(x, y))


def contrastive_paper(x, y, proxies):
    """Half the mean of D² over positive pairs and of max(0, 1 - D)² over negative ones."""
    squares = ((x[:, None] - x[None]) ** 2).sum(2)
    same = y[:, None] == y[None]
    other = torch.sqrt(squares[~same])
    off = ~torch.eye(len(y), dtype=bool)
    return squares[same & off].mean() / 2 + (torch.relu(1 - other) ** 2).mean() / 2


def triplet_nearest(x, y, proxies):
    """TensorFlow's triplet_semihard_loss, by loops; squared distances, margin 0.2."""
    d = ((x[:, None] - x[None]) ** 2).sum(2)
    terms = []
    for a in range(len(y)):
        negatives = d[a][y != y[a]]
        for p in range(len(y)):
            if p != a and y[p] == y[a]:
                farther = negatives[negatives > d[a, p]]
                terms.append(torch.relu(d[a, p] - (farther.min() if len(farther) else negatives.max()) + 0.2))
    return torch.stack(terms).mean()


def proxy_nca(x, y, proxies):
    """The paper's: the own proxy is not in the denominator."""
    normal = torch.nn.functional.normalize
    d = 9 * ((normal(x)[:, None] - normal(proxies)[None]) ** 2).sum(2)
    own = torch.nn.functional.one_hot(y, len(proxies)).bool()
    return (d[own] + torch.logsumexp(-d.masked_fill(own, torch.inf), 1)).mean()


def soft_triple(x, y, proxies):
    """Two centres a class: its proxy, and the same read backwards."""
    loss = losses.SoftTripleLoss(CLASSES, SIZE, centers_per_class=2, la=20, gamma=0.1, margin=0.01)
    return with_proxies(loss, "fc")(x, y, torch.cat([proxies, proxies.flip(1)], 1).reshape(2 * CLASSES, SIZE))


def smooth_ap(x, y, proxies):
    """The definition for classes of any sizes. On n classes of n points it must be the library's: version 2.9 takes the
    size of a class for their number."""

    def value(x, y):
        s = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(x).t()
        above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / 0.01) * (1 - torch.eye(len(y), dtype=x.dtype))
        same = (y[:, None] == y[None]).to(x.dtype)
        precision = (1 + (above * same[:, None, :]).sum(2)) / (1 + above.sum(2))
        return 1 - ((precision * same).sum(1) / same.sum(1)).mean()

    rows = torch.cat([torch.nonzero(y == c)[:3, 0] for c in range(CLASSES) if (y == c).sum() >= 3][:3])
    theirs = losses.SmoothAPLoss(temperature=0.01, reducer=reducers.MeanReducer())(x[rows], y[rows])
    ours = value(x[rows], y[rows])
    assert abs(float((ours - theirs).detach())) < 1e-6, (ours, theirs)
    return value(x, y)


def deep_clustering(x, y, proxies):
    return ((x @ x.t() - (y[:, None] == y[None]).to(x.dtype)) ** 2).sum()


def spectral_clustering(x, y, proxies):
    indicators = (y[:, None] == torch.unique(y)[None]).to(x.dtype)
    return ((x @ torch.linalg.pinv(x) - indicators @ torch.linalg.pinv(indicators)) ** 2).sum()


def lp(**options):
    return {"distance": distances.LpDistance(**PLAIN), **options}


def pairs(loss):
    return lambda x, y, proxies: loss(x, y)


LIBRARY = "pytorch-metric-learning"
REFERENCES = {
    "contrastive": (LIBRARY, lambda: pairs(losses.ContrastiveLoss(**lp()))),
    "contrastive_margins": (LIBRARY, lambda: pairs(losses.ContrastiveLoss(**lp(pos_margin=0.3, neg_margin=0.8)))),
    "contrastive_paper": ("definition", lambda: contrastive_paper),
    "triplet_all": (LIBRARY, lambda: triplet_all(1)),
    "triplet_all_squared": (LIBRARY, lambda: triplet_all(2)),
    "triplet_nearest": ("definition", lambda: triplet_nearest),
    "lifted_structure": (LIBRARY, lambda: pairs(losses.LiftedStructureLoss(**lp(neg_margin=1)))),
    "n_pairs": (LIBRARY, lambda: pairs(losses.NPairsLoss(distance=distances.DotProductSimilarity(**PLAIN)))),
    "n_pairs_scaled": (
        LIBRARY,
        lambda: lambda x, y, proxies: losses.NPairsLoss(distance=distances.DotProductSimilarity(**PLAIN))(4 * x, y),
    ),
    "multi_similarity": (LIBRARY, lambda: multi_similarity),
    "multi_similarity_all": (LIBRARY, lambda: pairs(losses.MultiSimilarityLoss(alpha=2, beta=50, base=1))),
    "proxy_nca": ("definition", lambda: proxy_nca),
    "proxy_nca_softmax": (
        LIBRARY,
        lambda: with_proxies(losses.ProxyNCALoss(CLASSES, SIZE, softmax_scale=3), "proxies"),
    ),
    "proxy_anchor": (
        LIBRARY,
        lambda: with_proxies(losses.ProxyAnchorLoss(CLASSES, SIZE, margin=0.1, alpha=32), "proxies"),
    ),
    "normalized_softmax": (
        LIBRARY,
        lambda: with_proxies(losses.NormalizedSoftmaxLoss(CLASSES, SIZE, temperature=0.05), "W"),
    ),
    "arcface": (LIBRARY, lambda: with_proxies(losses.ArcFaceLoss(CLASSES, SIZE, margin=28.6, scale=64), "W")),
    "soft_triple": (LIBRARY, lambda: soft_triple),
    "supcon": (LIBRARY, lambda: pairs(losses.SupConLoss(temperature=0.1))),
    "smooth_ap": ("definition", lambda: smooth_ap),
    "deep_clustering": ("definition", lambda: deep_clustering),
    "spectral_clustering": ("definition", lambda: spectral_clustering),
}


def batch(folder, seed, dtype):
    random = np.random.default_rng(seed)
    y = np.concatenate([[0, 0, 1, 1], random.integers(0, CLASSES, 36)])
    proxies = random.standard_normal((CLASSES, SIZE)).astype(dtype)
    x = 0.8 * proxies[y] + 0.8 * random.standard_normal((len(y), SIZE))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(dtype)
    folder.mkdir()
    np.save(folder / "embeddings.npy", x)
    np.save(folder / "labels.npy", y.astype(np.int64))
    np.save(folder / "proxies.npy", proxies)


def differences(folder, name):
    x, proxies = (
        torch.tensor(np.load(folder / f"{part}.npy").astype(np.float64), requires_grad=True)
        for part in ("embeddings", "proxies")
    )
    value = REFERENCES[name][1]()(x, torch.tensor(np.load(folder / "labels.npy")), proxies)
    gradients = torch.autograd.grad(value, (x, proxies), allow_unused=True)
    theirs = [value.detach().numpy()] + [np.zeros(x.shape) if g is None else g.numpy() for g in gradients]
    for part, other in zip(("value", "gradient", "proxies"), theirs):
        ours = np.load(folder / f"{name}.{part}.npy")
        other = np.zeros(ours.shape) if part == "proxies" and not other.any() else other
        yield float(np.abs(ours - other).max() / max(np.abs(other).max(), 1e-30)) if other.any() or ours.any() else 0.0


def main(classpath):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        kinds = {"float64": 1e-9, "float32": 1e-5}
        folders = {kind: [root / f"{kind}-{seed}" for seed in range(5)] for kind in kinds}
        for kind, of_kind in folders.items():
            for seed, folder in enumerate(of_kind):
                batch(folder, seed, kind)
        every = [str(folder) for of_kind in folders.values() for folder in of_kind]
        subprocess.run(["java", "-cp", classpath, str(PROGRAM), *every], check=True)
        print("largest relative difference of 5 batches    value     gradient  proxies' gradient")
        for name, (source, _) in REFERENCES.items():
            for kind, tolerance in kinds.items():
                worst = np.max([list(differences(folder, name)) for folder in folders[kind]], axis=0)
                holds = bool((worst <= tolerance).all())
                passed, failed = passed + holds, failed + (not holds)
                numbers = "  ".join(f"{number:.1e}" for number in worst)
                print(f"{'ok  ' if holds else 'FAIL'} {name:22} {kind} {numbers}   {source}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
