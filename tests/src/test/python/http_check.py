"""Serves what `medoid demo` exported over HTTP, sends it pictures, and compares with what Java computes.

usage: http_check.py MEDOID RUN     MEDOID: the launcher; RUN: the run folder of a demo

The server knows the export folder alone: onnxruntime runs model.onnx, and tf.io and tf.image decode and scale as
export.json says. It takes picture files (POST /embed, a form with files) and TensorFlow Serving's REST request (POST
/v1/models/embedding:predict, {"instances": [{"b64": ...}]}).

Needs fastapi, uvicorn, httpx, onnxruntime, tensorflow and numpy. Prints a line per check and 'N passed, N failed' at
the end.
"""

import base64
import concurrent.futures
import email.parser
import email.policy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import fastapi
import httpx
import numpy as np
import onnxruntime
import tensorflow as tf
import uvicorn

from checks import check, finish

TOLERANCE = 1e-5


class Model:
    """model.onnx and export.json of an export."""

    def __init__(self, export):
        info = json.loads((export / "export.json").read_text())
        self.size = info["image_height"], info["image_width"]
        self.scaled = [info["preprocessing"][key] for key in ("scaled_height", "scaled_width")]
        self.session = onnxruntime.InferenceSession(str(export / "model.onnx"), providers=["CPUExecutionProvider"])

    def pixels(self, encoded):
        """Decodes, scales, and cuts out the centre: float32 [height, width, 3] in [0, 1]."""
        image = tf.io.decode_image(encoded, 3, tf.float32, expand_animations=False)
        height, width = scaled = self.scaled
        top, left = (height - self.size[0]) // 2, (width - self.size[1]) // 2
        image = tf.image.resize(image, scaled)
        return image[top : top + self.size[0], left : left + self.size[1]].numpy()

    def embed(self, pictures):
        """Embeddings of named picture files; a broken one is the client's mistake."""
        if not pictures:
            raise fastapi.HTTPException(400, "no pictures")
        batch = []
        for name, encoded in pictures:
            try:
                batch.append(self.pixels(encoded))
            except (tf.errors.OpError, ValueError) as error:
                why = re.sub(r"\{\{.*\}\} | \[Op:.*", "", str(error).splitlines()[0])
                raise fastapi.HTTPException(400, f"{name} is not a picture: {why}") from None
        return self.session.run(["embedding"], {"images": np.stack(batch)})[0].tolist()


def application(model):
    app = fastapi.FastAPI()

    @app.get("/v1/models/embedding")
    def status():
        return {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}

    @app.post("/v1/models/embedding:predict")
    def predict(body: dict = fastapi.Body()):
        instances = body.get("instances")
        if not isinstance(instances, list) or not all(isinstance(i, dict) and isinstance(i.get("b64"), str) for i in instances):
            raise fastapi.HTTPException(400, 'expected {"instances": [{"b64": ...}, ...]}')
        pictures = []
        for number, instance in enumerate(instances):
            try:
                pictures.append((f"instance {number}", base64.b64decode(instance["b64"], validate=True)))
            except ValueError:
                raise fastapi.HTTPException(400, f"instance {number} is not base64") from None
        return {"predictions": model.embed(pictures)}

    @app.post("/embed")
    async def embed(request: fastapi.Request):
        # A form by the standard library: fastapi's own wants one package more.
        head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + await request.body())
        if not form.is_multipart():
            raise fastapi.HTTPException(400, "expected a form with files")
        pictures = [(part.get_filename() or "a part", part.get_payload(decode=True)) for part in form.iter_parts()]
        return {"embeddings": await fastapi.concurrency.run_in_threadpool(model.embed, pictures)}

    return app


def serve(model):
    """Starts the server on a free port; returns it and its address."""
    server = uvicorn.Server(uvicorn.Config(application(model), host="127.0.0.1", port=0, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    for _ in range(200):
        if server.started:
            return server, "http://127.0.0.1:%d" % server.servers[0].sockets[0].getsockname()[1]
        time.sleep(0.05)
    raise SystemExit("the server did not start in 10 s")


def same(name, java, given):
    given = np.array(given, np.float32)
    worst = float(np.abs(java - given).max()) if java.shape == given.shape else float("inf")
    check(name, worst <= TOLERANCE, f"largest difference {worst:.2e}")


def neighbours(embeddings):
    """The nearest other picture of each."""
    similar = embeddings @ embeddings.T
    np.fill_diagonal(similar, -np.inf)
    return similar.argmax(1)


def main(medoid, run):
    run = pathlib.Path(run)
    pictures = sorted((run / "samples").glob("*.png"))
    check("the demo left sample pictures", len(pictures) >= 16, f"{len(pictures)} of them")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "java.npy"
        command = [medoid, "embed", "--model", run / "export", "--images", run / "samples", "--out", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        java = np.load(out)
    encoded = [picture.read_bytes() for picture in pictures]
    instances = [{"b64": base64.b64encode(e).decode()} for e in encoded]

    model = Model(run / "export")
    by_tensorflow = tf.saved_model.load(str(run / "export")).signatures["image_bytes"](image_bytes=tf.constant(encoded))
    same("the SavedModel's image_bytes", java, by_tensorflow["embedding"].numpy())

    server, address = serve(model)
    with httpx.Client(base_url=address, timeout=60) as client:
        check("the server is there", client.get("/v1/models/embedding").status_code == 200)

        def files(some):
            return [("pictures", (p.name, e, "image/png")) for p, e in some]

        everything = list(zip(pictures, encoded))
        answer = client.post("/embed", files=files(everything))
        check("a form of all pictures is answered", answer.status_code == 200, answer.text[:200] if answer.is_error else "")
        same("embeddings of a form", java, answer.json()["embeddings"])

        answer = client.post("/v1/models/embedding:predict", json={"instances": instances})
        same("embeddings of base64 in JSON", java, answer.json()["predictions"])

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            single = list(pool.map(lambda one: client.post("/embed", files=files([one])).json()["embeddings"][0], everything))
        same("one picture a request, eight at a time", java, single)
        wrong = np.flatnonzero(neighbours(np.array(single)) != neighbours(java))
        check("the nearest neighbour of each picture is Java's", len(wrong) == 0, ", ".join(pictures[i].name for i in wrong))

        for name, broken in {
            "no picture": b"this is no picture",
            "half a picture": encoded[0][: len(encoded[0]) // 2],
            "an empty file": b"",
        }.items():
            answer = client.post("/embed", files=files([everything[0], (pathlib.Path("broken.png"), broken)]))
            clear = answer.status_code == 400 and "broken.png is not a picture" in answer.json()["detail"]
            check(f"{name} is refused by name", clear, f"{answer.status_code} {answer.text[:160]}")
        for name, body in {
            "JSON without instances": {"pictures": []},
            "an instance that is not base64": {"instances": [{"b64": "%%%"}]},
            "an empty list of instances": {"instances": []},
        }.items():
            answer = client.post("/v1/models/embedding:predict", json=body)
            check(f"{name} is refused", answer.status_code == 400 and answer.json()["detail"], f"{answer.status_code} {answer.text[:160]}")
        answer = client.post("/embed", content=b"no form")
        check("what is no form is refused", 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:160]}")

        same("the server lives on", java[:3], client.post("/embed", files=files(everything[:3])).json()["embeddings"])
    server.should_exit = True
    return finish()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
