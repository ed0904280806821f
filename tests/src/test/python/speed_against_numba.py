"""Times the loss through a TensorFlow Java session next to a compiled peer, in one run, and prints the ratios.

usage: speed_against_numba.py PEER [m,d,C,gamma ...]     from the project's root, after SPEED.md's mvn command

PEER is facility_numba.py: usage `PEER M D C GAMMA REPEATS`, prints `sweeps=5 ... loss=L ... ms=T`. Both run `reference`
refinement on the same batch and must give the same loss; ours is measured with `exact` too.
"""

import os
import pathlib
import re
import subprocess
import sys

peer, *sizes = sys.argv[1:]
sizes = sizes or ["128,64,32,1", "128,64,32,10", "128,64,64,1", "512,64,128,1", "1024,64,256,1"]
target = pathlib.Path("tests/target")
classpath = f"{target / 'test-classes'}{os.pathsep}{(target / 'classpath').read_text().strip()}"
environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="2")

print("| m | C | γ | numba ms | ours `reference` ms | ratio | ours `exact` ms | ratio |\n|---|---|---|---|---|---|---|---|")
for size in sizes:
    m, d, c, gamma = size.split(",")
    repeats = "1" if int(m) >= 1024 else "9"
    lines = subprocess.run(
        [sys.executable, peer, m, d, c, gamma, repeats], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    theirs = next(line for line in lines if "sweeps=5" in line)
    ours = subprocess.run(
        ["java", "-cp", classpath, "org.medoid.tests.benchmark.SessionTimes"]
        + [f"{size},{search}" for search in ("reference", "exact")],
        check=True, capture_output=True, text=True, env=environment,
    ).stdout

    def values(name, text):
        return [float(value) for value in re.findall(rf"\b{name}=([0-9.]+)", text)]

    slow = values("ms", theirs)[0]
    reference, exact = values("ms", ours)
    loss, expected = values("loss", ours)[0], values("loss", theirs)[0]
    if abs(loss - expected) > 1e-5 * expected:
        sys.exit(f"{size}: the losses differ: ours {loss}, the peer's {expected}")
    print(f"| {m} | {c} | {gamma} | {slow:.1f} | {reference:.2f} | {slow / reference:.0f} | {exact:.2f} | {slow / exact:.0f} |", flush=True)
