"""An execution environment: one bootstrap at a time, held to its time and its memory."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .process import Process
from .runtime_api import Invocation, Outcome, RuntimeApi, error_outcome

INIT_SECONDS = 10.0  # AWS's limit of the init phase
TERM_SECONDS = 0.5  # from SIGTERM to SIGKILL, as AWS gives a runtime that registered
WATCH_SECONDS = 0.05  # between two looks at the memory


class InitError(Exception):
    """There is no function to invoke; ``outcome`` is what callers are told."""

    def __init__(self, outcome: Outcome):
        super().__init__(outcome.payload.decode(errors="replace"))
        self.outcome = outcome


@dataclass(frozen=True)
class Function:
    """What is run, and within which limits."""

    name: str
    version: str
    handler: str
    bootstrap: Path
    timeout: float  # seconds
    memory_mb: int
    log: Path  # file to which it prints
    environ: dict[str, str] = field(default_factory=dict)


class Environment:
    """Runs a function's process and gives it one invocation after another.

    A process that timed out, took too much memory or ended by itself is replaced
    at the next invocation, as on AWS.
    """

    def __init__(self, function: Function):
        self.function = function
        self.peak = 0  # most memory seen in this process, in bytes
        self._api: RuntimeApi | None = None
        self._process: Process | None = None
        self._stopped = threading.Event()
        self._read = 0  # how much of the log was handed over

    def start(self) -> None:
        """Starts the process and waits until it asks for work. Raises InitError."""
        api = RuntimeApi(self.function.name, self.function.version, self.function.handler)
        environ = self.function.environ | {"AWS_LAMBDA_RUNTIME_API": api.address}
        self.peak, self._api = 0, api
        try:
            self._process = Process(self.function.bootstrap, environ, self.function.log, lambda: self._wake(api))
        except OSError as cause:
            self._discard()
            raise InitError(error_outcome("Runtime.InvalidEntrypoint", f"Couldn't start bootstrap: {cause}")) from cause
        failure = self._watch(lambda: api.polled or api.init_failure, time.monotonic() + INIT_SECONDS, "init")
        failure = api.init_failure or failure
        if failure:
            self._discard()
            raise InitError(failure)

    def invoke(self, invocation: Invocation) -> Outcome:
        """Hands over an invocation and waits for its end, however it ends."""
        deadline = time.monotonic() + self.function.timeout
        if self._stopped.is_set():
            return self._ended(invocation.request_id, "the environment was stopped")
        if self._process is None or self._process.exited:
            self._discard()
            try:
                self.start()
            except InitError as failure:
                return failure.outcome
        api = self._api
        api.offer(invocation)
        failure = self._watch(lambda: api.outcome, deadline, invocation.request_id)
        if failure:
            self._discard()
        return failure or api.outcome

    def stop(self) -> None:
        """Ends the process; an invocation that runs ends with it."""
        self._stopped.set()
        if self._process:
            self._process.ask_to_end(TERM_SECONDS)
        self._discard()

    def new_output(self) -> str:
        """What the process printed since the last call."""
        try:
            with self.function.log.open("rb") as log:
                log.seek(self._read)
                text = log.read()
        except FileNotFoundError:
            return ""
        self._read += len(text)
        return text.decode(errors="replace")

    def _watch(self, done, deadline: float, request_id: str) -> Outcome | None:
        """Waits until done; returns the failure if the process fails before."""
        api, process = self._api, self._process
        with api.changed:
            while not done():
                if process.exited:
                    return self._ended(request_id, process.how_it_ended())
                left = deadline - time.monotonic()
                if left <= 0:
                    return self._timed_out(request_id)
                self.peak = max(self.peak, process.memory())
                if self.peak > self.function.memory_mb << 20:
                    return self._ended(request_id, "Runtime exited with error: signal: killed")
                api.changed.wait(min(left, WATCH_SECONDS))
        self.peak = max(self.peak, process.memory())
        return None

    def _ended(self, request_id: str, how: str) -> Outcome:
        return error_outcome("Runtime.ExitError", f"RequestId: {request_id} Error: {how}")

    def _timed_out(self, request_id: str) -> Outcome:
        seconds = INIT_SECONDS if request_id == "init" else self.function.timeout
        return error_outcome(
            "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
        )

    def _discard(self) -> None:
        process, api, self._process, self._api = self._process, self._api, None, None
        if process:
            process.kill()
        if api:
            api.close()

    @staticmethod
    def _wake(api: RuntimeApi) -> None:
        with api.changed:
            api.changed.notify_all()
