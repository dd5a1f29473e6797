"""Deploys the examples to an emulated AWS with the command line, two of them through S3 too, and invokes them."""

import json
import pathlib
import shutil
import subprocess
import sys
import time

from emulated_aws import ENVIRONMENT, client, emulated_aws

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLI = ROOT / "target/standalone/lambda-node-deploy"
WORK = ROOT / "target/demo"
BUCKET = "demo-staging"


def title(text):
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def deploy(endpoint, name, project, *options):
    record = WORK / f"{name}.json"
    command = [str(CLI), "deploy", "--function-name", name, "--dir", str(project),
               "--endpoint-url", endpoint, "--publish", "--alias", "live", "--result", str(record),
               "--create", "--role", "arn:aws:iam::000000000000:role/lambda-demo", "--runtime", "nodejs24.x", "--timeout", "30",
               *options]
    subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, check=True)
    return json.loads(record.read_text())


def invoke(endpoint, name):
    answer = client("lambda", endpoint).invoke(FunctionName=name, Qualifier="live", Payload=b'{"name": "Jenkins"}')
    return json.load(answer["Payload"])


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"The demo failed: {what} is {found!r}, not {wanted!r}.")


def walk_through(endpoint, example, name, source, word, *options):
    project = WORK / name
    shutil.copytree(ROOT / "examples" / example, project, ignore=shutil.ignore_patterns("node_modules", "dist"))

    title(f"{name}: the first deployment creates the function")
    first = deploy(endpoint, name, project, *options)
    expect("Outcome", first["Outcome"], "created")
    answer = invoke(endpoint, name)
    print(f"invoked: {json.dumps(answer)}")
    expect("statusCode", answer["statusCode"], 200)

    title(f"{name}: nothing changed")
    second = deploy(endpoint, name, project, *options)
    expect("Outcome", second["Outcome"], "unchanged")
    expect("CodeSha256", second["CodeSha256"], first["CodeSha256"])

    title(f"{name}: one line of {source} changed")
    source = project / source
    source.write_text(source.read_text().replace(word, f"{word} again"))
    third = deploy(endpoint, name, project, *options)
    expect("Outcome", third["Outcome"], "updated")
    answer = invoke(endpoint, name)
    print(f"invoked: {json.dumps(answer)}")
    if f"{word} again" not in answer["body"]:
        sys.exit(f"The demo failed: the new code did not answer: {answer!r}")
    configuration = client("lambda", endpoint).get_function_configuration(FunctionName=name)
    expect("CodeSha256 on the server", configuration["CodeSha256"], third["CodeSha256"])
    third["Package"]["Heaviest"] = third["Package"]["Heaviest"][:2]
    print(f"recorded: {json.dumps(third, indent=2)}")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    start = time.monotonic()
    with emulated_aws(WORK) as endpoint:
        client("s3", endpoint).create_bucket(Bucket=BUCKET)
        through_s3 = ("--s3-bucket", BUCKET, "--s3-prefix", "lambda/", "--s3-threshold", "0")
        walk_through(endpoint, "hello", "hello", "index.js", "Hello")
        walk_through(endpoint, "hello", "hello-through-s3", "index.js", "Hello", *through_s3)
        walk_through(endpoint, "xray", "xray", "index.js", "Traced")
        walk_through(endpoint, "xray", "xray-through-s3", "index.js", "Traced", *through_s3)
        build = ("--build", "npm run build", "--code-dir", "dist")
        walk_through(endpoint, "typescript", "typescript", "src/greeting.ts", "Compiled", *build)
        walk_through(endpoint, "esbuild", "esbuild", "src/index.ts", "Bundled", *build, "--dependencies", "none")
    print(f"\nDone in {time.monotonic() - start:.0f} s: four examples, two of them through S3 too, created, left alone, updated.")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failed:
        sys.exit(f"The demo failed: the command line ended with exit status {failed.returncode}.")
