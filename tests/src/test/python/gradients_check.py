"""Compares the gradients of networks that are trained further with those of TensorFlow's GradientTape.

usage: gradients_check.py CLASSPATH [--operations] [NAME...]   the class path of the training module with its own classes:
                                                training/target/classes:$(cat training/target/classpath)

The networks are those of zoo_networks.py or the single operations of zoo_operations.py, NAME: some of them. Both sides compute the gradient of a weighted sum of the
features of four pictures in each trainable variable: ours from the graph that `medoid train --model savedmodel:` builds,
theirs from the loaded SavedModel. Fails if one differs by more than 1e-4 of its largest value, or if a network is refused
that is not among those of which the reason is known. Needs java 17 or newer and what zoo_check.py needs. Prints a
line for each network and 'N passed, N failed' at the end.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import keras
import numpy as np
import tensorflow as tf

from checks import check, finish
from onnx_check import pictures
from zoo_networks import NETWORKS
from zoo_operations import OPERATIONS

PROGRAM = pathlib.Path(__file__).parents[1] / "java" / "org" / "medoid" / "tests" / "GradientValues.java"
# Of the largest gradient of a variable: float sums in another order.
TOLERANCE = 1e-4
# TensorFlow adds the gradient of a bias up in float32, one place after the other: here 40,804 of them, of which the sum in
# this network is off by 0.1 %, upwards on one side and downwards on the other.
# Half precision is computed as such by Python, in float32 by Medoid.
LARGER = {
    "bfloat16": 0.1,
    "float16": 2e-2,
    "half_in_and_out": 2e-2,
    "mixed_bfloat16": 0.1,
    "mixed_float16": 5e-2,
    "transposed_convolutions": 4e-3,
}
RANDOM = ("augmentation_left_in", "random_at_any_time")
LOOP = "through which no gradient goes"
REFUSED = {
    "convolved_one_by_one": LOOP,
    "counted_words": "no trainable variable",
    "lengths_and_ranks": "no trainable variable",
    "loop_of_the_first_version": "no trainable variable",
    "pictures_one_by_one_in_the_first_version": LOOP,
    "weights_of_one_byte": "multiplies weights of one byte",
}
REFUSED_OPERATIONS = {
    "bessel": "(BesselI1) has no gradient",
    "cumulative_logsumexp": "(CumulativeLogsumexp) has no gradient",
    "depthwise_transposed": "(DepthwiseConv2dNativeBackpropInput) has no gradient",
    "eigenvalues": "(SelfAdjointEigV2) has no gradient",
    "fft3": "(FFT3D) has no gradient",
    "hue": "(RGBToHSV) has no gradient",
    "lgamma": "(Digamma) has no gradient",
    "multiply_no_nan": "(MulNoNan) has no gradient",
    "orthogonal": "(Qr) has no gradient",
    "patches_of_volumes": "(ExtractVolumePatches) has no gradient",
    "projected": "(ImageProjectiveTransformV3) has no gradient",
    "reversed_": "(Reverse) has no gradient",
    "rfft3": "(RFFT3D) has no gradient",
    "root": "(MatrixSquareRoot) has no gradient",
    "scatter_max": "(TensorScatterMax) has no gradient",
    "scatter_min": "(TensorScatterMin) has no gradient",
    "singular_values": "(Svd) has no gradient",
    "strided_update": "(TensorStridedSliceUpdate) has no gradient",
}
# Of the largest gradient of the network: smaller ones are compared with that, for what softmax and normalisations do not
# depend on, as a bias of all keys, has a gradient of rounding alone.
NOTHING = 0.1


def tape(folder):
    """Features, and variables with gradients, by Python; the pixels are fed as Medoid found the network to want them."""
    name, taken, given, pixels = (folder / "facts.txt").read_text("utf-8").splitlines()
    scale, shift = map(float, pixels.split())
    loaded = tf.saved_model.load(str(folder / "model"))  # the signature alone does not keep the variables
    signature = loaded.signatures[name]
    spec = signature.structured_input_signature[1][taken]
    images = np.load(folder / "images.npy") * scale + shift
    if spec.shape.rank == 4 and spec.shape[1] == 3:
        images = images.transpose(0, 3, 1, 2)
    images = images if spec.dtype.is_floating else np.round(images)
    with tf.GradientTape() as watching:
        features = tf.cast(signature(**{taken: tf.cast(images, spec.dtype)})[given], tf.float32)
        if len(features.shape) > 2:
            features = tf.reduce_mean(features, list(range(1, len(features.shape) - 1)))
        value = tf.reduce_sum(features * np.load(folder / "weights.npy"))
    variables = [v for v in watching.watched_variables() if v.dtype.is_floating]
    gradients = watching.gradient(value, variables, unconnected_gradients="zero")
    return features.numpy(), [(v.numpy().astype(np.float32), tf.convert_to_tensor(g).numpy().astype(np.float32)) for v, g in zip(variables, gradients)]


def compare(name, folder):
    try:
        features, theirs = tape(folder)
    except (LookupError, tf.errors.OpError) as error:  # Python wants the gradient of the images too, and has not each on a processor
        print(f"     {name}: Python has no gradient: {str(error).splitlines()[0]}")
        return
    off = np.abs(np.load(folder / "features.npy") - features).max() / np.abs(features).max()
    largest = max(np.abs(gradient).max() for _, gradient in theirs)
    worst, count = 0.0, 0
    while (folder / f"value-{count}.npy").exists():
        value, gradient = (np.load(folder / f"{part}-{count}.npy") for part in ("value", "gradient"))
        # Variables have other names here and there, and several may have the same values.
        same = [i for i, (other, _) in enumerate(theirs) if np.array_equal(other, value)]
        if not same:
            check(f"{name}: variable {count} of shape {value.shape} is one of theirs", False)
            return
        distances = [np.abs(gradient - theirs[i][1]).max() / max(np.abs(theirs[i][1]).max(), NOTHING * largest) for i in same]
        worst = max(worst, min(distances))
        theirs.pop(same[int(np.argmin(distances))])
        count += 1
    left = sum(bool(gradient.any()) for _, gradient in theirs)
    check(f"{name}: {count} variables", worst <= LARGER.get(name, TOLERANCE) and not left, f"gradients {worst:.1e}, features {off:.1e}, {left} of theirs left")


def main(classpath, *names):
    with tempfile.TemporaryDirectory() as root:
        folders = {}
        operations = "--operations" in names
        names = [name for name in names if name != "--operations"]
        for name, zoo in (OPERATIONS if operations else NETWORKS).items():
            if name in RANDOM or zoo.refused or (names and name not in names):
                continue
            keras.utils.set_random_seed(7)
            folder = folders[name] = pathlib.Path(root) / name
            folder.mkdir()
            zoo.write(folder / "model")
            keras.backend.clear_session()
            np.save(folder / "images.npy", pictures(4, max(zoo.size))[:, : zoo.size[0], : zoo.size[1]])
        # Without AVX-512: TensorFlow 2.18's oneDNN computes some products wrong there.
        environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
        subprocess.run(["java", "-cp", classpath, str(PROGRAM), *map(str, folders.values())], check=True, env=environment)
        known = REFUSED_OPERATIONS if operations else REFUSED
        for name, folder in folders.items():
            refused = folder / "refused.txt"
            if refused.exists():
                why = refused.read_text("utf-8")
                check(f"{name}: refused as known", name in known and known[name] in why, why.split("/model", 1)[-1])
            else:
                compare(name, folder)
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
