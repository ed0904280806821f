"""Times `medoid evaluate` and faiss-cpu in turn on a set of the size of Stanford Online Products' test half.

usage: evaluation_speed.py [--rows N] [--classes C] [--turns T] MEDOID...     MEDOID: the launcher, or the words that start it

60,502 embeddings of 64 values in 11,316 classes: Recall@1/10/100 (101 neighbours) and k-means of as many clusters, 20
iterations. Needs numpy and faiss-cpu. Both are timed inside their processes, reading files apart, three times in turn;
the last lines are the medians and their ratio.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import faiss
import numpy as np

D = 64


def ours(medoid, folder, seed):
    out = subprocess.run(
        [*medoid, "evaluate", "--embeddings", folder / "x.npy", "--labels", folder / "y.npy"]
        + ["--recall-at", "1,10,100", "--kmeans-iterations", "20", "--seed", str(seed), "--json", "--quiet"],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout
    result = json.loads(out)
    return result["seconds"]["retrieval"], result["seconds"]["kmeans"], result["inertia"], result["iterations"]


def theirs(x, classes, seed):
    start = time.perf_counter()
    index = faiss.IndexFlatL2(D)
    index.add(x)
    index.search(x, 101)
    middle = time.perf_counter()
    kmeans = faiss.Kmeans(D, classes, niter=20, seed=seed, min_points_per_centroid=1)
    kmeans.train(x)
    return middle - start, time.perf_counter() - middle, kmeans.obj[-1], len(kmeans.obj)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60502)
    parser.add_argument("--classes", type=int, default=11316)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("medoid", nargs="+")
    told = parser.parse_args()
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(told.classes), rng.integers(0, told.classes, told.rows - told.classes)])
    rng.shuffle(y)
    x = rng.normal(size=(told.classes, D))[y] + rng.normal(size=(told.rows, D))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    print(f"{told.rows} embeddings of {D} values, {told.classes} classes; faiss on {faiss.omp_get_max_threads()} threads")
    seconds = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", y)
        for turn in range(told.turns):
            for name, (retrieval, kmeans, inertia, iterations) in {
                "medoid": ours(told.medoid, folder, turn),
                "faiss": theirs(x, told.classes, turn),
            }.items():
                seconds.setdefault("retrieval", {}).setdefault(name, []).append(retrieval)
                seconds.setdefault("k-means", {}).setdefault(name, []).append(kmeans)
                print(f"turn {turn}: {name:6} retrieval {retrieval:6.2f} s; "
                      f"k-means {kmeans:6.2f} s, inertia {inertia:.0f} after {iterations} iterations", flush=True)
    for task, of in seconds.items():
        medoid, peer = statistics.median(of["medoid"]), statistics.median(of["faiss"])
        print(f"{task}: median medoid {medoid:.2f} s, faiss {peer:.2f} s, ratio {medoid / peer:.2f}")


if __name__ == "__main__":
    main()
