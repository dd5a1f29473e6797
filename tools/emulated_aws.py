"""An emulated AWS (MiniStack) on this machine, with the environment that makes AWS's tools talk to it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ENVIRONMENT.pop("AWS_PROFILE", None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def call(method, url, body=None):
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


@contextlib.contextmanager
def emulated_aws(work):
    """The address of a MiniStack that keeps its files in the folder work and is taken down again whatever happens."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    log = open(work / "ministack.log", "wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**ENVIRONMENT, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "lambda,s3,sts,iam",
             "TMPDIR": str(work)},
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                call("GET", f"{endpoint}/_ministack/health")
                break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"The emulator did not start: see {log.name}")
                time.sleep(0.1)
        yield endpoint
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()
