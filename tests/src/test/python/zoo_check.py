"""Exports a zoo of networks and compares what comes out; prints a Markdown table.

usage: zoo_check.py MEDOID [--tenth | --families] [NAME...]

MEDOID: the launcher. By default the networks of zoo_networks.py, each around one idea; NAME: some of them. --tenth: one
of ten, those that had to be mended once among them, for .ci/run. --families: one of each family of keras.applications
with random weights instead, and, where keras_hub is installed, its backbones in small; that takes an hour.

Each network goes through `medoid export`, and its ONNX file through onnx.checker and onnxruntime, where it must give
what the exported SavedModel gives in Python; the export itself has compared that with the network before it was frozen.
Where tf2onnx is installed and runs beside this TensorFlow, it converts the SavedModel that Medoid wrote, so that its
input is the same; the two files then run in turn. A cell of two numbers has Medoid's before tf2onnx's. Fails if a
network is not exported that should be, is exported that cannot be (the refusal must say why), or if numbers differ.

Needs tensorflow with Keras 3, tf_keras, onnx, onnxruntime and numpy.
"""

import importlib.util
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
    "bright_or_dark colours eight_pictures generalised_mean keras_2_convolutions lstm_over_rows mixed_float16 one_picture_over_all shifted_windows two_inputs"
).split()
FAMILIES = (
    "MobileNet MobileNetV2 MobileNetV3Small DenseNet121 EfficientNetB0 EfficientNetV2B0 ConvNeXtTiny InceptionV3 InceptionResNetV2"
    " NASNetMobile ResNet50 ResNet50V2 VGG16 Xception"
).split()
# Of the largest number: float sums in another order.
TOLERANCE = 1e-4
COLUMNS = ("network", "Medoid", "tf2onnx", "difference", "nodes", "MB", "ms", "s to convert")


class File:
    """An ONNX file, loaded, with what it gives for the images and how far that is off."""

    def __init__(self, path, images, expected):
        self.megabytes = path.stat().st_size / 1e6
        self.nodes = len(onnx.load(str(path)).graph.node)
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.feed = {self.session.get_inputs()[0].name: images}
        (values, *_) = self.session.run(None, self.feed)
        self.scale = float(np.abs(expected).max())
        self.difference = float(np.abs(values - expected).max()) / self.scale if values.shape == expected.shape else float("inf")

    def milliseconds(self):
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < 0.1:
            self.session.run(None, self.feed)
            count += 1
        return 1000 * (time.perf_counter() - start) / count


def theirs(model, folder, images, expected):
    """tf2onnx's file of the SavedModel that Medoid wrote, or why there is none; and the seconds it took."""
    start = time.monotonic()
    target = folder / "theirs.onnx"
    # Without a signature it takes whichever comes first, which may be that of picture files.
    served = ["--saved-model", str(model), "--tag", "serve", "--signature_def", "serving_default"]
    command = [sys.executable, "-m", "tf2onnx.convert", *served, "--opset", "15", "--output", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode != 0 or not target.exists():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        lines = [line for line in lines if "rror" in line] or lines  # the last one may be a brace of what it prints
        return "no: " + (lines[-1][:80] if lines else "no file"), seconds
    try:
        return File(target, images, expected), seconds
    except Exception as error:  # onnxruntime does not load the file, or not run it
        return f"does not run: {str(error)[:80]}", seconds


def convert(medoid, name, model, folder, images, refused, options, compared):
    """Checks what `medoid export` does with a network; its row of the table."""
    start = time.monotonic()
    code, error, _ = run(medoid, "export", "--model", model, "--to", folder / "out", *options)
    seconds = time.monotonic() - start
    if refused:
        lacking = [word for word in refused if word not in error]
        check(f"{name}: refused, and says why", code == 1 and not lacking, f"not {lacking} in: {error}" if lacking else "")
        return (name, "no: " + (error.splitlines() or [""])[0].split(": ", 2)[-1][:90], "", "", "", "", "", f"{seconds:.1f}")
    check(f"{name}: converts", code == 0, error)
    if code != 0:
        return (name, "no", "", "", "", "", "", f"{seconds:.1f}")
    serving = tf.saved_model.load(str(folder / "out")).signatures["serving_default"]
    expected = serving(images=tf.constant(images))["embedding"].numpy()
    onnx.checker.check_model(onnx.load(str(folder / "out" / "model.onnx")), full_check=True)
    ours = File(folder / "out" / "model.onnx", images, expected)
    check(f"{name}: the same numbers", ours.difference <= TOLERANCE, f"{ours.difference:.1e} of {ours.scale:.3g}")
    other, its_seconds = theirs(folder / "out", folder, images, expected) if compared else ("", 0)
    files = [ours, other] if isinstance(other, File) else [ours]
    times = np.median([[file.milliseconds() for file in files] for _ in range(7)], axis=0)

    def both(numbers, form):
        return ", ".join(form.format(number) for number in numbers)

    return (
        name,
        "yes",
        "yes" if isinstance(other, File) else other,
        both([file.difference for file in files], "{:.0e}"),
        both([file.nodes for file in files], "{}"),
        both([file.megabytes for file in files], "{:.2f}"),
        both(times, "{:.2f}"),
        both([seconds] + [its_seconds] * compared, "{:.1f}"),
    )


def family(name):
    def write(folder):
        model = getattr(keras.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(128, 128, 3))
        white = 255 if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers) else 1
        export(randomise(model, white * pictures(4, 128)), folder)

    return write


def hub():
    """Backbones of keras_hub, a few layers of each; each gives its writer."""
    import keras_hub.models as hub

    square = {"image_shape": (128, 128, 3)}
    encoder = {"patch_size": 16, "num_layers": 4, "num_heads": 4, "hidden_dim": 96, **square}
    wide = {**encoder, "intermediate_dim": 192}
    made = {
        "ViT": lambda: hub.ViTBackbone(**{**encoder, "patch_size": (16, 16)}, mlp_dim=192),
        "DeiT": lambda: hub.DeiTBackbone(**{**wide, "patch_size": (16, 16)}),
        "DINOv2": lambda: hub.DINOV2Backbone(**wide, position_embedding_shape=(128, 128, 3)),
        "DINOv3": lambda: hub.DINOV3Backbone(**wide),
        "CLIP": lambda: hub.CLIPVisionEncoder(**wide),
        "MetaCLIP2": lambda: hub.MetaCLIP2VisionEncoder(**wide),
        "SigLIP": lambda: hub.SigLIPVisionEncoder(**wide),
        "Swin": lambda: hub.SwinTransformerBackbone(embed_dim=48, depths=(2, 2), num_heads=(2, 4), window_size=4, **square),
        "MiT": lambda: hub.MiTBackbone(
            layerwise_depths=[2, 2],
            num_layers=2,
            layerwise_num_heads=[1, 2],
            layerwise_sr_ratios=[4, 2],
            max_drop_path_rate=0.1,
            layerwise_patch_sizes=[7, 3],
            layerwise_strides=[4, 2],
            hidden_dims=[32, 64],
            **square,
        ),
        "CSPNet": lambda: hub.CSPNetBackbone(
            stem_filters=32,
            stem_kernel_size=3,
            stem_strides=1,
            stackwise_depth=[1, 2],
            stackwise_strides=[2, 2],
            stackwise_num_filters=[64, 96],
            block_type="dark_block",
            bottle_ratio=[0.5, 1.0],
            block_ratio=[1.0, 0.5],
            expand_ratio=[2.0, 1.0],
            stage_type="csp",
            stem_padding="same",
            **square,
        ),
        "HGNetV2": lambda: hub.HGNetV2Backbone(
            depths=[1, 1],
            embedding_size=16,
            hidden_sizes=[32, 64],
            stem_channels=[3, 16, 24],
            hidden_act="relu",
            use_learnable_affine_block=True,
            stackwise_stage_filters=[(24, 16, 32, 1, 2, 3), (32, 24, 64, 1, 2, 3)],
            apply_downsample=[False, True],
            use_lightweight_conv_block=[False, True],
            **square,
        ),
        "ResNet, hub": lambda: hub.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=[64, 96],
            stackwise_num_blocks=[2, 2],
            stackwise_num_strides=[1, 2],
            block_type="bottleneck_block",
            **square,
        ),
        "DenseNet, hub": lambda: hub.DenseNetBackbone(stackwise_num_repeats=[2, 3], growth_rate=16, **square),
        "VGG, hub": lambda: hub.VGGBackbone(stackwise_num_repeats=[2, 2], stackwise_num_filters=[32, 64], **square),
        "Xception, hub": lambda: hub.XceptionBackbone(stackwise_conv_filters=[[16, 32], [48, 48]], stackwise_pooling=[True, False], **square),
    }

    def write(make):
        def to(folder):
            backbone = make()
            features = backbone(backbone.input)
            features = list(features.values())[-1] if isinstance(features, dict) else features
            pooled = keras.ops.mean(features, axis=tuple(range(1, len(features.shape) - 1)))
            export(randomise(keras.Model(backbone.input, pooled), pictures(4, 128)), folder)

        return to

    return {name: write(make) for name, make in made.items()}


def main(medoid, *arguments):
    names = [a for a in arguments if not a.startswith("--")]
    known = importlib.util.find_spec("tf2onnx") is not None
    if not known:
        print("tf2onnx is not installed: its rows are left out")
    zoo = [(n, z.write, z.size, z.refused, z.options) for n, z in NETWORKS.items()]
    if "--tenth" in arguments:
        zoo = [z for z in zoo if z[0] in TENTH]
    elif "--families" in arguments:
        writers = {name: family(name) for name in FAMILIES}
        if importlib.util.find_spec("keras_hub") is not None:
            writers |= hub()
        zoo = [(name, write, (128, 128), (), ()) for name, write in writers.items()]

    def rows():
        for name, write, size, refused, options in zoo:
            if names and name not in names:
                continue
            keras.utils.set_random_seed(7)
            with place() as folder:
                write(folder / "model")
                keras.backend.clear_session()
                images = pictures(4, max(size))[:, : size[0], : size[1]]
                yield convert(medoid, name, pathlib.Path(folder / "model"), folder, images, refused, options, known)

    table = [COLUMNS, ["---"] * len(COLUMNS)]
    try:
        table.extend(rows())  # one by one: what is done is printed if a network cannot be made
    finally:
        print("\n".join("| " + " | ".join(cells) + " |" for cells in table))
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
