"""Runs the training step that InceptionStep wrote, from Python, and prints its median seconds.

usage: inception_step.py GRAPH STEPS     GRAPH: the file that InceptionStep's third argument named

The same operations by the same TensorFlow kernels, but for the version: what differs is the language that asks for them.
Needs tensorflow and numpy.
"""

import statistics
import sys
import time

import numpy as np
import tensorflow as tf


def main(graph_file, steps):
    definition = tf.compat.v1.GraphDef()
    with open(graph_file, "rb") as file:
        definition.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        images = graph.get_tensor_by_name("images:0")
        labels = graph.get_tensor_by_name("labels:0")
        batch = images.shape[0]
        feeds = {
            images: np.random.default_rng(1).random(images.shape, np.float32),
            labels: np.arange(batch) % (batch // 4),
            graph.get_tensor_by_name("learning_rate:0"): 1e-4,
        }
        step = graph.get_operation_by_name("train_step")
        with tf.compat.v1.Session(graph=graph) as session:
            session.run([node for node in graph.get_operations() if node.type == "Assign"])
            seconds = []
            for _ in range(steps + 1):
                before = time.perf_counter()
                session.run(step, feeds)
                seconds.append(time.perf_counter() - before)
    print(f"TensorFlow {tf.__version__} from Python: {statistics.median(seconds[1:]):.2f} s a step of {batch} images")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
