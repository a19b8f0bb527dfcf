"""The Lambda Runtime API and the part of the Extensions API that runtimes use.

Sources: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
runtimes" and "Using the Lambda Extensions API to create extensions".
"""

import base64
import json
import threading
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUNTIME = "/2018-06-01/runtime"
EXTENSION = "/2020-01-01/extension"

# AWS's limit of an answer, in bytes: 6 MiB and a little for its frame.
MAX_RESPONSE = 6 * 1024 * 1024 + 100

ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"


@dataclass(frozen=True)
class Invocation:
    """What a function is asked. The deadline is in milliseconds since 1970."""

    request_id: str
    arn: str
    payload: bytes
    deadline_ms: int
    trace_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a function answered, or the document of its error."""

    payload: bytes
    failed: bool


def error_outcome(kind: str, message: str) -> Outcome:
    """An error in the form in which AWS tells it."""
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


class RuntimeApi:
    """Serves one function process on a loopback port, one invocation at a time.

    Whoever waits on ``changed`` is woken by everything that the process does.
    """

    def __init__(self, name: str, version: str, handler: str):
        self.changed = threading.Condition()
        self.polled = False  # it asked for an invocation: it has started
        self.extended = False  # it registered to hear of the shutdown
        self.init_failure: Outcome | None = None
        self.outcome: Outcome | None = None
        self._about = {"functionName": name, "functionVersion": version, "handler": handler}
        self._waiting: Invocation | None = None
        self._running: Invocation | None = None
        self._closed = False
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, daemon=True, name=f"runtime-api-{name}").start()

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    def offer(self, invocation: Invocation) -> None:
        """Gives the process something to do when it next asks."""
        with self.changed:
            self.outcome, self._waiting = None, invocation
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self._closed = True
            self.changed.notify_all()
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        self._server.shutdown()  # takes up to half a second, for which nobody waits
        self._server.server_close()

    # What the process calls:

    def next(self) -> Invocation | None:
        """Waits for an invocation; None when there will be none."""
        with self.changed:
            self.polled = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self._waiting or self._closed)
            self._running, self._waiting = self._waiting, None
            return self._running

    def report(self, request_id: str, outcome: Outcome) -> bool:
        """Takes the outcome of the running invocation; False for any other."""
        with self.changed:
            if self._running is None or self._running.request_id != request_id:
                return False
            self.outcome, self._running = outcome, None
            self.changed.notify_all()
            return True

    def fail_init(self, outcome: Outcome) -> None:
        with self.changed:
            self.init_failure = outcome
            self.changed.notify_all()

    def register(self) -> dict[str, str]:
        with self.changed:
            self.extended = True
        return self._about

    def wait_for_shutdown(self) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self._closed)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi

    def handle_error(self, request, client_address):
        """A process that ends drops its connections; there is nobody to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each call waits for a delayed acknowledgement
    wbufsize = -1  # head and body in one piece
    server: _Server

    def log_message(self, *_):
        """What functions ask for is no news."""

    def do_GET(self):  # noqa: N802, the base class's name
        if self.path == RUNTIME + "/invocation/next":
            self._next()
        elif self.path == EXTENSION + "/event/next":
            self.server.api.wait_for_shutdown()
            self.close_connection = True
        else:
            self._answer(404, {"errorType": "NotFound", "errorMessage": self.path})

    def do_POST(self):  # noqa: N802, the base class's name
        api, body, trailer = self.server.api, *self._body()
        match self.path.removeprefix(RUNTIME).split("/"):
            case ["", "invocation", request_id, "response"]:
                self._accept(api.report(request_id, _response(body, trailer)))
            case ["", "invocation", request_id, "error"]:
                self._accept(api.report(request_id, Outcome(body, failed=True)))
            case ["", "init", "error"]:
                api.fail_init(Outcome(body, failed=True))
                self._accept(True)
            case _ if self.path == EXTENSION + "/register":
                self._register(json.loads(body or b"{}"))
            case _:
                self._answer(404, {"errorType": "NotFound", "errorMessage": self.path})

    def _next(self):
        invocation = self.server.api.next()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
        }
        if invocation.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = invocation.trace_id
        self._send(200, invocation.payload, headers)

    def _register(self, wanted: dict):
        """Registers a runtime that wants SIGTERM before its end; events are for extensions of their own."""
        if wanted.get("events"):
            message = f"a runtime can register for no event here, not for {wanted['events']}"
            self._answer(400, {"errorType": "ValidationError", "errorMessage": message})
            return
        about = json.dumps(self.server.api.register()).encode()
        self._send(200, about, {"Lambda-Extension-Identifier": str(uuid.uuid4())})

    def _accept(self, known: bool):
        if known:
            self._answer(202, {"status": "OK"})
        else:
            self._answer(400, {"errorType": "InvalidRequestID", "errorMessage": "no such invocation runs"})

    def _answer(self, status: int, document: dict):
        self._send(status, json.dumps(document).encode(), {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> tuple[bytes, dict[str, str]]:
        """The request's body and its trailer, in either of HTTP/1.1's framings."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0))), {}
        body, trailer = bytearray(), {}
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            trailer[name.title()] = value.strip()
        return bytes(body), trailer


def _response(body: bytes, trailer: dict[str, str]) -> Outcome:
    """What a response means: a trailer may turn it into an error, and so does its size."""
    if ERROR_TYPE in trailer:
        return Outcome(base64.b64decode(trailer.get(ERROR_BODY, "")), failed=True)
    if len(body) > MAX_RESPONSE:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
        return error_outcome("Function.ResponseSizeTooLarge", message)
    return Outcome(body, failed=False)
