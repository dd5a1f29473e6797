"""A reverse proxy that counts the requests and the bytes of their bodies: an independent reader of what a tool sends."""

import contextlib
import http.client
import http.server
import threading
import urllib.parse

PIECE = 256 * 1024
# What belongs to one connection and is not passed on (RFC 9110, section 7.6.1); Expect is answered here.
OWN_HEADERS = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "expect"}


class Counter:
    """What has gone through since it was last asked. Safe to use from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._requests = []

    def add(self, method, path, body_bytes):
        with self._lock:
            self._requests.append((method, path, body_bytes))

    def take(self):
        """The requests since the last call, in the order of their ends: method, path without query, bytes of the body."""
        with self._lock:
            taken, self._requests = self._requests, []
            return taken


def _handler(host, port, counter):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def forward(self):
            self.sent = 0
            server = http.client.HTTPConnection(host, port, timeout=120)
            try:
                chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
                server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in OWN_HEADERS:
                        server.putheader(name, value)
                if chunked:
                    server.putheader("Transfer-Encoding", "chunked")
                server.endheaders()
                for piece in self.chunks() if chunked else self.sized():
                    self.sent += len(piece)
                    server.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                if chunked:
                    server.send(b"0\r\n\r\n")
                # Counted before the answer goes out, so that whoever has read it finds it counted.
                counter.add(self.command, urllib.parse.urlsplit(self.path).path, self.sent)
                self.answer(server.getresponse())
            finally:
                server.close()

        def sized(self):
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read(min(left, PIECE))
                if not piece:
                    raise ConnectionError("the client went away")
                left -= len(piece)
                yield piece

        def chunks(self):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass

        def answer(self, response):
            body = b"" if self.command == "HEAD" else response.read()
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in OWN_HEADERS and (name.lower() != "content-length" or self.command == "HEAD"):
                    self.send_header(name, value)
            if self.command != "HEAD" and response.status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    return Handler


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


@contextlib.contextmanager
def counting_proxy(target):
    """The address of a proxy in front of target, and its Counter."""
    address = urllib.parse.urlsplit(target)
    counter = Counter()
    server = _Server(("127.0.0.1", 0), _handler(address.hostname, address.port, counter))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", counter
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
