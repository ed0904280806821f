"""Trains Keras models with batch normalisation further in Medoid, and compares with Keras before and with Python after.

usage: keras_training_check.py MEDOID     MEDOID: the launcher

The models, a small one of its own and MobileNetV2, are made on the spot and saved by model.export and by
tf.saved_model.save; so are the pictures, coloured shapes before unruly backgrounds. Needs what onnx_check.py beside this
file needs, and three minutes. Prints a line per check and 'N passed, N failed' at the end.
"""

import contextlib
import csv
import io
import itertools
import json
import sys

import keras
import numpy as np
import tensorflow as tf

from checks import check, finish
from onnx_check import export, place, randomise, run, served

SIZE = 96
STEPS = 40
COLOURS = {"red": (0.9, 0.1, 0.1), "green": (0.1, 0.8, 0.2), "blue": (0.1, 0.2, 0.9), "yellow": (0.9, 0.9, 0.1)}


def inside(shape, y, x, radius):
    """Where the shape of this radius round the origin is."""
    if shape == "disc":
        return y**2 + x**2 < radius**2
    return (np.minimum(abs(y), abs(x)) < 0.3 * radius) & (np.maximum(abs(y), abs(x)) < 1.1 * radius)


def draw(folder):
    """A folder for each of eight coloured shapes, and different pictures of each to train and to test."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    for colour, shape in itertools.product(COLOURS, ("disc", "cross")):
        for half in ("train", "test"):
            (folder / half / f"{colour} {shape}").mkdir(parents=True)
        for k in range(24):
            waves = np.sin(y[..., None] * random.uniform(-0.3, 0.3, 3) + x[..., None] * random.uniform(-0.3, 0.3, 3) + random.uniform(0, 6, 3))
            picture = random.uniform(0, 0.6, 3) * (0.5 + 0.5 * waves) + random.normal(0, 0.05, (SIZE, SIZE, 3))
            radius, down, across = random.uniform(26, 38), *random.uniform(38, SIZE - 38, 2)
            picture[inside(shape, y - down, x - across, radius)] = np.array(COLOURS[colour]) + random.normal(0, 0.05, 3)
            png = tf.io.encode_png((picture.clip(0, 1) * 255).round().astype(np.uint8))
            (folder / ("train" if k < 14 else "test") / f"{colour} {shape}" / f"{k:02}.png").write_bytes(png.numpy())


def read(folder):
    """The pictures of a folder, in the order of their paths, and the number of each one's class."""
    files = sorted(folder.rglob("*.png"))
    names = sorted({file.parent.name for file in files})
    pixels = [tf.io.decode_image(file.read_bytes(), 3, tf.float32).numpy() for file in files]
    return files, np.stack(pixels), np.array([names.index(file.parent.name) for file in files], np.int64)


def small():
    images = x = keras.Input((SIZE, SIZE, 3))
    for channels in (16, 32, 64):
        x = keras.layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x), name="small")


def mobilenet():
    return keras.applications.MobileNetV2(weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3), alpha=0.35)


def close(name, ours, theirs, tolerance=1e-5):
    scale = float(np.abs(theirs).max())
    worst = float(np.abs(ours - theirs).max()) / scale if ours.shape == theirs.shape else float("inf")
    check(name, worst <= tolerance, f"largest difference {worst:.1e} of {scale:.3g}")


def backbone(medoid, source, value, folder):
    """The variables of a backbone, as `medoid init` writes it."""
    code, error, _ = run(medoid, "init", source, value, "--to", folder)
    check(f"init {source}: {folder.name}", code == 0, error)
    values = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    return {name: values.get_tensor(name) for name in values.get_variable_to_shape_map()}


def scores(medoid, *arguments):
    code, error, output = run(medoid, "evaluate", *arguments, "--json", "--quiet")
    check("evaluate runs", code == 0, error)
    return json.loads(output[output.index("{") : output.rindex("}") + 1])


def scores_of(medoid, folder, rows, labels):
    """As `medoid evaluate` scores rows of numbers, each made as long as the others."""
    np.save(folder / "rows.npy", rows / np.linalg.norm(rows, axis=1, keepdims=True))
    np.save(folder / "labels.npy", labels)
    return scores(medoid, "--embeddings", folder / "rows.npy", "--labels", folder / "labels.npy")


def moved(before, after):
    """The names of the variables that are no longer what they were, and of those that are."""
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    return changed, before.keys() - changed


def train(medoid, data, name, saved, start, folder):
    """Fine-tunes and looks at what became of the model."""
    _, pixels, labels = read(data / "test")
    features = served(folder / f"{saved.name} init", pixels)
    before = scores_of(medoid, folder, features, labels)["recall_at"]["1"]
    told = ("--data", f"folder:{data}", "--batch", 32, "--classes-per-batch", 8, "--embedding", 32, "--eval-every", 0)
    told += ("--gamma-decay", 1, "--learning-rate", 0.002, "--resize", SIZE, "--model", f"savedmodel:{saved}")
    tuned = folder / f"{name} tuned"
    code, error, _ = run(medoid, "train", *told, "--steps", STEPS, "--out", tuned)
    check(f"{name}: trains", code == 0, error)
    if code == 0:
        with open(tuned / "metrics.csv", encoding="utf-8") as file:
            loss = [float(row["loss"]) for row in csv.DictReader(file)]
        check(f"{name}: the loss falls", np.mean(loss[-5:]) < 0.9 * np.mean(loss[:5]), f"{np.mean(loss[:5]):.3f} to {np.mean(loss[-5:]):.3f}")
        after = scores(medoid, "--run", tuned)
        reached = after["recall_at"]["1"]
        check(f"{name}: Recall@1 of new pictures rises", reached > before, f"{before:.3f} to {reached:.3f}")
        changed, same = moved(start, backbone(medoid, "--run", tuned, folder / f"{name} tuned backbone"))
        statistics = {v for v in start if "moving_" in v}
        check(f"{name}: every weight of the backbone moves", changed == start.keys() - statistics, f"{len(changed)} moved, {len(same)} did not")
        check(f"{name}: the averages of its batch normalisations stay", len(same) > 0 and same == statistics)
        # MobileNetV2 with random weights clusters at chance, before and after.
        if exported(medoid, name, tuned, data / "test", folder, after) and name == "small":
            _, seen, classes = read(data / "train")
            before = scores_of(medoid, folder, served(folder / f"{saved.name} init", seen), classes)["nmi"]
            reached = scores_of(medoid, folder, served(folder / f"{name} exported", seen), classes)["nmi"]
            check(f"{name}: NMI of the pictures that it saw rises", reached > before, f"{before:.3f} to {reached:.3f}")
    frozen = folder / f"{name} frozen"
    code, error, _ = run(medoid, "train", *told, "--steps", 5, "--out", frozen, "--freeze-backbone")
    check(f"{name}: trains with a frozen backbone", code == 0, error)
    if code == 0:
        changed, _ = moved(start, backbone(medoid, "--run", frozen, folder / f"{name} frozen backbone"))
        check(f"{name}: a frozen backbone does not move", not changed, str(changed or ""))
        close(f"{name}: nor do its features", served(folder / f"{name} frozen backbone", pixels), features)


def exported(medoid, name, trained, pictures, folder, scored):
    """Compares a run's export, loaded by Python, with what Medoid itself computes."""
    code, error, _ = run(medoid, "export", "--run", trained, "--to", folder / f"{name} exported")
    check(f"{name}: is exported", code == 0, error)
    if code != 0:
        return False
    code, error, listed = run(medoid, "embed", "--model", folder / f"{name} exported", "--images", pictures, "--out", folder / "java.npy")
    files, pixels, labels = read(pictures)
    check(f"{name}: embed lists the pictures", all(str(f.relative_to(pictures)) in listed for f in files), error)
    python = served(folder / f"{name} exported", pixels)
    close(f"{name}: Python embeds as medoid embed does", python, np.load(folder / "java.npy"))
    again = scores_of(medoid, folder, python, labels)
    agree = all(abs(again["recall_at"][k] - scored["recall_at"][k]) < 0.01 for k in scored["recall_at"])
    check(f"{name}: Python's embeddings score as the run does", agree, f"{again['recall_at']} and {scored['recall_at']}")
    return True


def without_gradient(medoid, data, folder):
    images = keras.Input((SIZE, SIZE, 3))
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3)(images))
    export(keras.Model(images, keras.ops.top_k(features, 4)[0]), folder / "stepped")
    told = ("--data", f"folder:{data}", "--model", f"savedmodel:{folder / 'stepped'}", "--batch", 16, "--classes-per-batch", 8)
    code, error, _ = run(medoid, "train", *told, "--out", folder / "none")
    lines = error.count("\n") + 1
    check("an operation without a gradient is named in one line", code == 1 and lines == 1 and "(TopKV2)" in error, error)


def main(medoid):
    with place() as folder:
        data = folder / "coloured shapes"
        draw(data)
        _, pixels, _ = read(data / "test")
        for build in (small, mobilenet):
            keras.utils.set_random_seed(3)
            model = randomise(build(), pixels[::4])
            expected = model(pixels, training=False).numpy()
            for save in (export, tf.saved_model.save):
                saved = folder / f"{build.__name__} {save.__name__}"
                with contextlib.redirect_stdout(io.StringIO()):
                    save(model, str(saved))
                start = backbone(medoid, "--model", f"savedmodel:{saved}", folder / f"{saved.name} init")
                close(f"{saved.name}: features are Keras' own", served(folder / f"{saved.name} init", pixels), expected)
            # What was saved last, the small model by one and MobileNet by the other.
            train(medoid, data, build.__name__, saved, start, folder)
        without_gradient(medoid, data, folder)
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
