"""Measures packaging and deploying beside what people use, and writes docs/benchmarks.md. RUNS=1 for a quick try.

`bench.py --render` writes the page again from the last run's figures.
"""

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import os
import pathlib
import platform
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse

import benchmark_report
from counting_proxy import counting_proxy
from emulated_aws import ENVIRONMENT, call, emulator

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tools/bench"
WORK = ROOT / "target/bench"
CLI = ROOT / "target/standalone/lambda-node-deploy"
JAR = CLI.with_suffix(".jar")
LOG = WORK / "output.log"
RESULTS = WORK / "results.json"
AWS = WORK / "awscli/bin/aws"
RUNS = int(os.environ.get("RUNS") or 5)
PROJECTS = ("seed", "web", "large")
DEPLOYED = "web"
DEPENDENCY = "node_modules/uuid/package.json"
WARM_UP_ROUNDS = 3
HEAP_LIMIT_MB = 200
SMALL_HEAP_MB = 64
BUCKET = "bench-staging"
ROLE = "arn:aws:iam::000000000000:role/lambda-bench"
CLOUD_ENVIRONMENT = {
    **ENVIRONMENT,
    "AWS_DEFAULT_REGION": ENVIRONMENT["AWS_REGION"],
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_PAGER": "",
}
# getrusage counts in KiB, on macOS in bytes.
RUSAGE_UNIT = 1 if sys.platform == "darwin" else 1024


class Failed(Exception):
    """Something that the benchmark needs went wrong; the message says what."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one or more processes took: seconds on the clock and of all cores, peak resident memory in bytes."""

    wall: float
    cpu: float
    memory: int

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, cwd=None, env=None):
    """Runs a process to its end and says what it took."""
    command = [str(part) for part in command]
    with open(LOG, "wb") as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{' '.join(command[:6])} ... ended with {process.returncode}:\n{LOG.read_text(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RUSAGE_UNIT)


def output_of(*command):
    return subprocess.run(
        [str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)


# What is measured: projects and programs


def made_once(name, inputs, make):
    """The folder target/bench/<name>, made again where its inputs (paths) have changed."""
    folder = WORK / name
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    stamp = WORK / f"{name}.made"
    if not (stamp.exists() and stamp.read_text() == digest):
        say(f"installing {name}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        make(folder)
        stamp.write_text(digest)
    return folder


def npm_project(name, *files):
    """A folder with what the lock file names, at the same versions on every machine."""
    inputs = [SOURCE / name / "package.json", SOURCE / name / "package-lock.json", *files]

    def make(folder):
        for file in inputs:
            shutil.copy(file, folder)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    return made_once(name, inputs, make)


def install():
    for program in ("java", "node", "npm", "zip"):
        if not shutil.which(program):
            raise Failed(f"make bench needs {program} on the PATH.")
    WORK.mkdir(parents=True, exist_ok=True)
    projects = {name: npm_project(name, SOURCE / "index.js") for name in PROJECTS}
    npm_project("rivals", *sorted(path for path in (SOURCE / "rivals").iterdir() if path.suffix in (".mjs", ".py")))

    def make(folder):
        run(sys.executable, "-m", "venv", folder)
        run(folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", SOURCE / "awscli.txt")

    made_once("awscli", [SOURCE / "awscli.txt"], make)
    return projects


@contextlib.contextmanager
def kept(file):
    """The file's text; puts the file back in the end, whatever became of it."""
    content = file.read_bytes()
    try:
        yield content.decode()
    finally:
        file.write_bytes(content)


# Packaging

RIVALS = {
    "zip -r": lambda folder, file: run("zip", "-r", "-q", "-6", file, ".", cwd=folder),
    "Python zipfile": lambda folder, file: run(sys.executable, WORK / "rivals/with_zipfile.py", folder, file),
    "archiver": lambda folder, file: run("node", WORK / "rivals/archiver.mjs", folder, file),
    "adm-zip": lambda folder, file: run("node", WORK / "rivals/adm-zip.mjs", folder, file),
}


class WholeProcess:
    """This tool as its command line: a JVM for each package."""

    def __init__(self, name, folder):
        self.label = "this tool, whole process"
        self.folder = folder
        self.cache = WORK / f"{name}.process-cache"

    def package(self, file):
        return run(CLI, "package", "--dir", self.folder, "--output", file, "--install", "none", "--cache", self.cache)

    def close(self):
        shutil.rmtree(self.cache, ignore_errors=True)


class WarmJvm:
    """This tool in a JVM that has packaged before, as on an agent. The memory is the peak of its heap."""

    def __init__(self, name, folder, *options):
        self.label = "this tool, warm JVM"
        self.cache = WORK / f"{name}.warm-cache"
        self.errors = open(WORK / "warm.log", "w+b")
        self.process = subprocess.Popen(
            ["java", *options, "-cp", str(JAR), str(SOURCE / "WarmPackager.java"), str(folder), str(WORK / "tmp")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def package(self, file):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{self.cache}\t{file}\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            self.errors.seek(0)
            raise Failed("The warm JVM ended:\n" + self.errors.read().decode(errors="replace")[-2000:])
        wall, cpu, heap = map(int, answer.split())
        return Cost(wall / 1e9, cpu / 1e9, heap)

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        shutil.rmtree(self.cache, ignore_errors=True)


def contents_of(file):
    """Files in an archive and the sum of their sizes, as Python's zipfile reads them; in a process of its own, since what
    this one weighs is the least that ru_maxrss can say of its children."""
    program = ("import sys, zipfile; files = [i for i in zipfile.ZipFile(sys.argv[1]).infolist() if not i.is_dir()];"
               "print(len(files), sum(i.file_size for i in files))")
    return tuple(map(int, output_of(sys.executable, "-c", program, file).stdout.split()))


def packaging(name, folder):
    """All programs in turn on one project, RUNS times. Returns for each its costs and the size of its package, and the size
    that zip gives without user ids and times (-X)."""
    index = folder / "index.js"
    file = WORK / "package.zip"
    taken = {}

    def measure(label, package):
        file.unlink(missing_ok=True)
        os.sync()
        cost = package()
        taken.setdefault(label, []).append((cost, file.stat().st_size))

    with contextlib.ExitStack() as stack:
        original = stack.enter_context(kept(index))
        tools = [WholeProcess(name, folder), WarmJvm(name, folder)]
        for tool in tools:
            stack.callback(tool.close)
        contents = {}
        for _ in range(WARM_UP_ROUNDS):
            shutil.rmtree(tools[1].cache, ignore_errors=True)
            for _ in ("cold", "nothing changed"):
                tools[1].package(file)
        for turn in range(RUNS):
            for label, package in RIVALS.items():
                measure(label, functools.partial(package, folder, file))
                if turn == 0:
                    contents[label] = contents_of(file)
            for tool in tools:
                shutil.rmtree(tool.cache, ignore_errors=True)
                measure(f"{tool.label}, cold", functools.partial(tool.package, file))
                if turn == 0:
                    contents[tool.label] = contents_of(file)
                measure(f"{tool.label}, nothing changed", functools.partial(tool.package, file))
                index.write_text(f"{original}// {turn}\n")
                measure(f"{tool.label}, one file changed", functools.partial(tool.package, file))
                index.write_text(original)
            say(f"{name}: {turn + 1} of {RUNS}")
        file.unlink()
        run("zip", "-r", "-q", "-6", "-X", file, ".", cwd=folder)
        bare_size = file.stat().st_size
        file.unlink()
    require_same_work(name, contents)
    return {
        "files": contents["zip -r"][0],
        "bytes": contents["zip -r"][1],
        "bare_size": bare_size,
        "costs": {
            label: {
                "wall": statistics.median(cost.wall for cost, _ in costs),
                "cpu": statistics.median(cost.cpu for cost, _ in costs),
                "memory": statistics.median(cost.memory for cost, _ in costs),
                "size": statistics.median(size for _, size in costs),
            }
            for label, costs in taken.items()
        },
    }


def require_same_work(name, contents):
    """Times are worth comparing only where the archives hold the same; a few files (links, .npmrc) may differ."""
    files, size = contents["zip -r"]
    for label, (its_files, its_size) in contents.items():
        if abs(its_files - files) > files * 0.01 or abs(its_size - size) > size * 0.01:
            raise Failed(f"{name}: {label} has {its_files} files of {its_size} bytes in it, zip -r {files} of {size}.")


# Memory


def heap_peaks(projects):
    """Packages each project in a JVM that may have 200 MB of heap, and files of 20 and 200 MB in one that may have 64 MB."""
    peaks = {}
    file = WORK / "package.zip"
    for name, folder in projects.items():
        peaks[name] = heap_peak(name, folder, file, HEAP_LIMIT_MB)
    for megabytes in (20, 200):
        folder = WORK / f"one-file-of-{megabytes}-mb"
        try:
            make_large_file(folder, megabytes)
            peaks[f"one file of {megabytes} MB"] = heap_peak(folder.name, folder, file, SMALL_HEAP_MB)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    file.unlink(missing_ok=True)
    return peaks


def heap_peak(name, folder, file, limit_mb):
    jvm = WarmJvm(name, folder, f"-Xmx{limit_mb}m")
    try:
        return {"limit": limit_mb * 1024 * 1024, "peak": max(jvm.package(file).memory for _ in range(2))}
    except Failed as failure:
        say(str(failure))
        return {"limit": limit_mb * 1024 * 1024, "peak": None}
    finally:
        jvm.close()


def make_large_file(folder, megabytes):
    """A file of which one half does not compress; the same bytes on every machine."""
    folder.mkdir(exist_ok=True)
    shutil.copy(SOURCE / "index.js", folder)
    source = random.Random(megabytes)
    with open(folder / "large.bin", "wb") as file:
        for _ in range(megabytes):
            file.write(source.randbytes(500_000) + b"function large() {}\n" * 25_000)


# End to end


class ThisTool:
    """Deploys with this tool's command line, through S3."""

    def __init__(self, label, folder, endpoint, *options, install="none"):
        self.label = label
        self.name = "bench" + "".join(character for character in label + "".join(options) if character.isalpha())
        self.cache = WORK / f"{self.name}.deploy-cache"
        self.record = WORK / f"{self.name}.json"
        self.command = [
            CLI, "deploy", "--function-name", self.name, "--dir", folder, "--install", install,
            "--cache", self.cache, "--s3-bucket", BUCKET, "--s3-prefix", "lambda/", "--publish",
            "--endpoint-url", endpoint, "--result", self.record, *options]

    def create(self):
        shutil.rmtree(self.cache, ignore_errors=True)
        run(*self.command, "--create", "--role", ROLE, "--runtime", "nodejs24.x", env=CLOUD_ENVIRONMENT)

    def deploy(self):
        return run(*self.command, env=CLOUD_ENVIRONMENT)

    def package_bytes(self):
        return json.loads(self.record.read_text())["Package"].get("ZippedBytes")

    def close(self):
        shutil.rmtree(self.cache, ignore_errors=True)


class ZipAndAwsCli:
    """Deploys as AWS's guides do in a shell."""

    def __init__(self, folder, endpoint, label="zip -r and AWS CLI"):
        self.label = label
        self.name = f"bench-{''.join(character for character in label if character.isalpha())}"
        self.folder = folder
        self.file = WORK / "function.zip"
        self.key = f"{self.name}.zip"
        self.environment = {**CLOUD_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint}

    def aws(self, *arguments):
        return run(AWS, *arguments, env=self.environment)

    def stage(self):
        self.file.unlink(missing_ok=True)
        return RIVALS["zip -r"](self.folder, self.file) + self.aws("s3", "cp", self.file, f"s3://{BUCKET}/{self.key}", "--quiet")

    def create(self):
        self.stage()
        self.aws("lambda", "create-function", "--function-name", self.name, "--role", ROLE, "--runtime", "nodejs24.x",
                 "--handler", "index.handler", "--code", f"S3Bucket={BUCKET},S3Key={self.key}", "--publish")
        self.aws("lambda", "wait", "function-active-v2", "--function-name", self.name)

    def deploy(self):
        return (
            self.stage()
            + self.aws("lambda", "update-function-code", "--function-name", self.name, "--s3-bucket", BUCKET,
                       "--s3-key", self.key, "--publish")
            + self.aws("lambda", "wait", "function-updated-v2", "--function-name", self.name))

    def close(self):
        self.file.unlink(missing_ok=True)


def code_sha256(endpoint, name):
    return json.loads(call("GET", f"{endpoint}/2015-03-31/functions/{name}/configuration"))["CodeSha256"]


def end_to_end(folder):
    """
    Deploys one project in three states with each tool in turn, RUNS times, through a proxy that counts.

    Not through the server that verifies each request, as the demo does: what that takes would be in the figures.
    """
    index, dependency = folder / "index.js", folder / DEPENDENCY
    taken = {}
    shutil.rmtree(WORK / "aws", ignore_errors=True)
    (WORK / "aws").mkdir()
    with contextlib.ExitStack() as stack:
        code, manifest = stack.enter_context(kept(index)), stack.enter_context(kept(dependency))
        server = stack.enter_context(emulator(WORK / "aws"))
        endpoint, counter = stack.enter_context(counting_proxy(server))
        call("PUT", f"{server}/{BUCKET}")
        tools = [
            ThisTool("this tool", folder, endpoint),
            ThisTool("this tool, dependencies in a layer", folder, endpoint, "--dependencies=layer"),
            ZipAndAwsCli(folder, endpoint)]
        for tool in tools:
            stack.callback(tool.close)
            tool.create()
        for turn in range(RUNS):
            for state in benchmark_report.STATES:
                if state == "one line changed":
                    index.write_text(f"{code}// {turn}\n")
                elif state == "dependency changed":
                    version = json.loads(manifest)["version"]
                    dependency.write_text(manifest.replace(f'"{version}"', f'"{version}-{turn}"', 1))
                for tool in tools:
                    before = code_sha256(server, tool.name)
                    counter.take()
                    os.sync()
                    cost = tool.deploy()
                    requests = counter.take()
                    require_effect(tool, state, before != code_sha256(server, tool.name))
                    taken.setdefault(tool.label, {}).setdefault(state, []).append((cost, requests))
            say(f"end to end: {turn + 1} of {RUNS}")
        package_bytes = tools[0].package_bytes() or tools[-1].file.stat().st_size
    return {
        "project": DEPLOYED,
        "package_bytes": package_bytes,
        "tools": {label: {state: summary(runs) for state, runs in states.items()} for label, states in taken.items()},
    }


class OnAgent:
    """A tool that installs as well, in a folder of its own: kept from build to build, or empty each time but for the checkout."""

    FILES = ("index.js", "package.json", "package-lock.json")

    def __init__(self, source, kept, make):
        self.source = source
        self.kept = kept
        self.folder = WORK / f"agent-{make.__name__}"
        self.tool = make(self.folder)
        self.label = self.tool.label
        self.name = self.tool.name

    def check_out(self, code):
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)
            if isinstance(self.tool, ThisTool):
                self.tool.close()
        self.folder.mkdir(exist_ok=True)
        for name in self.FILES:
            shutil.copy(self.source / name, self.folder)
        (self.folder / "index.js").write_text(code)

    def install(self):
        """This tool installs by itself."""
        return (Cost(0, 0, 0) if isinstance(self.tool, ThisTool)
                else run("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", cwd=self.folder))

    def create(self):
        self.install()
        self.tool.create()

    def deploy(self):
        return self.install() + self.tool.deploy()

    def close(self):
        self.tool.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def agents(source):
    """Installs and deploys, unchanged and with one line changed, where the workspace is kept and where an agent starts empty."""
    code = (source / "index.js").read_text()
    taken = {}
    shutil.rmtree(WORK / "aws", ignore_errors=True)
    (WORK / "aws").mkdir()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(emulator(WORK / "aws"))
        endpoint, counter = stack.enter_context(counting_proxy(server))
        call("PUT", f"{server}/{BUCKET}")

        def kept(folder):
            return ThisTool("kept workspace", folder, endpoint, install="auto")

        def fresh(folder):
            return ThisTool("fresh agent", folder, endpoint, install="auto")

        def known(folder):
            return ThisTool("fresh agent, layer known", folder, endpoint, "--dependencies=layer", install="auto")

        def shell(folder):
            return ZipAndAwsCli(folder, endpoint, "fresh agent: npm ci, zip -r and AWS CLI")

        tools = [OnAgent(source, make is kept, make) for make in (kept, fresh, known, shell)]
        for tool in tools:
            stack.callback(tool.close)
            tool.check_out(code)
            tool.create()
        for turn in range(RUNS):
            for state in benchmark_report.AGENT_STATES:
                if state == "one line changed":
                    code += f"// {turn}\n"
                for tool in tools:
                    tool.check_out(code)
                    counter.take()
                    os.sync()
                    cost = tool.deploy()
                    taken.setdefault(tool.label, {}).setdefault(state, []).append((cost, counter.take()))
            say(f"agents: {turn + 1} of {RUNS}")
    return {label: {state: summary(runs) for state, runs in states.items()} for label, states in taken.items()}


def require_effect(tool, state, changed):
    """zip -r gives a new digest each time files are touched; a changed line must be deployed by all."""
    if state == "one line changed" and not changed:
        raise Failed(f"{tool.label}: one line changed, and the function has the code that it had.")
    if state == "unchanged" and isinstance(tool, ThisTool) and changed:
        raise Failed(f"{tool.label}: nothing changed, and the function was updated.")


def carries_package(path):
    """Whether a request's body is (part of) a package: to the bucket, to a function's code, to a layer."""
    return path.startswith(f"/{BUCKET}/") or path.endswith("/code") or "/layers/" in path


def summary(runs):
    """Medians, and the requests of the last run."""
    return {
        "wall": statistics.median(cost.wall for cost, _ in runs),
        "cpu": statistics.median(cost.cpu for cost, _ in runs),
        "calls": statistics.median(len(requests) for _, requests in runs),
        "sent": statistics.median(sum(sent for _, _, sent in requests) for _, requests in runs),
        "package_sent": statistics.median(
            sum(sent for _, path, sent in requests if carries_package(path)) for _, requests in runs),
        "requests": [f"{method} {urllib.parse.unquote(path)}" for method, path, _ in runs[-1][1]],
    }


# The machine


def machine():
    def first_line(*command):
        ran = output_of(*command)
        return (ran.stdout or ran.stderr).strip().splitlines()[0]

    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    system = platform.system()
    with contextlib.suppress(OSError):
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    zip_version = next(line for line in output_of("zip", "-v").stdout.splitlines() if line.startswith("This is Zip"))
    rivals = json.loads((SOURCE / "rivals/package.json").read_text())["dependencies"]
    java = output_of("java", "-XshowSettings:properties", "-version").stderr
    return {
        "Processor": f"{cpu}, {cores} cores",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "System": f"{system}, Linux {platform.release().split('-')[0]}" if platform.system() == "Linux" else system,
        "JVM": " ".join(re.search(rf"java\.{key} = (.*)", java).group(1) for key in ("vm.name", "runtime.version")),
        "Others": ", ".join([
            zip_version.removeprefix("This is ").split(" (")[0],
            f"Node.js {first_line('node', '--version')}",
            f"adm-zip {rivals['adm-zip']}",
            f"archiver {rivals['archiver']}",
            f"Python {platform.python_version()}",
            first_line(AWS, "--version").split()[0].replace("/", " "),
        ]),
    }


def main():
    if sys.argv[1:] == ["--render"]:
        benchmark_report.write(ROOT, json.loads(RESULTS.read_text()))
        return
    started = time.monotonic()
    projects = install()
    results = {
        "date": datetime.date.today().isoformat(),
        "runs": RUNS,
        "load": os.getloadavg()[0],
        "machine": machine(),
        "floor": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RUSAGE_UNIT,
        "packaging": {name: packaging(name, folder) for name, folder in projects.items()},
        "heap": heap_peaks(projects),
        "end_to_end": end_to_end(projects[DEPLOYED]),
        "agents": agents(projects[DEPLOYED]),
    }
    RESULTS.write_text(json.dumps(results, indent=2))
    benchmark_report.write(ROOT, results)
    say(f"docs/benchmarks.md written after {(time.monotonic() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"The benchmark failed. {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
