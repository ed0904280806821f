"""Times exported ONNX files in onnxruntime against tf2onnx's of the same SavedModel, and against TensorFlow.

usage: onnx_speed.py MEDOID WORKDIR [MOBILENET_SAVEDMODEL]

MEDOID: the launcher; WORKDIR: a folder for the models, made if missing; MOBILENET_SAVEDMODEL: a SavedModel of one more
network. Inception-v2 is `medoid init --model inception_v2`, with random weights. Each goes through `medoid export`, and
the SavedModel that comes out through `python -m tf2onnx.convert --opset 15`. Medians of interleaved repeats, two
threads for each runtime. Prints a Markdown table.

Fails if our ONNX is slower than tf2onnx's by more than NOISE (by the median and by the fastest repeat), its file larger, or its numbers off TensorFlow's by more
than 1e-5 of the largest.

Needs tensorflow, onnx, onnxruntime, tf2onnx and numpy.
"""

import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from checks import check, finish

THREADS = 2
# Two runs of the same file differ by less than this on an idle machine.
NOISE = 0.05
TOLERANCE = 1e-5
# Batch: repeats. A repeat is at least 0.2 s of runs of each, one after the other.
REPEATS = {1: 15, 32: 7}
OURS, THEIRS, TENSORFLOW = "medoid's ONNX", "tf2onnx's ONNX", "SavedModel in TensorFlow"


def seconds(*command):
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def session(file, optimised=None):
    """Opens a file; onnxruntime writes what it makes of it to another, if one is given."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    if optimised is not None:
        options.optimized_model_filepath = str(optimised)
        options.log_severity_level = 3  # that such a file suits this processor alone
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def runner(file):
    opened = session(file)
    name = opened.get_inputs()[0].name
    return lambda images: opened.run(None, {name: images})[0]


def operations(file):
    return collections.Counter(node.op_type for node in onnx.load(str(file)).graph.node)


def interleaved(runs, images, repeats):
    """Milliseconds a run, all repeats of each: one of A, one of B, one of C, and again."""
    counts = {}
    for name, run in runs.items():
        run(images)
        start = time.perf_counter()
        run(images)
        counts[name] = max(1, round(0.2 / (time.perf_counter() - start)))
    taken = {name: [] for name in runs}
    for repeat in range(repeats):
        names = list(runs)
        for name in names if repeat % 2 == 0 else reversed(names):
            start = time.perf_counter()
            for _ in range(counts[name]):
                runs[name](images)
            taken[name].append((time.perf_counter() - start) * 1000 / counts[name])
    return taken


def measure(medoid, work, name, model):
    """Rows of the table for one network."""
    export = work / f"{name}-export"
    theirs = work / f"{name}-tf2onnx.onnx"
    converted = {OURS: seconds(medoid, "export", "--model", model, "--to", export, "--overwrite")}
    python = (sys.executable, "-m", "tf2onnx.convert", "--saved-model", export, "--tag", "serve")
    signature = ("--signature_def", "serving_default", "--opset", "15", "--output", theirs)
    converted[THEIRS] = seconds(*python, *signature)
    files = {OURS: export / "model.onnx", THEIRS: theirs}

    loaded = tf.saved_model.load(str(export))
    serving = loaded.signatures["serving_default"]
    runs = {label: runner(file) for label, file in files.items()}
    runs[TENSORFLOW] = lambda images: serving(images=tf.constant(images))["embedding"].numpy()
    info = json.loads((export / "export.json").read_text())
    random = np.random.default_rng(1)
    images = random.random((max(REPEATS), info["image_height"], info["image_width"], 3), np.float32)

    wanted = runs[TENSORFLOW](images)
    off = {label: float(np.abs(run(images) - wanted).max() / np.abs(wanted).max()) for label, run in runs.items()}
    check(f"{name}: the numbers are TensorFlow's", off[OURS] <= TOLERANCE, f"{off[OURS]:.1e} of the largest; tf2onnx's {off[THEIRS]:.1e}")
    sizes = {label: file.stat().st_size for label, file in files.items()}
    check(f"{name}: the file is not larger than tf2onnx's", sizes[OURS] <= sizes[THEIRS], f"{sizes[OURS]} and {sizes[THEIRS]} bytes")
    nodes = {label: operations(file) for label, file in files.items()}
    for label, found in nodes.items():
        print(f"# {name}, {label}: " + ", ".join(f"{count} {op}" for op, count in found.most_common()))

    optimised = {}
    for label, file in files.items():
        session(file, work / "optimised.onnx")
        optimised[label] = operations(work / "optimised.onnx")
    same = "the same operations" if optimised[OURS] == optimised[THEIRS] else f"{optimised[OURS]} and {optimised[THEIRS]}"
    print(f"# {name}: of the two files onnxruntime makes {same}")

    times = {}
    for batch, repeats in REPEATS.items():
        taken = times[batch] = interleaved(runs, images[:batch], repeats)
        # Neighbours in time share the noise, so the median of their ratios is steadier than the ratio of medians; and
        # noise only ever adds, so that on a busy machine the fastest repeats say most.
        ratio = statistics.median(a / b for a, b in zip(taken[OURS], taken[THEIRS]))
        fastest = min(taken[OURS]) / min(taken[THEIRS])
        detail = f"{ratio:.3f} of its time, fastest repeats {fastest:.3f}"
        check(f"{name}: not slower than tf2onnx's at batch {batch}", min(ratio, fastest) <= 1 + NOISE, detail)

    rows = []
    for label in runs:
        cells = [name, label]
        cells += [f"{statistics.median(times[batch][label]):.2f} ({min(times[batch][label]):.2f})" for batch in REPEATS]
        cells.append(f"{batch * 1000 / statistics.median(times[batch][label]):.1f}")
        cells.append(f"{off[label]:.1e}" if label in files else "")
        cells.append(f"{sizes[label] / 1e6:.2f}" if label in files else f"{(export / 'saved_model.pb').stat().st_size / 1e6:.2f}")
        cells.append(str(sum(nodes[label].values())) if label in files else "")
        cells.append(f"{converted[label]:.1f}" if label in files else "")
        rows.append(cells)
    return rows


def main(medoid, work, mobilenet=None):
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    inception = work / "inception_v2"
    if not inception.exists():
        seconds(medoid, "init", "--model", "inception_v2", "--to", inception)
    rows = measure(medoid, work, "inception_v2", inception)
    if mobilenet is None:
        print("skipped: no MobileNet given")
    else:
        rows += measure(medoid, work, "mobilenet", mobilenet)
    print()
    heads = ["network", "what runs", *(f"ms, batch {batch} (fastest)" for batch in REPEATS)]
    heads += [f"images/s, batch {max(REPEATS)}", "off TensorFlow", "MB", "nodes", "s to convert"]
    for row in [heads, ["---"] * len(heads), *rows]:
        print("| " + " | ".join(row) + " |")
    print(f"\n{THREADS} threads each; onnxruntime {onnxruntime.__version__}, TensorFlow {tf.__version__}, medians of {REPEATS}")
    print("seconds to convert: medoid's with Java's start, both formats and the comparison of all of them; tf2onnx's with Python's start")
    return finish()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
