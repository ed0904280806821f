"""How long the program takes to start, next to Java and to Python's TensorFlow, all in turn in one run.

    python startup_speed.py MEDOID [ROUNDS]

MEDOID is the launcher, built; the Python that runs this needs numpy and tensorflow. Wall and processor seconds, the least of the rounds.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np


def seconds(command):
    """Wall and processor seconds of a process and its children."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    medoid, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    java = pathlib.Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        random = np.random.default_rng(1)
        np.save(folder / "e.npy", random.normal(size=(32, 8)).astype(np.float32))
        np.save(folder / "l.npy", np.arange(32) % 4)
        files = ["--embeddings", str(folder / "e.npy"), "--labels", str(folder / "l.npy")]
        commands = {
            "java -version": [str(java), "-version"],
            "medoid --help": [medoid, "--help"],
            "medoid loss": [medoid, "loss", *files],
            "import tensorflow": [sys.executable, "-c", "import tensorflow"],
        }
        seconds(commands["medoid loss"])  # builds what is missing, unpacks the natives, keeps the classes
        least = dict.fromkeys(commands, (float("inf"), float("inf")))
        for _ in range(rounds):
            for told, command in commands.items():
                least[told] = tuple(map(min, least[told], seconds(command)))
        print(f"{'':20}{'wall':>8}{'cpu':>8}   of java -version   of import tensorflow   (wall)")
        for told, (wall, cpu) in least.items():
            java_wall, python_wall = least["java -version"][0], least["import tensorflow"][0]
            print(f"{told:20}{wall:8.2f}{cpu:8.2f}{wall / java_wall:19.1f}{wall / python_wall:23.2f}")


if __name__ == "__main__":
    main()
