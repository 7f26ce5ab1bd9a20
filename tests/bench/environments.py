"""Where the peers live: virtual environments below build/bench, one for each set of packages that go together.

Evidently has one of its own, since its newest release cannot be imported with pandas 3. PySpark needs Java, which no wheel
brings: Debian's is installed if there is none.
"""
import os
import shutil
import subprocess
import sys

from datasets import BenchError

PACKAGES = {
    "frames": ("duckdb==2.0.*", "polars==2.1.*", "pandas==3.1.*", "scikit-learn==1.9.*", "numpy==2.4.*", "pyarrow==26.0.*"),
    "pyspark": ("pyspark==4.3.*", "numpy==2.4.*"),
    "evidently": ("evidently==0.7.*", "pandas==2.3.*", "scikit-learn==1.9.*", "numpy==2.4.*", "pyarrow==26.0.*"),
}
JAVA_PACKAGE = "openjdk-17-jre-headless"


def make(where, name):
    """The interpreter of the environment `name`, which is made if it is not there or if it was made of other packages."""
    folder = where / f"venv-{name}"
    python, stamp = folder / "bin" / "python", folder / ".complete"
    wanted = "\n".join(PACKAGES[name])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"{folder.name}: installing {' '.join(PACKAGES[name])}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[name]],
                       check=True, stdout=sys.stderr)
    except subprocess.CalledProcessError as error:
        raise BenchError(f"{folder}: cannot be made (python3-venv and a package index are needed): {error}") from error
    stamp.write_text(wanted)
    return python


def versions(python):
    """What the packages of an environment are called and which versions they have."""
    done = subprocess.run([python, "-m", "pip", "list", "--disable-pip-version-check", "--format", "freeze"],
                          check=True, stdout=subprocess.PIPE, text=True)
    return dict(line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)


def have_java():
    """Sees to it that there is a Java, and gives its version."""
    if not shutil.which("java"):
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        print(f"installing {JAVA_PACKAGE}", file=sys.stderr)
        for command in (["apt-get", "-q", "-y", "update"],
                        ["apt-get", "-q", "-y", "install", "--no-install-recommends", JAVA_PACKAGE]):
            try:
                subprocess.run([*as_root, *command], check=True, stdout=subprocess.DEVNULL,
                               env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
            except (OSError, subprocess.CalledProcessError) as error:
                raise BenchError(f"PySpark needs Java ({JAVA_PACKAGE} of Debian): {error}") from error
    done = subprocess.run(["java", "-version"], stderr=subprocess.PIPE, text=True)
    return done.stderr.partition('"')[2].partition('"')[0]  # openjdk version "17.0.15" 2025-04-15
