"""Sends good and broken requests to the strict proxy at argv[1], signed by botocore, and prints what each gets.

A line for each: what it is, the status, AWS's code.
"""

import base64
import datetime
import hashlib
import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse
import zlib

import boto3
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

sys.path.insert(0, "tools")
import strict_aws

ENDPOINT = sys.argv[1]
HOST = urllib.parse.urlsplit(ENDPOINT).netloc
REGION = "eu-west-1"
KEY = Credentials("test", "test")
NOW = botocore.auth.get_current_datetime
FUNCTIONS = "/2015-03-31/functions/"


def client(service, region=REGION):
    return boto3.client(
        service, endpoint_url=ENDPOINT, region_name=region, aws_access_key_id="test", aws_secret_access_key="test")


def signed(method, target, body=b"", headers=(), service="lambda", key=KEY, minutes_ago=0, expires=None):
    """Target and headers with a signature of so many minutes ago; in the query where it expires (seconds)."""
    botocore.auth.get_current_datetime = lambda: NOW() - datetime.timedelta(minutes=minutes_ago)
    request = AWSRequest(method, ENDPOINT + target, data=body, headers={"Host": HOST, **dict(headers)})
    if expires:
        botocore.auth.S3SigV4QueryAuth(key, "s3", REGION, expires).add_auth(request)
    elif target.startswith("/20"):
        botocore.auth.SigV4Auth(key, service, REGION).add_auth(request)
    else:
        botocore.auth.S3SigV4Auth(key, "s3" if service == "lambda" else service, REGION).add_auth(request)
    botocore.auth.get_current_datetime = NOW
    return request.url.removeprefix(ENDPOINT), dict(request.headers.items())


def send(what, method, target, headers, body=b"", length=True):
    connection = http.client.HTTPConnection(HOST, timeout=30)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if length:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body if "Expect" not in headers else None)
    response = connection.getresponse()
    xml = re.search(rb"<Code>(\w+)</Code>", response.read())
    code = response.headers.get("x-amzn-ErrorType") or (xml.group(1).decode() if xml else "")
    print(f"{what}: {response.status} {code}".strip())


def sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


client("s3").create_bucket(Bucket="strict-here", CreateBucketConfiguration={"LocationConstraint": REGION})
client("s3", "us-west-2").create_bucket(Bucket="strict-there", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

# Signatures in the header.
path = FUNCTIONS + "nobody/configuration"
code = FUNCTIONS + "nobody/code"
send("good", "GET", *signed("GET", path))
here, there = (FUNCTIONS + urllib.parse.quote(f"arn:aws:lambda:{region}:000000000000:function:nobody") + "/configuration"
               for region in (REGION, "us-west-2"))
send("good, an ARN in the path", "GET", *signed("GET", here))
send("wrong secret", "GET", *signed("GET", path, key=Credentials("test", "other")))
send("unknown key", "GET", *signed("GET", path, key=Credentials("AKIANOBODYS", "test")))
send("no signature", "GET", path, {"Host": HOST})
send("a token that the key has not", "GET", *signed("GET", path, key=Credentials("test", "test", "token")))
send("another path", "GET", FUNCTIONS + "other/configuration", signed("GET", path)[1])
send("another query", "GET", path + "?Qualifier=2", signed("GET", path + "?Qualifier=1")[1])
send("altered body", "PUT", *signed("PUT", code, b'{"DryRun": true}'), b'{"DryRun": null}')
target, headers = signed("GET", path)
send("a header of AWS that is not signed", "GET", target, headers | {"x-amz-meta": "1"})
send("a signed header is missing", "GET", target, {name: value for name, value in headers.items() if name != "X-Amz-Date"})
send("another value of a signed header", "GET", target, signed("GET", path, headers={"X-Custom": "1"})[1] | {"X-Custom": "2"})
send("4 minutes old", "GET", *signed("GET", path, minutes_ago=4))
send("6 minutes old", "GET", *signed("GET", path, minutes_ago=6))
send("6 minutes early", "GET", *signed("GET", path, minutes_ago=-6))
send("another service's scope", "GET", *signed("GET", path, service="s3"))
send("another region's function", "GET", *signed("GET", there))
send("another region's endpoint", "GET", *signed("GET", path, headers={"Host": "lambda.us-west-2.amazonaws.com"}))
send("its own region's endpoint", "GET", *signed("GET", path, headers={"Host": "lambda.eu-west-1.amazonaws.com"}))
send("larger than Lambda takes", "PUT", *signed("PUT", code, bytes(70_167_212)), bytes(70_167_212))

# S3, with the signature in the header.
put = ("PUT", "/strict-here/key")
send("S3, good", "PUT", *signed(*put, b"x"), b"x")
send("S3, 14 minutes old", "PUT", *signed(*put, b"x", minutes_ago=14), b"x")
send("S3, 16 minutes old", "PUT", *signed(*put, b"x", minutes_ago=16), b"x")
send("S3, altered body", "PUT", *signed(*put, b"x"), b"y")
send("S3, wrong secret", "PUT", *signed(*put, b"x", key=Credentials("test", "other")), b"x")
send("S3, another service's scope", "PUT", *signed(*put, b"x", service="lambda-edge"), b"x")
for name, digest in (("x-amz-checksum-sha256", lambda body: hashlib.sha256(body).digest()),
                     ("x-amz-checksum-crc32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
                     ("Content-MD5", lambda body: hashlib.md5(body).digest())):
    for what, content in (("right", b"x"), ("wrong", b"y")):
        checksum = {name: base64.b64encode(digest(content)).decode()}
        send(f"S3, {what} {name}", "PUT", *signed(*put, b"x", checksum), b"x")
send("S3, no checksum of the algorithm", "PUT", *signed(*put, b"x", {"x-amz-sdk-checksum-algorithm": "SHA256"}), b"x")
send("S3, no length", "PUT", *signed(*put), length=False)
send("S3, bucket of another region", "PUT", *signed("PUT", "/strict-there/key", b"x"), b"x")
for what, checksum in (("right", zlib.crc32(b"hello")), ("wrong", 1)):
    trailer = base64.b64encode(checksum.to_bytes(4, "big")).decode()
    body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{trailer}\r\n\r\n".encode()
    request = AWSRequest("PUT", ENDPOINT + put[1], data=body, headers={
        "Host": HOST, "Content-Encoding": "aws-chunked", "X-Amz-Trailer": "x-amz-checksum-crc32",
        "X-Amz-Decoded-Content-Length": "5"})
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    botocore.auth.S3SigV4Auth(KEY, "s3", REGION).add_auth(request)
    send(f"S3, {what} trailing checksum", "PUT", put[1], dict(request.headers.items()), body)

# Presigned URLs.
checksum = {"x-amz-checksum-sha256": sha256(b"x")}
target, headers = signed(*put, headers=checksum, expires=900)
send("URL, good", "PUT", target, headers, b"x")
send("URL, without its checksum", "PUT", target, {"Host": HOST}, b"x")
send("URL, another checksum", "PUT", target, headers | {"x-amz-checksum-sha256": sha256(b"y")}, b"y")
send("URL, another body", "PUT", target, headers, b"y")
send("URL, another key", "PUT", target.replace("/key", "/other"), headers, b"x")
send("URL, longer valid", "PUT", target.replace("Expires=900", "Expires=901"), headers, b"x")
send("URL, a header of AWS that is not signed", "PUT", target, headers | {"x-amz-acl": "public-read"}, b"x")
target, headers = signed(*put, headers=checksum, expires=900, minutes_ago=16)
send("URL, expired", "PUT", target, headers, b"x")
send("URL, expired, before the body", "PUT", target, headers | {"Expect": "100-continue"}, b"x")

# Uploads in parts.
s3 = client("s3")
upload = s3.create_multipart_upload(Bucket="strict-here", Key="parts", ChecksumAlgorithm="SHA256")["UploadId"]
part = s3.upload_part(Bucket="strict-here", Key="parts", UploadId=upload, PartNumber=1, Body=b"x", ChecksumSHA256=sha256(b"x"))
for what, digest in (("without its part's", ""), ("with its part's", f"<ChecksumSHA256>{sha256(b'x')}</ChecksumSHA256>")):
    body = ('<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><ETag>%s</ETag>'
            "<PartNumber>1</PartNumber>%s</Part></CompleteMultipartUpload>" % (part["ETag"], digest)).encode()
    send(f"upload {what} checksum", "POST", *signed("POST", f"/strict-here/parts?uploadId={upload}", body), body)

# Who may do what.
iam = client("iam")
iam.create_user(UserName="strict")
made = iam.create_access_key(UserName="strict")["AccessKey"]
user = Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def allow(*statements):
    iam.put_user_policy(UserName="strict", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": action, "Resource": resource} for effect, action, resource in statements]}))


arn = "arn:aws:lambda:eu-west-1:000000000000:function:nobody"
update = b'{"S3Bucket": "strict-here", "S3Key": "key"}'
read, change = ("Allow", "lambda:GetFunctionConfiguration", arn), ("Allow", "lambda:UpdateFunctionCode", arn)
send("no policy", "GET", *signed("GET", path, key=user))
allow(read)
send("allowed", "GET", *signed("GET", path, key=user))
send("allowed, not for a version", "GET", *signed("GET", path + "?Qualifier=1", key=user))
send("allowed, not for another function", "GET", *signed("GET", FUNCTIONS + "other/configuration", key=user))
allow(("Allow", "lambda:*", "*"), ("Deny", "lambda:Get*", arn))
send("denied", "GET", *signed("GET", path, key=user))
allow(change)
send("the code is in a bucket that may not be read", "PUT", *signed("PUT", code, update, key=user), update)
allow(change, ("Allow", "s3:GetObject", "arn:aws:s3:::strict-here/*"))
send("the code is in a bucket that may be read", "PUT", *signed("PUT", code, update, key=user), update)
versioned = update.replace(b"}", b', "S3ObjectVersion": "1"}')
send("a version of it may not be read", "PUT", *signed("PUT", code, versioned, key=user), versioned)
send("an object is not there, in a bucket that may not be listed", "GET", *signed("GET", "/strict-here/none", key=user))
create = b'{"FunctionName": "nobody", "Role": "arn:aws:iam::000000000000:role/none", "Code": {}}'
allow(("Allow", "lambda:CreateFunction", arn))
send("a role may not be passed", "POST", *signed("POST", FUNCTIONS[:-1], create, key=user), create)
kms = {"x-amz-server-side-encryption": "aws:kms",
       "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:000000000000:key/1"}
allow(("Allow", "s3:PutObject", "arn:aws:s3:::strict-here/*"))
send("a KMS key may not be used", "PUT", *signed(*put, b"x", kms, key=user), b"x")


# An emulator whose Lambda has other bytes than it was sent.
class Lying(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        body = json.dumps({"CodeSha256": sha256(b"other")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


lying = http.server.HTTPServer(("127.0.0.1", 0), Lying)
proxy = strict_aws.Proxy(f"http://127.0.0.1:{lying.server_port}", 0, "000000000000")
for server in lying, proxy:
    threading.Thread(target=server.serve_forever, daemon=True).start()
strict_aws.print = lambda *_, **__: None
ENDPOINT, HOST = f"http://127.0.0.1:{proxy.server_port}", f"127.0.0.1:{proxy.server_port}"
body = json.dumps({"ZipFile": base64.b64encode(b"sent").decode()}).encode()
send("another CodeSha256 than the code's", "PUT", *signed("PUT", code, body), body)
