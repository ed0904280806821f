"""Opens what a run wrote for TensorBoard with TensorBoard itself.

usage: tensorboard_check.py RUN     RUN: a run folder with events/

Needs the package tensorboard. Prints a line per check and 'N passed, N failed' at the end.
"""

import csv
import json
import math
import pathlib
import sys
import urllib.parse

from tensorboard.backend.event_processing import event_accumulator, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.projector import projector_plugin
from werkzeug.test import Client
from werkzeug.wrappers import Response

from checks import check, finish


def curves(run, events):
    scalars = events.Tags()["scalars"]
    wanted = {"train/loss": "loss", "validation/nmi": "eval_nmi", "validation/recall_at_1": "eval_recall_at_1"}
    check("the scalars are there", set(wanted) <= set(scalars), " ".join(sorted(scalars)))
    with open(run / "metrics.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for tag, column in wanted.items():
        if tag in scalars:
            logged = {int(row["step"]): float(row[column]) for row in rows if row[column] not in ("", "NaN")}
            shown = {event.step: event.value for event in events.Scalars(tag)}
            same = shown.keys() == logged.keys() and all(math.isclose(shown[s], logged[s], rel_tol=1e-5) for s in shown)
            check(f"{tag} is the curve of metrics.csv", same, f"{len(shown)} points")


def pictures(events):
    tags = events.Tags()
    check("there are histograms", len(tags["histograms"]) > 0, f"{len(tags['histograms'])} tags")
    for tag in tags["histograms"][:1]:
        check(f"histogram {tag} counts values", events.Histograms(tag)[-1].histogram_value.num > 0)
    check("there are images", len(tags["images"]) > 0, f"{len(tags['images'])} tags")
    for tag in tags["images"][:1]:
        image = events.Images(tag)[-1]
        check(f"image {tag} is a PNG", image.encoded_image_string.startswith(b"\x89PNG"), f"{image.width}x{image.height}")
    check("there is a graph", tags["graph"])
    if tags["graph"]:
        ops = {node.op for node in events.Graph().node}
        check("the graph holds the loss op", "FacilityLocationLoss" in ops, f"{len(ops)} kinds of op")


def projector(folder):
    """Asks the projector plugin what the browser would ask it."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(logdir=str(folder), multiplexer=multiplexer))
    apps = plugin.get_plugin_apps()

    def get(route, **query):
        response = Client(apps[route], Response).get(f"{route}?{urllib.parse.urlencode(query)}")
        if response.status_code != 200:
            print("    ", route, query, response.status, response.get_data()[:200])
        return response

    runs = json.loads(get("/runs").get_data())
    check("the projector sees the run", runs == ["."], str(runs))
    if not runs:
        return
    embedding = json.loads(get("/info", run=".").get_data())["embeddings"][0]
    name = embedding["tensorName"]
    rows, columns = embedding["tensorShape"]
    tensor = get("/tensor", run=".", name=name).get_data()
    check("the projector loads the vectors", len(tensor) == 4 * rows * columns, f"{rows} of {columns} values")
    metadata = get("/metadata", run=".", name=name).get_data().decode("utf-8").splitlines()
    check("there is a line of metadata for each", len(metadata) == rows + 1, metadata[0].replace("\t", ", "))
    sprite = get("/sprite_image", run=".", name=name).get_data()
    width, height = int.from_bytes(sprite[16:20], "big"), int.from_bytes(sprite[20:24], "big")
    side = embedding["sprite"]["singleImageDim"][0]
    check("the sprite has a picture for each", width // side * (height // side) >= rows, f"{width}x{height}")
    check("the browser can show the sprite", max(width, height) <= 8192)


def main(run):
    run = pathlib.Path(run)
    events = event_accumulator.EventAccumulator(
        str(run / "events"),
        size_guidance={event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 4, event_accumulator.HISTOGRAMS: 4},
    )
    events.Reload()
    curves(run, events)
    pictures(events)
    projector(run / "events")
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
