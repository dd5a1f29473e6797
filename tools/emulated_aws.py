"""An emulated AWS (MiniStack) on this machine, with the environment that makes AWS's tools talk to it."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ACCOUNT = "000000000000"
PATIENCE_SECONDS = 60


def free_port(preferred=0):
    """The preferred port, or another one if something listens on it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", preferred))
        except OSError:
            return free_port()
        return listener.getsockname()[1]


def call(method, url, body=None):
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


@contextlib.contextmanager
def process(command, log, **settings):
    """A process that is taken down again whatever happens. What it prints goes to the file `log`."""
    with open(log, "wb") as output:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, **settings)
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()


def await_answer(url, running, log, patience=PATIENCE_SECONDS):
    """Waits until `url` answers; ends the program where it fails, the process ends or `patience` (seconds) runs out."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return call("GET", url)
        except (urllib.error.URLError, ConnectionError) as refusal:
            failed = isinstance(refusal, urllib.error.HTTPError) and refusal.code == 500
            if failed or running.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{url} does not answer: see {log}")
            time.sleep(0.2)


@contextlib.contextmanager
def emulator(folder):
    """The address of a MiniStack whose log and temporary files are in `folder`. It takes what is not signed, too."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    log = folder / "ministack.log"
    environment = {**ENVIRONMENT, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "lambda,s3,sts,iam,monitoring,logs",
                   "TMPDIR": str(folder)}
    with process([sys.executable, "-m", "ministack"], log, env=environment) as server:
        await_answer(f"{endpoint}/_ministack/health", server, log)
        yield endpoint


@contextlib.contextmanager
def emulated_aws(folder):
    """The address of a MiniStack behind the server that refuses what AWS refuses. Logs and temporary files are in `folder`."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    log = folder / "strict_aws.log"
    with emulator(folder) as server:
        command = [sys.executable, str(pathlib.Path(__file__).with_name("strict_aws.py")), server, str(port), ACCOUNT]
        with process(command, log, env=ENVIRONMENT) as strict:
            await_answer(f"{endpoint}/_strict/counts", strict, log)
            yield endpoint


def client(service, endpoint):
    """boto3's client of a service (`lambda`, `s3`, `iam`) of the emulated AWS."""
    return boto3.client(
        service, endpoint_url=endpoint, region_name=ENVIRONMENT["AWS_REGION"],
        aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
