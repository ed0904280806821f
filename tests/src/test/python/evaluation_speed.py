"""Times `medoid evaluate` and faiss-cpu in turn on a set of the size of Stanford Online Products' test half.

usage: evaluation_speed.py MEDOID...     MEDOID: the launcher, or the words that start it

60,502 embeddings of 64 values in 11,316 classes: Recall@1/10/100 (101 neighbours) and k-means of 11,316 clusters, 20
iterations. Needs numpy and faiss-cpu. Both are timed inside their processes, reading files apart, three times in turn.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import faiss
import numpy as np

N, D, CLASSES = 60502, 64, 11316


def main(*medoid):
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(CLASSES), rng.integers(0, CLASSES, N - CLASSES)])
    rng.shuffle(y)
    x = rng.normal(size=(CLASSES, D))[y] + rng.normal(size=(N, D))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", y)
        for turn in range(3):
            out = subprocess.run(
                [*medoid, "evaluate", "--embeddings", folder / "x.npy", "--labels", folder / "y.npy"]
                + ["--recall-at", "1,10,100", "--kmeans-iterations", "20", "--seed", str(turn), "--json"],
                check=True,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            ).stdout
            ours = json.loads(out)
            start = time.perf_counter()
            index = faiss.IndexFlatL2(D)
            index.add(x)
            index.search(x, 101)
            middle = time.perf_counter()
            kmeans = faiss.Kmeans(D, CLASSES, niter=20, seed=turn, min_points_per_centroid=1)
            kmeans.train(x)
            end = time.perf_counter()
            seconds = ours["seconds"]
            print(f"turn {turn}: retrieval medoid {seconds['retrieval']:.1f} s, faiss {middle - start:.1f} s; "
                  f"k-means medoid {seconds['kmeans']:.1f} s (inertia {ours['inertia']:.0f}, {ours['iterations']} iterations), "
                  f"faiss {end - middle:.1f} s (inertia {kmeans.obj[-1]:.0f}, {len(kmeans.obj)} iterations)", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
