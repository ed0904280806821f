"""Projects that depend on one of Medoid's modules: the README's pom, with the programs of the README and of the package pages.

usage: consumers_check.py [MAVEN-OPTION...]     after `mvn install`; from the checkout's root

Needs Maven alone. Prints a line per check and 'N passed, N failed' at the end.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from checks import check, finish

ROOT = pathlib.Path(__file__).resolve().parents[4]
# What only the command line needs.
PROGRAM = ("picocli", "logback", "progressbar", "jline", "jsvg", "mfl-core", "tsne", "jmustache", "ejml", "webjars")


def readme_pom():
    return re.search(r"```xml\n(<project.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)


def readme_program():
    return re.search(r"```java\n(.*?public class .*?)```", (ROOT / "README.md").read_text(), re.S).group(1)


def page_program(page):
    text = (ROOT / page / "package-info.java").read_text()
    body = re.search(r"<pre>\{@code\n(.*?public class .*?)^ \* \}</pre>", text, re.S | re.M).group(1)
    return "\n".join(re.sub(r"^ \* ?", "", line) for line in body.splitlines())


def project(folder, pom, source):
    shutil.rmtree(folder, ignore_errors=True)
    name = re.search(r"public class (\w+)", source).group(1)
    java = folder / "src/main/java"
    java.mkdir(parents=True)
    (java / f"{name}.java").write_text(source)
    (folder / "pom.xml").write_text(pom)
    return name


def maven(folder, options, *words):
    done = subprocess.run(["mvn", "-q", "-B", "-ntp", *options, *words], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-3000:], done.stderr[-1000:])
    return done.returncode == 0


def main(options):
    pom = readme_pom()
    assert "<artifactId>medoid-graph</artifactId>" in pom
    platform = re.search(r"    <dependency>\s*<groupId>org.tensorflow</groupId>.*?</dependency>\n", pom, re.S).group(0)
    alone = pom.replace(platform, "")  # the natives of this machine come along without it
    with tempfile.TemporaryDirectory() as place:
        for module, text, source, says in (
            ("medoid-graph", pom, readme_program(), "NMI"),
            ("medoid-export", alone, page_program("export/src/main/java/org/medoid/export"), "true"),
            ("medoid-training", alone, page_program("training/src/main/java/org/medoid/training/evaluation"), "0.833"),
        ):
            folder = pathlib.Path(place) / module
            name = project(folder, text.replace("medoid-graph", module), source)
            built = maven(folder, options, "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath")
            check(f"{module} alone compiles with the README's pom", built)
            if not built:
                continue
            classpath = (folder / "classpath").read_text()
            foreign = sorted({word for word in PROGRAM if word in classpath})
            check(f"{module} brings nothing of the command line", not foreign, str(foreign))
            protobuf = re.findall(r"protobuf-java-([\d.]+)\.jar", classpath)
            check(f"{module} runs with one protobuf", protobuf == ["3.25.8"], str(protobuf))
            run = subprocess.run(["java", "-cp", f"target/classes:{classpath}", name, "."], cwd=folder, capture_output=True, text=True)
            check(f"{module} alone runs", run.returncode == 0 and says in run.stdout, run.stdout[-200:] + run.stderr[-600:])
            if module == "medoid-graph":
                modules = ["java", "--module-path", one_native(classpath), "--add-modules", "ALL-MODULE-PATH", "-cp", "target/classes", name]
                run = subprocess.run(modules, cwd=folder, capture_output=True, text=True)
                check(f"{module} runs on the module path", run.returncode == 0 and says in run.stdout, run.stdout[-200:] + run.stderr[-600:])
                listed = subprocess.run([*modules[:3], "--list-modules"], cwd=folder, capture_output=True, text=True).stdout
                check("its modules have names of their own", all(f"org.medoid.{each}@" in listed for each in ("ops", "graph")), listed[-600:])
            if module == "medoid-export":
                old = re.sub(r"[^:]*protobuf-java-[\d.]+\.jar", "", classpath) + ":" + old_protobuf(folder, options)
                run = subprocess.run(["java", "-cp", f"target/classes:{old}", name, "again"], cwd=folder, capture_output=True, text=True)
                told = [line for line in run.stderr.splitlines() if "protobuf-java is 3.21.9" in line and "medoid-bom" in line]
                check("an old protobuf is told in a line", run.returncode != 0 and bool(told), run.stderr[-600:])
    return finish()


def one_native(classpath):
    """Without the natives of other machines, which are modules of one name."""
    others = re.compile(r"(macosx|windows|linux-arm64|linux-x86_64-gpu)[^/:]*\.jar$")
    return ":".join(jar for jar in classpath.split(":") if not others.search(jar))


def old_protobuf(folder, options):
    maven(folder, options, "dependency:copy", "-Dartifact=com.google.protobuf:protobuf-java:3.21.9", "-DoutputDirectory=old")
    return "old/protobuf-java-3.21.9.jar"


sys.exit(main(sys.argv[1:]))
