"""Sends Keras models, as their users save them, through `medoid export` and compares what comes out with Keras.

usage: onnx_check.py MEDOID [SAVEDMODEL]     MEDOID: the launcher; SAVEDMODEL: one more model that nobody here wrote

Builds MobileNetV2, ResNet50, EfficientNetB0 and DenseNet121 with random weights whose batch normalisations matter, so that
a mistake in folding them shows, and saves them by model.export and by tf.saved_model.save. Medoid's own networks, by
`medoid init`, and models that must be refused follow. Needs tensorflow with Keras 3, onnx, onnxruntime and numpy, and four
minutes. Prints a line per check and 'N passed, N failed' at the end.
"""

import collections
import contextlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from checks import check, finish

# Of the largest number that a model gives: float sums in another order, through a hundred layers.
TOLERANCE = 1e-4


def run(medoid, *arguments):
    """Exit code, and what a person reads of a failure."""
    done = subprocess.run([medoid, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    return done.returncode, "\n".join(line for line in done.stderr.splitlines() if line.startswith("medoid: ")), done.stdout + done.stderr


def pictures(count, size):
    """Smooth pictures of different colours, RGB in [0, 1]."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:size, 0:size] / size
    waves = [
        0.5 + 0.5 * np.sin(random.uniform(-20, 20) * y + random.uniform(-20, 20) * x + random.uniform(0, 6)) for _ in range(3 * count)
    ]
    return np.moveaxis(np.stack(waves).reshape(count, 3, size, size), 1, 3).astype(np.float32)


def randomise(model, images):
    """Random batch normalisations that fit what reaches them: else a deep network dies out or explodes."""
    random = np.random.default_rng(5)
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        if norm.scale:
            norm.gamma.assign(random.uniform(0.6, 1.4, norm.gamma.shape) * random.choice([-1, 1, 1, 1], norm.gamma.shape))
        if norm.center:
            norm.beta.assign(random.normal(0, 0.3, norm.beta.shape))
        norm.momentum = 0.0
    model(images, training=True)  # the statistics are now those of these pictures
    for norm in norms:
        deviation = np.sqrt(norm.moving_variance.numpy())
        norm.moving_mean.assign_add(random.normal(0, 0.1, deviation.shape) * deviation)
        norm.moving_variance.assign(norm.moving_variance.numpy() * random.uniform(0.7, 1.4, deviation.shape))
    return model


def export(model, folder):
    model.export(str(folder), verbose=False)


def export_with_named_input(model, folder):
    model.export(str(folder), verbose=False, input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="images")])


def difference(name, ours, theirs):
    scale = float(np.abs(theirs).max())
    worst = float(np.abs(ours - theirs).max()) / scale if ours.shape == theirs.shape else float("inf")
    check(name, worst <= TOLERANCE, f"largest difference {worst:.1e} of {scale:.3g}")


def convert(medoid, name, model, folder, images, expected, *options):
    """Converts one SavedModel twice and looks at what came out."""
    target = folder / "out"
    start = time.monotonic()
    code, error, _ = run(medoid, "export", "--model", model, "--to", target, *options)
    seconds = time.monotonic() - start
    check(f"{name}: converts", code == 0, f"{seconds:.1f} s {error}")
    if code != 0:
        return
    proto = onnx.load(str(target / "model.onnx"))
    onnx.checker.check_model(proto, full_check=True)
    check(f"{name}: onnx.checker with shape inference", True)
    batch = [value.type.tensor_type.shape.dim[0].dim_param for value in (*proto.graph.input, *proto.graph.output)]
    check(f"{name}: the batch dimension is free", batch == ["batch", "batch"], str(batch))
    counts = collections.Counter(node.op_type for node in proto.graph.node)
    check(f"{name}: one Transpose at most", counts["Transpose"] <= 1)
    print(f"     {name}: {len(proto.graph.node)} nodes: {', '.join(f'{n} {op}' for op, n in counts.most_common())}")
    producer = {output: node.op_type for node in proto.graph.node for output in node.output}
    unfolded = [n.name for n in proto.graph.node if n.op_type == "BatchNormalization" and producer.get(n.input[0]) == "Conv"]
    check(f"{name}: no batch normalisation behind a convolution", not unfolded, str(unfolded or ""))
    session = onnxruntime.InferenceSession(str(target / "model.onnx"), providers=["CPUExecutionProvider"])
    difference(f"{name}: onnxruntime", session.run(["embedding"], {"images": images})[0], expected)
    difference(f"{name}: onnxruntime, one picture", session.run(["embedding"], {"images": images[:1]})[0], expected[:1])
    serving = tf.saved_model.load(str(target)).signatures["serving_default"]
    difference(f"{name}: the exported SavedModel", serving(images=tf.constant(images))["embedding"].numpy(), expected)
    code, error, _ = run(medoid, "export", "--model", model, "--to", folder / "again", "--format", "onnx", *options)
    same = code == 0 and (folder / "again" / "model.onnx").read_bytes() == (target / "model.onnx").read_bytes()
    check(f"{name}: a second conversion gives the same bytes", same, error)


@contextlib.contextmanager
def place():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield pathlib.Path(folder)


def keras_models(medoid):
    applications = keras.applications
    for build, size, save, options in (
        (applications.MobileNetV2, 96, export, ()),
        (applications.MobileNetV2, 96, tf.saved_model.save, ("--image-size", 96)),
        (applications.ResNet50, 224, export_with_named_input, ()),
        (applications.EfficientNetB0, 128, export, ()),
        (applications.DenseNet121, 128, tf.saved_model.save, ()),
    ):
        shape = (None, None, 3) if options else (size, size, 3)  # Keras leaves the size open unless told
        name = f"{build.__name__} {shape[0]} by {save.__name__}"
        keras.utils.set_random_seed(7)
        images = pictures(6, size)
        model = build(weights=None, include_top=False, pooling="avg", input_shape=shape)
        # A network that begins with a division by 255 takes 0 to 255; its export takes 0 to 1 like every other.
        white = 255 if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers) else 1
        randomise(model, white * images)
        expected = model(white * images, training=False).numpy()
        spread = float(expected.std(axis=0).mean() / np.abs(expected).mean())
        check(f"{name}: pictures differ", spread > 0.05 and np.isfinite(expected).all(), f"by {spread:.2f} of the mean")
        with place() as folder:
            with contextlib.redirect_stdout(io.StringIO()):
                save(model, str(folder / "model"))
            convert(medoid, name, folder / "model", folder, images, expected, *options)
        keras.backend.clear_session()


def served(model, images):
    """What a SavedModel's own signature gives in Python."""
    signatures = tf.saved_model.load(str(model)).signatures
    signature = signatures["serving_default" if "serving_default" in signatures else "features"]
    (name,) = signature.structured_input_signature[1]
    (result,) = signature(**{name: tf.constant(images)}).values()
    return result.numpy()


def other_models(medoid, savedmodel):
    for network in ("convnet", "inception_v2"):
        with place() as folder:
            code, error, _ = run(medoid, "init", "--model", network, "--to", folder / "model")
            check(f"{network}: init", code == 0, error)
            signature = tf.saved_model.load(str(folder / "model")).signatures["features"]
            size = signature.structured_input_signature[1]["images"].shape[1]
            images = pictures(6, size)
            convert(medoid, network, folder / "model", folder, images, served(folder / "model", images))
    if savedmodel:
        images = pictures(6, 224)
        with place() as folder:
            convert(medoid, pathlib.Path(savedmodel).name, savedmodel, folder, images, served(savedmodel, images))


class Small(tf.Module):
    """A linear layer over the mean colour, with a detour."""

    def __init__(self, detour=lambda x: x):
        super().__init__()
        self.weights = tf.Variable(np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32))
        self.detour = detour

    @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32, name="images")])
    def serve(self, images):
        return {"features": tf.matmul(self.detour(tf.reduce_mean(images, [1, 2])), self.weights)}


def small(folder, detour=lambda x: x):
    module = Small(detour)
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


def unsupported(x):
    with tf.name_scope("first_detour"):
        x = tf.math.betainc(x + 1.0, x + 2.0, tf.clip_by_value(x, 0.1, 0.9))
    with tf.name_scope("second_detour"):
        return tf.math.lgamma(x + 1.0)


def cyclic(folder):
    """A SavedModel of TensorFlow 1 whose graph bites its tail."""
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        images = tf.compat.v1.placeholder(tf.float32, (None, 32, 32, 3), "images")
        first = tf.nn.relu(tf.reduce_mean(images, [1, 2]), "first")
        tf.add(first, first, "second")
        tf.compat.v1.saved_model.simple_save(session, str(folder), {"images": images}, {"features": graph.get_tensor_by_name("second:0")})
    saved = SavedModel()
    file = folder / "saved_model.pb"
    saved.ParseFromString(file.read_bytes())
    (node,) = [n for n in saved.meta_graphs[0].graph_def.node if n.name == "first"]
    node.input[0] = "second"
    file.write_bytes(saved.SerializeToString())
    return folder


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def refusals(medoid):
    with place() as folder:
        model = small(folder / "model")
        earlier = folder / "earlier"
        shutil.copytree(model, earlier)
        (earlier / "export.json").write_text("{}")  # what tells an export from a model of someone's own

        def refused(name, model, *told, to=earlier, also=("--overwrite",)):
            before = tree(folder)
            code, error, output = run(medoid, "export", "--model", model, "--to", to, *also)
            check(f"refused: {name}", code == 1 and error.count("medoid: ") == 1 and "\tat " not in output, error)
            lacking = [word for word in told if str(word) not in error]
            check(f"refused: {name}: says what and where", not lacking, f"not {lacking}" if lacking else "")
            check(f"refused: {name}: touches nothing", tree(folder) == before)

        refused("two operations without a counterpart", small(folder / "odd", unsupported), "Betainc", "first_detour", "Lgamma", "second_detour", folder / "odd")
        cut = folder / "cut"
        shutil.copytree(model, cut)
        (cut / "saved_model.pb").write_bytes((model / "saved_model.pb").read_bytes()[:-700])
        refused("a truncated saved_model.pb", cut, cut / "saved_model.pb", "damaged")
        bare = folder / "bare"
        shutil.copytree(model, bare)
        shutil.rmtree(bare / "variables")
        refused("no variables", bare, bare / "variables", "copy the whole folder")
        torn = folder / "torn"
        shutil.copytree(model, torn)
        (torn / "variables" / "variables.data-00000-of-00001").write_bytes(b"")
        refused("truncated variables", torn, torn)
        refused("a cycle", cyclic(folder / "cyclic"), "cycle", folder / "cyclic")
        refused("no SavedModel", folder / "nothing", folder / "nothing" / "saved_model.pb", "no SavedModel")
        refused("an existing target", model, earlier, "--overwrite", also=())
        (folder / "a file").write_text("x")
        refused("a target that cannot be", model, folder / "a file", to=folder / "a file" / "out")
        locked = folder / "locked"
        locked.mkdir()
        locked.chmod(0o500)
        if os.access(locked, os.W_OK):  # root may write everywhere but in the kernel's own folders
            refused("an unwritable target", model, "/proc/medoid", "cannot be written", to="/proc/medoid")
        else:
            refused("an unwritable target", model, locked, "cannot be written", to=locked / "out")
        locked.chmod(0o700)

        odd = folder / "mit Leerzeichen und Ümläuten" / "模型 é"
        shutil.copytree(model, odd)
        code, error, _ = run(medoid, "export", "--model", odd, "--to", odd.parent / "aus gang ñ")
        check("spaces and letters beyond ASCII in paths", code == 0, error)
        if code == 0:
            images = pictures(3, 32)
            session = onnxruntime.InferenceSession((odd.parent / "aus gang ñ" / "model.onnx").read_bytes())
            difference("the same, onnxruntime", session.run(None, {"images": images})[0], served(model, images))


def main(medoid, savedmodel=None):
    keras_models(medoid)
    other_models(medoid, savedmodel)
    refusals(medoid)
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
