"""A strict AWS: a proxy in front of an emulator that refuses what AWS refuses and emulators let through.

    python tools/strict_aws.py EMULATOR PORT ACCOUNT

listens on 127.0.0.1:PORT and passes on to EMULATOR (http://127.0.0.1:9000), whose account has the ID ACCOUNT. Each request is

- authenticated: botocore computes its signature again, in the header or in a presigned URL, also of temporary credentials;
  time, scope, signed headers, payload hash, checksums and length have to be right;
- authorized: its IAM actions, and those that Lambda and S3 take on the caller's behalf, by the caller's policies.

It learns keys, policies and regions of buckets from the requests that make them. The key `test` may do everything.

Beside AWS: `PUT /_strict/keys` accepts another key with all permissions (JSON: accessKey, secretKey, sessionToken);
`GET /_strict/counts` has the numbers of verified and refused requests; `GET /_strict/used?accessKey=...` the elements of
policies that have allowed this key something, as [action, resource] of the policy's own text.

Not covered: conditions other than sts:ExternalId, permissions boundaries, resource policies other than a role's trust.
"""

import base64
import binascii
import collections
import dataclasses
import datetime
import email.utils
import fnmatch
import hashlib
import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse
import zlib
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.parsers
import botocore.session
import cbor2

ADMINISTRATOR = botocore.credentials.Credentials("test", "test")
SHA256_OF_NOTHING = hashlib.sha256(b"").hexdigest()
# Of one connection, not passed on (RFC 9110, section 7.6.1). Expect is answered here.
CONNECTION_HEADERS = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "expect"}
# How far a request's time may be off: S3's, and what Lambda's "Signature expired: ... - 5 min." says of the others.
CLOCK_SKEW = collections.defaultdict(lambda: datetime.timedelta(minutes=5), s3=datetime.timedelta(minutes=15))
LAMBDA_REQUEST_BYTES = 70_167_211
CHECKSUMS = {
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body).digest(),
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "content-md5": lambda body: hashlib.md5(body).digest(),
}
# Where the IAM action has another name than the operation (Service Authorization Reference).
LAMBDA_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
# Status, and the code that Lambda, S3, and IAM and STS have for it.
ERRORS = {
    "unsigned": (403, "MissingAuthenticationTokenException", "AccessDenied", "MissingAuthenticationToken"),
    "unknown key": (403, "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidClientTokenId"),
    "token": (403, "UnrecognizedClientException", "InvalidToken", "InvalidClientTokenId"),
    "malformed": (400, "IncompleteSignatureException", "AuthorizationHeaderMalformed", "IncompleteSignature"),
    "signature": (403, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"),
    "time": (403, "InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"),
    "denied": (403, "AccessDeniedException", "AccessDenied", "AccessDenied"),
    "hash": (403, "InvalidSignatureException", "XAmzContentSHA256Mismatch", "SignatureDoesNotMatch"),
    "digest": (400, "InvalidRequestException", "BadDigest", "InvalidRequest"),
    "request": (400, "InvalidParameterValueException", "InvalidRequest", "InvalidRequest"),
    "length": (411, "InvalidRequestException", "MissingContentLength", "InvalidRequest"),
    "large": (413, "RequestEntityTooLargeException", "EntityTooLarge", "InvalidRequest"),
    "region": (301, "ResourceNotFoundException", "PermanentRedirect", "InvalidRequest"),
    "elsewhere": (404, "ResourceNotFoundException", "NoSuchBucket", "NoSuchEntity"),
    "emulator": (502, "StrictProxyException", "StrictProxy", "StrictProxy"),
}
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and"
            " signing method. Consult the service documentation for details.")
CODE_OF = {"lambda": 0, "s3": 1, "iam": 2, "sts": 2, "monitoring": 2, "logs": 0}

_SESSION = botocore.session.get_session()
_MODELS = {service: _SESSION.get_service_model(service) for service in ("lambda", "iam", "sts")}


class Refused(Exception):
    """AWS would refuse the request: a key of ERRORS, and the message. `headers` go with the response."""

    def __init__(self, error, message, headers=()):
        super().__init__(message)
        self.error, self.message, self.headers = error, message, dict(headers)


def _lambda_routes():
    """Method, pattern of the path, query and name of each operation, the longest first."""
    routes = []
    for name in _MODELS["lambda"].operation_names:
        route = _MODELS["lambda"].operation_model(name).http
        path, _, query = route["requestUri"].partition("?")
        pattern = re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", path.rstrip("/"))
        query = set(urllib.parse.parse_qsl(query))
        routes.append((len(route["requestUri"]), route["method"], re.compile(pattern + "/?$"), query, name))
    return sorted(routes, key=lambda route: -route[0])


LAMBDA_ROUTES = _lambda_routes()


class Request:
    """A request as it was received.

    method, target (path and query as sent), headers (a Message); body is bytes, empty before it has come.
    """

    def __init__(self, method, target, headers):
        self.method, self.target, self.headers, self.body = method, target, headers, b""
        self.received = datetime.datetime.now(datetime.timezone.utc)
        self.path, _, self.raw_query = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True))
        self.parameters, self.operation = {}, ""
        if re.match(r"/20\d\d-\d\d-\d\d/", self.path):
            self.service = "lambda"
            self._route()
        elif match := re.fullmatch(r"/service/GraniteServiceVersion20100801/operation/(\w+)", self.path):
            self.service, self.operation = "monitoring", match.group(1)
        elif self.header("X-Amz-Target").startswith("GraniteServiceVersion20100801."):
            self.service, self.operation = "monitoring", self.header("X-Amz-Target").partition(".")[2]
        elif self.header("X-Amz-Target").startswith("Logs_20140328."):
            self.service, self.operation = "logs", self.header("X-Amz-Target").partition(".")[2]
        elif self.path == "/" and method == "POST":
            # STS or IAM, which only the body tells: see read.
            self.service = "sts"
        else:
            self.service = "s3"
            self.bucket, _, key = self.path[1:].partition("/")
            self.key = urllib.parse.unquote(key)

    def _route(self):
        for _, method, pattern, query, name in LAMBDA_ROUTES:
            match = method == self.method and query <= set(self.query.items()) and pattern.match(self.path)
            if match:
                self.operation = name
                self.parameters = {key: urllib.parse.unquote(value) for key, value in match.groupdict().items()}
                return

    def read(self, body):
        """Takes the body, and what it says of the operation."""
        self.body = body
        if self.service in ("lambda", "logs"):
            try:
                self.parameters.update(json.loads(body) if body.startswith(b"{") else {})
            except ValueError:
                raise Refused("request", "Could not parse request body into json") from None
        elif self.service == "sts":
            self.parameters = dict(urllib.parse.parse_qsl(body.decode()))
            self.operation = self.parameters.get("Action", "")
            self.service = "sts" if self.parameters.get("Version") == "2011-06-15" else "iam"

    def header(self, name):
        """The value, or the empty string."""
        return self.headers.get(name, "")

    @property
    def is_presigned(self):
        return "X-Amz-Signature" in self.query


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a request says of its signature."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple
    signature: str
    timestamp: str
    token: str

    @staticmethod
    def of(request):
        if request.is_presigned:
            query = request.query
            algorithm, credential = query.get("X-Amz-Algorithm"), query.get("X-Amz-Credential", "")
            headers, signature = query.get("X-Amz-SignedHeaders", ""), query["X-Amz-Signature"]
            timestamp, token = query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token", "")
            if request.header("Authorization"):
                raise Refused("request", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
                                         "query string parameter or the Authorization header should be specified")
        else:
            if not request.header("Authorization"):
                raise Refused("unsigned", "Missing Authentication Token")
            algorithm, _, text = request.header("Authorization").partition(" ")
            fields = dict(re.findall(r"(\w+)=([^,\s]+)", text))
            credential, headers = fields.get("Credential", ""), fields.get("SignedHeaders", "")
            signature = fields.get("Signature", "")
            timestamp, token = request.header("X-Amz-Date"), request.header("X-Amz-Security-Token")
        scope = credential.split("/")
        if (algorithm != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[4] != "aws4_request" or not signature
                or not re.fullmatch(r"\d{8}T\d{6}Z", timestamp) or headers != headers.lower()
                or headers.split(";") != sorted(headers.split(";"))):
            raise Refused("malformed", "The authorization header is malformed; the Credential, SignedHeaders, Signature or"
                                       " X-Amz-Date is missing or wrong")
        return Signature(*scope[:4], tuple(headers.split(";")), signature, timestamp, token)

    def check(self, request, key):
        """Refuses the request unless it is signed with this key (Credentials), in time, as AWS wants it."""
        if request.service != self.service:
            raise Refused("malformed" if request.service == "s3" else "signature",
                          f"Credential should be scoped to correct service: '{request.service}'.")
        host = re.search(r"(?:^|\.)(?:lambda|s3|sts|iam)[.-]([a-z0-9-]+)\.amazonaws\.com$", request.header("Host"))
        if host and host.group(1) != self.region:
            raise Refused("malformed" if request.service == "s3" else "signature",
                          f"Credential should be scoped to a valid region, not '{self.region}'.")
        if self.date != self.timestamp[:8]:
            raise Refused("signature", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
                                       " HTTP.")
        if (key.token or "") != self.token:
            raise Refused("token", "The security token included in the request is invalid.")
        self._check_time(request)
        for name in {name.lower() for name in request.headers.keys()}:
            if (name == "host" or name.startswith("x-amz-")) and name not in self.signed_headers:
                raise Refused("denied" if request.service == "s3" else "signature",
                              f"There were headers present in the request which were not signed: {name}")
        for name in self.signed_headers:
            if name not in request.headers:
                raise Refused("signature", f"The signed header {name} is not in the request.")
        if "host" not in self.signed_headers:
            raise Refused("signature", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
        if request.service == "s3" and not request.is_presigned and not request.header("X-Amz-Content-SHA256"):
            raise Refused("request", "Missing required header for this request: x-amz-content-sha256")
        signer, copy = self._signer(request, key), self._copy(request)
        if self.of_text(signer.string_to_sign(copy, signer.canonical_request(copy)), request, key) != self.signature:
            raise Refused("signature", MISMATCH)

    def _check_time(self, request):
        signed = datetime.datetime.strptime(self.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        skew = CLOCK_SKEW[request.service]
        if request.is_presigned:
            expires = request.query.get("X-Amz-Expires", "")
            if not expires.isdigit() or not 1 <= int(expires) <= 604_800:
                raise Refused("malformed", "X-Amz-Expires must be between 1 and 604800 seconds")
            if request.received > signed + datetime.timedelta(seconds=int(expires)):
                raise Refused("denied", "Request has expired")
            if signed > request.received + skew:
                raise Refused("denied", "Request is not valid yet")
        elif abs(request.received - signed) > skew:
            now = request.received.strftime("%Y%m%dT%H%M%SZ")
            raise Refused("time", "The difference between the request time and the current time is too large."
                          if request.service == "s3" else f"Signature expired: {self.timestamp} is now earlier than {now}")

    def of_text(self, text, request, key):
        """The signature of a string to sign, in this one's scope."""
        return self._signer(request, key).signature(text, self._copy(request))

    def _signer(self, request, key):
        if request.service != "s3":
            return botocore.auth.SigV4Auth(key, self.service, self.region)
        if request.is_presigned:
            return botocore.auth.S3SigV4QueryAuth(key, self.service, self.region)
        return botocore.auth.S3SigV4Auth(key, self.service, self.region)

    def _copy(self, request):
        """The request as botocore's signers read it, with the headers that its sender has signed."""
        query = "&".join(pair for pair in request.raw_query.split("&") if not pair.startswith("X-Amz-Signature="))
        copy = botocore.awsrequest.AWSRequest(
            request.method, f"http://{request.header('Host')}{request.path}?{query}", data=request.body)
        for name, value in request.headers.items():
            if name.lower() in self.signed_headers:
                copy.headers[name] = value
        copy.context["timestamp"] = self.timestamp
        return copy


def check_region(request, signature):
    """Refuses a function's ARN of another region than the one that is asked."""
    arn = re.match(r"arn:[\w-]+:lambda:([\w-]+):", request.parameters.get("FunctionName", ""))
    if arn and arn.group(1) != signature.region:
        raise Refused("elsewhere", f"Functions from '{arn.group(1)}' are not reachable in this region ('{signature.region}')")


def check_body(request, signature, key):
    """Refuses a body that is not the one that its headers tell of. Returns the content: without chunks' signatures."""
    told = request.header("X-Amz-Content-SHA256")
    trailers = {}
    content = request.body
    if told.startswith("STREAMING-"):
        try:
            content, trailers = _unchunked(request, signature, key)
        except ValueError:
            raise Refused("request", "The request body is not aws-chunked") from None
        if str(len(content)) != request.header("X-Amz-Decoded-Content-Length"):
            raise Refused("request", "The request body has not the length of x-amz-decoded-content-length")
        if (trailer := request.header("X-Amz-Trailer").lower()) and trailer not in trailers:
            raise Refused("request", "The trailer that x-amz-trailer names has not come")
    elif told and told != "UNSIGNED-PAYLOAD" and told != hashlib.sha256(request.body).hexdigest():
        raise Refused("hash", "The provided 'x-amz-content-sha256' header does not match what was computed."
                      if request.service == "s3" else MISMATCH)
    if request.service == "lambda" and len(request.body) > LAMBDA_REQUEST_BYTES:
        raise Refused("large", f"Request must be smaller than {LAMBDA_REQUEST_BYTES} bytes for the {request.operation} operation")
    completes = request.service == "s3" and request.method == "POST" and "uploadId" in request.query
    digests = {name.lower(): value for name, value in request.headers.items()} | trailers
    checksums = [name for name in digests if re.fullmatch(r"content-md5|x-amz-checksum-(sha|crc)\w+", name)]
    for name in checksums if not completes else ():
        # crc32c and crc64nvme are not in Python's library: left to the emulator.
        if name in CHECKSUMS and digests[name] != base64.b64encode(CHECKSUMS[name](content)).decode():
            raise Refused("digest", f"The {name} you specified did not match the calculated checksum.")
    algorithm = request.header("x-amz-sdk-checksum-algorithm").lower()
    if algorithm and request.method == "PUT" and f"x-amz-checksum-{algorithm}" not in checksums:
        raise Refused("request", "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer"
                                 " headers were found.")
    return content


def _unchunked(request, signature, key):
    """Content and trailers (lower-case names) of a body in aws-chunked encoding, whose chunks are signed or unsigned."""
    signed = "AWS4-HMAC" in request.header("X-Amz-Content-SHA256")
    previous, content, rest, trailers = signature.signature, b"", request.body, {}
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"

    def check(kind, told, *hashes):
        nonlocal previous
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", signature.timestamp, scope, previous, *hashes])
        previous = signature.of_text(text, request, key)
        if told != previous:
            raise Refused("signature", f"The signature of a {kind.lower()} does not match.")

    size = -1
    while size:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        chunk, rest = rest[:size], rest[size:]
        content += chunk
        if signed:
            told = head.partition(b"chunk-signature=")[2].decode()
            check("PAYLOAD", told, SHA256_OF_NOTHING, hashlib.sha256(chunk).hexdigest())
        rest = rest.removeprefix(b"\r\n")
    for line in rest.decode().split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "x-amz-trailer-signature":
            text = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            check("TRAILER", value, hashlib.sha256(text.encode()).hexdigest())
        elif name:
            trailers[name.lower()] = value.strip()
    return content, trailers


class Account:
    """Keys, policies, roles, buckets and encrypted objects, as they were made. Safe to use from several threads."""

    def __init__(self, account_id):
        self.id = account_id
        self._lock = threading.RLock()
        self._keys = {"test": (ADMINISTRATOR, "root")}
        self._policies = collections.defaultdict(dict)
        self._trust = {}
        self._used = collections.defaultdict(set)
        self._regions = {}
        self._bucket_keys, self._object_keys, self._uploads = {}, {}, {}
        self.counts = collections.Counter()

    def key(self, access_key):
        """Credentials and principal (`root`, `user/name`, `role/name`) of an access key."""
        with self._lock:
            if access_key not in self._keys:
                raise Refused("unknown key", "The security token included in the request is invalid.")
            return self._keys[access_key]

    def accept(self, principal, access_key, secret_key, token=None):
        with self._lock:
            self._keys[access_key] = (botocore.credentials.Credentials(access_key, secret_key, token or None), principal)

    def used(self, access_key):
        """The elements of policies that have allowed something: sorted [action, resource]."""
        with self._lock:
            return sorted(self._used[access_key])

    def count(self, what):
        with self._lock:
            self.counts[what] += 1

    def region(self, bucket):
        """A bucket's region; None where nobody has made it here."""
        with self._lock:
            return self._regions.get(bucket)

    def authorize(self, request, signature, principal):
        """Refuses the request unless the principal's policies, and a role's trust policy, allow every action that it takes."""
        if request.operation == "AssumeRole":
            self._check_trust(request, principal)
        if principal == "root":
            return
        for action, resource in self._permissions(request, signature.region):
            if not self._allows(signature.access_key, principal, action, resource):
                raise self._denial(request, principal, action, resource)

    def may_list(self, signature, principal, bucket):
        return principal == "root" or self._allows(signature.access_key, principal, "s3:ListBucket", f"arn:aws:s3:::{bucket}")

    def _allows(self, access_key, principal, action, resource):
        with self._lock:
            matches = set()
            for policy in self._policies[principal].values():
                for statement in _list(policy["Statement"]):
                    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource"}:
                        raise Refused("emulator", f"Policies with {', '.join(unknown)} are not evaluated")
                    hits = {(a, r) for a in _list(statement["Action"]) for r in _list(statement["Resource"])
                            if _matches(a.lower(), action.lower()) and _matches(r, resource)}
                    if hits and statement["Effect"] == "Deny":
                        return False
                    matches |= hits
            self._used[access_key] |= matches
            return bool(matches)

    def _denial(self, request, principal, action, resource):
        if request.service == "lambda" and action.startswith("s3:"):
            bucket, key = request.parameters.get("S3Bucket"), request.parameters.get("S3Key")
            return Refused("denied", "Your access has been denied by S3, please make sure your request credentials have permission"
                                     f" to {action[3:]} for {bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: Access"
                                     " Denied")
        where = "sts" if principal.startswith("role/") else "iam"
        name = principal.replace("role/", "assumed-role/") + "/session" if where == "sts" else principal
        return Refused("denied", f"User: arn:aws:{where}::{self.id}:{name} is not authorized to perform: {action} on resource:"
                                 f" {resource} because no identity-based policy allows the {action} action")

    def _check_trust(self, request, principal):
        role = "role/" + request.parameters["RoleArn"].rpartition("/")[2]
        principals = {"*", self.id, f"arn:aws:iam::{self.id}:root", f"arn:aws:iam::{self.id}:{principal}"}
        for statement in _list(self._trust.get(role, {"Statement": []})["Statement"]):
            named = statement.get("Principal", {})
            external = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
            if (principals & set(_list(named.get("AWS", []) if isinstance(named, dict) else named))
                    and (not external or external == request.parameters.get("ExternalId"))):
                return
        raise self._denial(request, principal, "sts:AssumeRole", request.parameters["RoleArn"])

    def _permissions(self, request, region):
        """Pairs of an action and the ARN that it is taken on (Service Authorization Reference)."""
        if request.service == "s3":
            return list(self._s3_permissions(request, region))
        if request.service == "lambda":
            return list(self._lambda_permissions(request, region))
        if request.operation == "GetCallerIdentity":
            return []
        if request.service == "monitoring":
            return [(f"cloudwatch:{request.operation}", "*")]
        if request.service == "logs":
            group = f"arn:aws:logs:{region}:{self.id}:log-group:{request.parameters.get('logGroupName', '')}"
            return [(f"logs:{request.operation}", f"{group}:log-stream:")]
        return [(f"{request.service}:{request.operation}", request.parameters.get("RoleArn", "*"))]

    def _lambda_permissions(self, request, region):
        parameters = request.parameters
        arn = f"arn:aws:lambda:{region}:{self.id}"
        resource = "*"
        if name := parameters.get("FunctionName"):
            name, _, qualifier = re.sub(r"^.*?function:", "", name).partition(":")
            qualifier = qualifier or request.query.get("Qualifier", "")
            resource = f"{arn}:function:{name}" + (f":{qualifier}" if qualifier else "")
        elif (layer := parameters.get("LayerName")) and request.operation != "ListLayerVersions":
            version = parameters.get("VersionNumber")
            resource = f"{arn}:layer:{re.sub('^.*:layer:', '', layer)}" + (f":{version}" if version else "")
        if not request.operation:
            raise Refused("emulator", f"No operation of Lambda has {request.method} {request.path}")
        yield "lambda:" + LAMBDA_ACTIONS.get(request.operation, request.operation), resource
        code = parameters | parameters.get("Code", {}) | parameters.get("Content", {})
        if "S3Bucket" in code:
            version = "S3ObjectVersion" in code
            parameters.update(S3Bucket=code["S3Bucket"], S3Key=code["S3Key"])
            yield "s3:GetObjectVersion" if version else "s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}"
            yield from self._decrypts(code["S3Bucket"], code["S3Key"], region)
        if "Role" in parameters:
            yield "iam:PassRole", parameters["Role"]
        for layer in parameters.get("Layers", []):
            yield "lambda:GetLayerVersion", layer
        if key := parameters.get("SourceKMSKeyArn") or code.get("SourceKMSKeyArn"):
            # Lambda uses the key in the caller's name (Lambda Developer Guide, Data encryption at rest).
            yield "kms:GenerateDataKey", key
            yield "kms:Decrypt", key

    def _s3_permissions(self, request, region):
        query, method = request.query, request.method
        bucket = f"arn:aws:s3:::{request.bucket}"
        if not request.key:
            names = {
                "uploads": "ListBucketMultipartUploads",
                "location": "GetBucketLocation",
                "versioning": "GetBucketVersioning",
            }
            name = next((names[part] for part in query if part in names), "ListBucket")
            if method not in ("GET", "HEAD") or {"acl", "policy", "encryption", "tagging"} & set(query):
                raise Refused("emulator", f"No IAM action is known for {method} {request.target}")
            yield f"s3:{name}", bucket
            return
        version = "Version" if "versionId" in query else ""
        name = {
            "GET": "ListMultipartUploadParts" if "uploadId" in query else f"GetObject{version}",
            "HEAD": f"GetObject{version}",
            "PUT": "PutObject",
            "POST": "PutObject",
            "DELETE": "AbortMultipartUpload" if "uploadId" in query else f"DeleteObject{version}",
        }[method]
        yield f"s3:{name}", f"{bucket}/{request.key}"
        if "x-amz-tagging" in request.headers:
            yield "s3:PutObjectTagging", f"{bucket}/{request.key}"
        if "x-amz-acl" in request.headers:
            yield "s3:PutObjectAcl", f"{bucket}/{request.key}"
        if method == "PUT" and "partNumber" in query:
            # A part is encrypted with the upload's data key, which is decrypted for it (S3 API reference, UploadPart).
            with self._lock:
                key = self._uploads.get(query["uploadId"], ("", None))[1]
            if key:
                yield "kms:Decrypt", self._kms_arn(key, region)
        elif method in ("PUT", "POST") and "uploadId" not in query:
            if key := self._encryption(request):
                yield "kms:GenerateDataKey", self._kms_arn(key, region)
        elif method == "GET" or method == "HEAD" and request.header("x-amz-checksum-mode").upper() == "ENABLED":
            yield from self._decrypts(request.bucket, request.key, region)

    def _encryption(self, request):
        """The KMS key that a new object gets: the request's, or else the bucket's; None without one."""
        if request.header("x-amz-server-side-encryption") == "AES256":
            return None
        with self._lock:
            return request.header("x-amz-server-side-encryption-aws-kms-key-id") or self._bucket_keys.get(request.bucket)

    def _decrypts(self, bucket, key, region):
        with self._lock:
            kms_key = self._object_keys.get((bucket, key))
        if kms_key:
            yield "kms:Decrypt", self._kms_arn(kms_key, region)

    def _kms_arn(self, key, region):
        return key if key.startswith("arn:") else f"arn:aws:kms:{region}:{self.id}:" + (key if "/" in key else f"key/{key}")

    def check_upload(self, request):
        """Refuses the end of an upload that was begun with a checksum algorithm and lacks a part's checksum."""
        if request.service == "s3" and request.method == "POST" and "uploadId" in request.query:
            with self._lock:
                algorithm = self._uploads.get(request.query["uploadId"], ("", None))[0]
            for part in ElementTree.fromstring(request.body).iter() if algorithm else ():
                if part.tag.endswith("}Part") and not any(e.tag.endswith(f"}}Checksum{algorithm}") and e.text for e in part):
                    raise Refused("request", f"The upload was created using a {algorithm.lower()} checksum. The complete request"
                                             " must include the checksum for each part.")

    def learn(self, request, signature, body):
        """Takes from a successful request, and the response's body, what later requests are judged by."""
        with self._lock:
            if request.service in ("iam", "sts"):
                self._learn_identity(request, body)
            elif request.service == "s3" and not request.key:
                self._learn_bucket(request, signature)
            elif request.service == "s3" and request.method in ("PUT", "POST"):
                self._learn_object(request, body)

    def _learn_identity(self, request, body):
        form = request.parameters
        user, role = f"user/{form.get('UserName')}", f"role/{form.get('RoleName')}"
        if request.operation == "CreateAccessKey":
            key = _parsed("iam", "CreateAccessKey", body)["AccessKey"]
            self.accept("user/" + key["UserName"], key["AccessKeyId"], key["SecretAccessKey"])
        elif request.operation == "AssumeRole":
            key = _parsed("sts", "AssumeRole", body)["Credentials"]
            name = form["RoleArn"].rpartition("/")[2]
            self.accept(f"role/{name}", key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
        elif request.operation in ("PutUserPolicy", "PutRolePolicy"):
            owner = user if request.operation == "PutUserPolicy" else role
            self._policies[owner][form["PolicyName"]] = json.loads(form["PolicyDocument"])
        elif request.operation == "CreateRole":
            self._trust[role] = json.loads(form["AssumeRolePolicyDocument"])

    def _learn_bucket(self, request, signature):
        if request.method == "DELETE" and not request.query:
            self._regions.pop(request.bucket, None)
        elif request.method == "PUT" and not request.query:
            constraint = re.search(rb"<LocationConstraint>([^<]+)<", request.body)
            self._regions[request.bucket] = constraint.group(1).decode() if constraint else signature.region
        elif request.method == "PUT" and "encryption" in request.query:
            key = re.search(rb"<KMSMasterKeyID>([^<]+)<", request.body)
            self._bucket_keys[request.bucket] = key and key.group(1).decode()

    def _learn_object(self, request, body):
        place = (request.bucket, request.key)
        if request.method == "POST" and "uploads" in request.query:
            upload = re.search(rb"<UploadId>([^<]+)<", body).group(1).decode()
            self._uploads[upload] = (request.header("x-amz-checksum-algorithm").upper(), self._encryption(request))
        elif request.method == "POST":
            self._object_keys[place] = self._uploads.pop(request.query["uploadId"], ("", None))[1]
        elif "partNumber" not in request.query:
            self._object_keys[place] = self._encryption(request)


def _list(value):
    return value if isinstance(value, list) else [value]


def _matches(pattern, text):
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _parsed(service, operation, body):
    """A query service's response as botocore reads it."""
    shape = _MODELS[service].operation_model(operation).output_shape
    return botocore.parsers.create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, shape)


class Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, emulator, port, account_id):
        super().__init__(("127.0.0.1", port), Handler)
        address = urllib.parse.urlsplit(emulator)
        self.emulator = (address.hostname, address.port)
        self.account = Account(account_id)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def forward(self, method, target, headers, body):
        """Status, reason, headers (pairs) and body of the emulator's response."""
        connection = http.client.HTTPConnection(*self.emulator, timeout=300)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                if name.lower() not in CONNECTION_HEADERS:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.reason, response.getheaders(), response.read()
        finally:
            connection.close()

    def sha256_of_object(self, code, region):
        """SHA-256 of an object of the emulator's S3, in base64."""
        target = urllib.parse.quote(f"/{code['S3Bucket']}/{code['S3Key']}")
        if version := code.get("S3ObjectVersion"):
            target += "?" + urllib.parse.urlencode({"versionId": version})
        request = botocore.awsrequest.AWSRequest("GET", "http://%s:%d" % self.emulator + target)
        botocore.auth.S3SigV4Auth(ADMINISTRATOR, "s3", region).add_auth(request)
        headers = [("Host", "%s:%d" % self.emulator), *request.headers.items()]
        return _sha256(self.forward("GET", target, headers, None)[3])


def _sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        """Lets the body come, or refuses the request by its head, as S3 does."""
        request = Request(self.command, self.target, self.headers)
        if request.service == "s3":
            try:
                self.check_head(request)
            except Refused as refusal:
                self.close_connection = True
                self.refuse(request, refusal)
                return False
        return super().handle_expect_100()

    def check_head(self, request):
        """What can be judged before the body comes. Returns the signature, its key and the key's principal."""
        account = self.server.account
        signature = Signature.of(request)
        key, principal = account.key(signature.access_key)
        if request.service == "s3":
            signature.check(request, key)
            region = account.region(request.bucket)
            if region and region != signature.region:
                raise Refused("region", "The bucket you are attempting to access must be addressed using the specified endpoint."
                                        " Please send all future requests to this endpoint.", {"x-amz-bucket-region": region})
            account.authorize(request, signature, principal)
            if request.method == "PUT" and "Content-Length" not in request.headers:
                raise Refused("length", "You must provide the Content-Length HTTP header.")
        return signature, key, principal

    @property
    def target(self):
        """Path and query as they were sent; of a client that takes this for its proxy, too."""
        return re.sub("^http://[^/]*", "", self.requestline.split(" ")[1])

    def serve(self):
        target = self.target
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        if target.startswith("/_strict/"):
            self.control(target, body)
            return
        request = Request(self.command, target, self.headers)
        account = self.server.account
        try:
            request.read(body)
            signature, key, principal = self.check_head(request)
            if request.service != "s3":
                signature.check(request, key)
                check_region(request, signature)
                account.authorize(request, signature, principal)
            content = check_body(request, signature, key)
            if request.service == "s3":
                account.check_upload(request)
            account.count("verified")
            if request.operation == "FilterLogEvents":
                response = self.filter_log_events(request.parameters)
            else:
                response = self.server.forward(self.command, target, self.headers.items(), body)
            if response[0] < 300:
                account.learn(request, signature, response[3])
                self.check_response(request, signature, response[3])
            elif response[0] == 404 and request.service == "s3" and request.key and not account.may_list(
                    signature, principal, request.bucket):
                raise Refused("denied", "Access Denied")
            self.reply(*response)
        except Refused as refusal:
            self.refuse(request, refusal)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = serve

    def filter_log_events(self, parameters):
        """The response to FilterLogEvents with a prefix of streams and a pattern of ?terms, which the emulators do not know."""
        known = {name: value for name, value in parameters.items() if name not in ("logStreamNamePrefix", "filterPattern")}
        body = json.dumps(known).encode()
        headers = [(name, value) for name, value in self.headers.items() if name.lower() != "content-length"]
        status, reason, headers, body = self.server.forward("POST", "/", [*headers, ("Content-Length", len(body))], body)
        if status == 200:
            terms = [quoted or plain for quoted, plain in
                     re.findall(r'\?(?:"([^"]+)"|(\S+))', parameters.get("filterPattern", ""))] or [""]
            response = json.loads(body)
            response["events"] = [event for event in response["events"]
                                  if event["logStreamName"].startswith(parameters.get("logStreamNamePrefix", ""))
                                  and any(term in event["message"] for term in terms)]
            body = json.dumps(response).encode()
        return status, reason, headers, body

    def check_response(self, request, signature, body):
        """Refuses a CodeSha256 that is not the code's."""
        takes_code = request.operation in ("CreateFunction", "UpdateFunctionCode", "PublishLayerVersion")
        if not takes_code or request.parameters.get("DryRun"):
            return
        response = json.loads(body)
        code = request.parameters | request.parameters.get("Code", {}) | request.parameters.get("Content", {})
        if "ZipFile" in code:
            sha256 = _sha256(base64.b64decode(code["ZipFile"]))
        elif "S3Key" in code:
            sha256 = self.server.sha256_of_object(code, signature.region)
        else:
            return
        told = response.get("Content", response)["CodeSha256"]
        if told != sha256:
            raise Refused("emulator", f"{request.operation}: CodeSha256 is {told}, that of the code {sha256}")

    def control(self, target, body):
        account = self.server.account
        path, _, query = target.partition("?")
        result = {}
        if path == "/_strict/keys":
            key = json.loads(body)
            account.accept("root", key["accessKey"], key["secretKey"], key.get("sessionToken"))
        elif path == "/_strict/used":
            result = account.used(urllib.parse.parse_qs(query)["accessKey"][0])
        elif path == "/_strict/counts":
            result = account.counts
        self.reply(200, "OK", [("Content-Type", "application/json")], json.dumps(result).encode())

    def refuse(self, request, refusal):
        self.server.account.count(f"refused: {refusal.error}")
        print(f"Refused ({refusal.error}): {request.method} {request.path}: {refusal.message}", flush=True)
        status, *codes = ERRORS[refusal.error]
        code = codes[CODE_OF[request.service]]
        headers = {"x-amzn-RequestId": "strict", "Date": email.utils.formatdate(usegmt=True), **refusal.headers}
        if request.service == "lambda":
            headers |= {"x-amzn-ErrorType": code, "Content-Type": "application/json"}
            body = json.dumps({"Message": refusal.message})
        elif request.service == "logs":
            # Of all refusals the status is 400 in the protocol AWS JSON 1.1.
            status = 400
            headers["Content-Type"] = "application/x-amz-json-1.1"
            body = json.dumps({"__type": code, "message": refusal.message})
        elif request.service == "monitoring":
            headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
            body = cbor2.dumps({"__type": f"com.amazonaws.cloudwatch#{code}", "message": refusal.message})
        else:
            headers["Content-Type"] = "application/xml"
            error = f"<Error><Code>{code}</Code><Message>{escape(refusal.message)}</Message></Error>"
            body = error if request.service == "s3" else f"<ErrorResponse>{error}<RequestId>strict</RequestId></ErrorResponse>"
        self.reply(status, code, headers.items(), body if isinstance(body, bytes) else body.encode())

    def reply(self, status, reason, headers, body):
        is_head = self.command == "HEAD"
        self.send_response_only(status, reason)
        for name, value in headers:
            if name.lower() not in CONNECTION_HEADERS and (is_head or name.lower() != "content-length"):
                self.send_header(name, value)
        if not is_head and status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not is_head:
            self.wfile.write(body)


if __name__ == "__main__":
    Proxy(sys.argv[1], int(sys.argv[2]), sys.argv[3]).serve_forever()
