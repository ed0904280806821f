"""Times a training step from Java, from Python's TensorFlow and in PyTorch, in turn on one machine; prints a Markdown table.

usage: step_speed.py CLASSPATH MOBILENET [SIZE BATCH STEPS]

CLASSPATH: SPEED.md's, for StepTimes; MOBILENET: a SavedModel of MobileNet-v1 whose image size is open. Medoid trains it and
its own Inception-v2 with frozen batch normalisation, a head of 64 values and RMSProp; Python's TensorFlow runs the same graph
with the contrastive loss; PyTorch the same layers, channels last. Medians of STEPS steps (5) of BATCH images (32) of SIZE
pixels (224). Needs tensorflow, torch and numpy.
"""

import concurrent.futures
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def median(steps, run):
    seconds = []
    for _ in range(steps + 1 + steps // 5):
        before = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - before)
    return statistics.median(seconds[-steps:])


def java(classpath, model, size, batch, steps, file):
    environment = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "67108864", "MALLOC_TRIM_THRESHOLD_": "268435456"}
    command = ["java", "-cp", classpath, "org.medoid.tests.benchmark.StepTimes", model, str(size), str(batch), str(steps), str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment})
    return [tuple(map(float, pair)) for pair in re.findall(r": forward ([0-9.]+) s, step ([0-9.]+) s", done.stdout)]


def tensorflow(file, steps):
    import tensorflow as tf

    definition = tf.compat.v1.GraphDef.FromString(file.read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        images = graph.get_tensor_by_name("images:0")
        batch = images.shape[0]
        pixels = {images: np.random.default_rng(1).random(images.shape, np.float32)}
        feeds = {graph.get_tensor_by_name("labels:0"): np.arange(batch) % (batch // 4), graph.get_tensor_by_name("learning_rate:0"): 1e-4}
        with tf.compat.v1.Session(graph=graph) as session:
            session.run([node for node in graph.get_operations() if node.type == "Assign"])
            forward = median(steps, lambda: session.run("embeddings:0", pixels))
            step = graph.get_operation_by_name("train_step")
            return forward, median(steps, lambda: session.run(step, {**pixels, **feeds}))


def mobilenet_v1(torch):
    """Batch normalisation folded into the convolutions, as in the SavedModel."""
    nn = torch.nn
    layers = [nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6()]
    width = 32
    for wider, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]:
        layers += [nn.Conv2d(width, width, 3, stride, 1, groups=width), nn.ReLU6(), nn.Conv2d(width, wider, 1), nn.ReLU6()]
        width = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 64))


def inception_v2(torch):
    nn = torch.nn

    def layer(channels, filters, kernel=1, stride=1):
        norm = nn.BatchNorm2d(filters, eps=1e-3)
        norm.weight.requires_grad_(False)  # Slim's has no gamma
        return nn.Sequential(nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False), norm, nn.ReLU())

    def chain(channels, *filters, last=1):
        layers = []
        for i, each in enumerate(filters):
            layers.append(layer(channels, each, 3 if i else 1, last if i == len(filters) - 1 else 1))
            channels = each
        return nn.Sequential(*layers)

    class Module(nn.Module):
        def __init__(self, *branches):
            super().__init__()
            self.branches = nn.ModuleList(branches)

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    def module(channels, single, one, two, pooled, pool=nn.AvgPool2d):
        pooling = nn.Sequential(pool(3, 1, 1), layer(channels, pooled))
        return Module(chain(channels, single), chain(channels, *one), chain(channels, *two), pooling)

    def reduction(channels, zero, one):
        return Module(chain(channels, *zero, last=2), chain(channels, *one, last=2), nn.MaxPool2d(3, 2, 1))

    return nn.Sequential(
        nn.Conv2d(3, 24, 7, 2, 3, groups=3, bias=False), nn.Conv2d(24, 64, 1), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1), layer(64, 64), layer(64, 192, 3), nn.MaxPool2d(3, 2, 1),
        module(192, 64, (64, 64), (64, 96, 96), 32),
        module(256, 64, (64, 96), (64, 96, 96), 64),
        reduction(320, (128, 160), (64, 96, 96)),
        module(576, 224, (64, 96), (96, 128, 128), 128),
        module(576, 192, (96, 128), (96, 128, 128), 128),
        module(576, 160, (128, 160), (128, 160, 160), 96),
        module(576, 96, (128, 192), (160, 192, 192), 96),
        reduction(576, (128, 192), (192, 256, 256)),
        module(1024, 352, (192, 320), (160, 224, 224), 128),
        module(1024, 352, (192, 320), (192, 224, 224), 128, nn.MaxPool2d),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 64),
    )


def pytorch(build, size, batch, steps):
    import torch

    torch.manual_seed(1)
    network = build(torch).eval().to(memory_format=torch.channels_last)
    images = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)
    optimizer = torch.optim.RMSprop([p for p in network.parameters() if p.requires_grad], lr=1e-4)

    def forward():
        with torch.inference_mode():
            network(images)

    def step():
        optimizer.zero_grad()
        x = torch.nn.functional.normalize(network(images))
        (torch.cdist(x, x) ** 2).mean().backward()
        optimizer.step()

    return median(steps, forward), median(steps, step)


def alone(function, *arguments):
    """In a process of its own: threads of the other library would be in the way."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main(classpath, mobilenet, size="224", batch="32", steps="5"):
    size, batch, steps = int(size), int(batch), int(steps)
    print("| network | | Medoid | contrastive, Java | contrastive, Python | PyTorch | Medoid / faster peer |\n|---|---|---|---|---|---|---|")
    for name, model, build in (("MobileNet-v1", mobilenet, mobilenet_v1), ("Inception-v2", "inception_v2", inception_v2)):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "step.pb"
            ours, contrastive = java(classpath, model, size, batch, steps, file)
            theirs = alone(tensorflow, file, steps)
        torch = alone(pytorch, build, size, batch, steps)
        for i, what in enumerate(("forward", "step")):
            peer = min(theirs[i], torch[i])
            print(f"| {name} | {what} | {ours[i]:.3f} | {contrastive[i]:.3f} | {theirs[i]:.3f} | {torch[i]:.3f} | {ours[i] / peer:.2f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
