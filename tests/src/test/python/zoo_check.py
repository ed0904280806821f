"""Exports a zoo of networks and compares what comes out; prints a Markdown table.

usage: zoo_check.py MEDOID [--tenth | --families] [NAME...]

MEDOID: the launcher. By default the networks of zoo_networks.py, each around one idea; NAME: some of them. --tenth: one
of ten, those that had to be mended once among them, for .ci/run. --families: one of each family of keras.applications
with random weights instead, which takes an hour.

Each network goes through `medoid export`, and its ONNX file through onnx.checker and onnxruntime, where it must give
what the exported SavedModel gives in Python; the export itself has compared that with the network before it was frozen.
Where tf2onnx is installed and runs beside this TensorFlow, it converts the same networks. Fails if a network is not
exported that should be, is exported that cannot be (the refusal must say why), or if numbers differ.

Needs tensorflow with Keras 3, tf_keras, onnx, onnxruntime and numpy.
"""

import importlib.util
import itertools
import pathlib
import subprocess
import sys
import time

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from checks import check, finish
from onnx_check import export, pictures, place, randomise, run
from zoo_networks import NETWORKS

TENTH = (
    "bright_or_dark colours eight_pictures generalised_mean keras_2_convolutions lstm_over_rows mixed_float16 shifted_windows two_inputs"
).split()
FAMILIES = (
    "MobileNet MobileNetV2 MobileNetV3Small DenseNet121 EfficientNetB0 EfficientNetV2B0 ConvNeXtTiny InceptionV3 InceptionResNetV2"
    " NASNetMobile ResNet50 ResNet50V2 VGG16 Xception"
).split()
# Of the largest number: float sums in another order.
TOLERANCE = 1e-4
COLUMNS = ("network", "converted", "difference", "nodes", "MB", "ms", "seconds to convert")


def milliseconds(session, images):
    session.run(None, {session.get_inputs()[0].name: images})
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 0.2:
        session.run(None, {session.get_inputs()[0].name: images})
        count += 1
    return 1000 * (time.perf_counter() - start) / count


def row(name, file, seconds, images, expected, what):
    """Checks an ONNX file; a row of the table."""
    proto = onnx.load(str(file))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (values, *_) = session.run(None, {session.get_inputs()[0].name: images})
    scale = float(np.abs(expected).max())
    worst = float(np.abs(values - expected).max()) / scale if values.shape == expected.shape else float("inf")
    if what == "Medoid":
        onnx.checker.check_model(proto, full_check=True)
        check(f"{name}: the same numbers", worst <= TOLERANCE, f"{worst:.1e} of {scale:.3g}")
    size = file.stat().st_size / 1e6
    return (f"{name}, {what}", "yes", f"{worst:.1e}", len(proto.graph.node), f"{size:.2f}", f"{milliseconds(session, images):.2f}", f"{seconds:.1f}")


def theirs(name, model, folder, images, expected):
    """tf2onnx's file of the same network, as Medoid wrote it for serving: with the same input."""
    start = time.monotonic()
    target = folder / "theirs.onnx"
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", str(model), "--opset", "15", "--output", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 or not target.exists():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        lines = [line for line in lines if "rror" in line] or lines  # the last one may be a brace of what it prints
        return (f"{name}, tf2onnx", "no: " + (lines[-1][:80] if lines else "no file"), "", "", "", "", "")
    try:
        return row(name, target, time.monotonic() - start, images, expected, "tf2onnx")
    except Exception as error:  # onnxruntime does not load the file
        return (f"{name}, tf2onnx", f"does not run: {str(error)[:80]}", "", "", "", "", "")


def convert(medoid, name, model, folder, images, refused, options, compared):
    start = time.monotonic()
    code, error, output = run(medoid, "export", "--model", model, "--to", folder / "out", *options)
    seconds = time.monotonic() - start
    if refused:
        lacking = [word for word in refused if word not in error]
        check(f"{name}: refused, and says why", code == 1 and not lacking, f"not {lacking} in: {error}" if lacking else "")
        return [(name, "no: " + error.splitlines()[0].split(": ", 2)[-1][:90], "", "", "", "", f"{seconds:.1f}")] if error else []
    check(f"{name}: converts", code == 0, error)
    if code != 0:
        return [(name, "no", "", "", "", "", f"{seconds:.1f}")]
    serving = tf.saved_model.load(str(folder / "out")).signatures["serving_default"]
    expected = serving(images=tf.constant(images))["embedding"].numpy()
    rows = [row(name, folder / "out" / "model.onnx", seconds, images, expected, "Medoid")]
    if compared:
        rows.append(theirs(name, folder / "out", folder, images, expected))
    return rows


def family(name):
    def write(folder):
        model = getattr(keras.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(128, 128, 3))
        white = 255 if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers) else 1
        export(randomise(model, white * pictures(4, 128)), folder)

    return write


def main(medoid, *arguments):
    names = [a for a in arguments if not a.startswith("--")]
    known = importlib.util.find_spec("tf2onnx") is not None
    if not known:
        print("tf2onnx is not installed: its rows are left out")
    zoo = [(n, z.write, z.size, z.refused, z.options) for n, z in NETWORKS.items()]
    if "--tenth" in arguments:
        zoo = [z for z in zoo if z[0] in TENTH]
    elif "--families" in arguments:
        zoo = [(f, family(f), (128, 128), (), ()) for f in FAMILIES]
    table = []
    for name, write, size, refused, options in zoo:
        if names and name not in names:
            continue
        keras.utils.set_random_seed(7)
        with place() as folder:
            write(folder / "model")
            keras.backend.clear_session()
            images = pictures(4, max(size))[:, : size[0], : size[1]]
            table += convert(medoid, name, pathlib.Path(folder / "model"), folder, images, refused, options, known)
    print("\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in itertools.chain([COLUMNS, ["---"] * len(COLUMNS)], table)))
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
