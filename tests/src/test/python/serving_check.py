"""Serves what `medoid demo` exported, from Python, and compares with what Java computes.

usage: serving_check.py MEDOID RUN     MEDOID: the launcher; RUN: the run folder of a demo

Needs tensorflow, onnx, onnxruntime and numpy. Prints a line per check and 'N passed, N failed' at the end.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from checks import check, finish

TOLERANCE = 1e-5


def difference(name, ours, theirs):
    worst = float(np.abs(ours - theirs).max()) if ours.shape == theirs.shape else float("inf")
    check(name, worst <= TOLERANCE, f"largest difference {worst:.2e}")


def main(medoid, run):
    export = pathlib.Path(run) / "export"
    info = json.loads((export / "export.json").read_text())
    pictures = sorted((pathlib.Path(run) / "samples").glob("*.png"))
    check("the demo left sample pictures", len(pictures) >= 16, f"{len(pictures)} of them")

    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "java embeddings é.npy"
        listed = subprocess.run(
            [medoid, "embed", "--model", str(export), "--images", str(pathlib.Path(run) / "samples"), "--out", target],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ).stdout.split("\n")[:-1]
        java = np.load(target)
    check("embed lists the pictures in the order of its rows", [pathlib.Path(p).name for p in listed] == [p.name for p in pictures])
    check("embeddings have the promised size", java.shape == (len(pictures), info["embedding_size"]), str(java.shape))
    difference("embeddings have length one", np.linalg.norm(java, axis=1), np.ones(len(java)))

    encoded = [p.read_bytes() for p in pictures]
    size = info["image_height"]
    resize = info.get("resize") or size
    edge = (resize - size) // 2
    images = np.stack(
        [
            tf.image.resize(tf.io.decode_image(e, 3, tf.float32, expand_animations=False), [resize, resize]).numpy()[
                edge : edge + size, edge : edge + size
            ]
            for e in encoded
        ]
    )

    model = tf.saved_model.load(str(export))
    serving = model.signatures["serving_default"]
    difference("tf.saved_model.load, images", java, serving(images=tf.constant(images))["embedding"].numpy())
    from_bytes = model.signatures["image_bytes"]
    difference("tf.saved_model.load, image_bytes", java, from_bytes(image_bytes=tf.constant(encoded))["embedding"].numpy())

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(export))
        signature = meta.signature_def["serving_default"]
        check("the v1 loader sees a predict signature", signature.method_name == "tensorflow/serving/predict")
        out = session.run(signature.outputs["embedding"].name, {signature.inputs["images"].name: images})
        difference("the v1 loader", java, out)

    layer = tf.keras.layers.TFSMLayer(str(export), call_endpoint="serving_default")
    difference("Keras TFSMLayer", java, layer(tf.constant(images))["embedding"].numpy())

    proto = onnx.load(str(export / "model.onnx"))
    onnx.checker.check_model(proto, full_check=True)
    check("onnx.checker with shape inference", True)
    check("the ONNX batch dimension is free", proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch")
    check("one Transpose at most", sum(n.op_type == "Transpose" for n in proto.graph.node) <= 1)
    ort = onnxruntime.InferenceSession(str(export / "model.onnx"), providers=["CPUExecutionProvider"])
    check("ONNX names", [i.name for i in ort.get_inputs()] == ["images"] and [o.name for o in ort.get_outputs()] == ["embedding"])
    difference("onnxruntime", java, ort.run(["embedding"], {"images": images})[0])
    difference("onnxruntime, batch of one", java[:1], ort.run(["embedding"], {"images": images[:1]})[0])

    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
