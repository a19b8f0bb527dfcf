"""What LocalStack loads in place of its Docker executor: LAMBDA_RUNTIME_EXECUTOR=process.

Functions listen nowhere; LocalStack and each function's Runtime API listen on
loopback. The functions run with the rights of LocalStack itself.
"""

import logging
import os
import platform
import time
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .environment import Environment, Function, InitError
from .runtime_api import Invocation, Outcome

LOG = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
ARCHITECTURES = {"x86_64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *_, **__):
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of a function whose runtime is its own bootstrap."""

    def __init__(self, id: str, function_version: FunctionVersion):  # noqa: A002, the base class's name
        super().__init__(id=id, function_version=function_version)
        self._environment: Environment | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        self._environment = Environment(self._function(env_vars))
        try:
            self._environment.start()
        except InitError as failure:
            name = self.function_version.id.function_name
            LOG.warning("%s does not start: %s\n%s", name, failure, self._environment.new_output())
            raise StatusErrorException("there is no function", payload=failure.outcome.payload) from failure

    def stop(self) -> None:
        if self._environment:
            self._environment.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        started = time.monotonic()
        invocation = Invocation(
            request_id=payload["invoke-id"],
            arn=payload["invoked-function-arn"],
            payload=payload["payload"].encode(),
            deadline_ms=int((time.time() + self._settings.timeout) * 1000),
            trace_id=payload.get("trace-id", ""),
        )
        outcome = self._environment.invoke(invocation)
        logs = self._report(invocation.request_id, outcome, time.monotonic() - started)
        return InvocationResult(invocation.request_id, outcome.payload, is_error=outcome.failed, logs=logs)

    def get_logs(self) -> str:
        return self._environment.new_output() if self._environment else ""

    def get_address(self) -> str:
        return LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        return LOOPBACK

    def get_runtime_endpoint(self) -> str:
        return ""  # the address of LocalStack's own runtime, which is not used

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpacks the code; a function that cannot run here fails now, with the reason."""
        settings = function_version.config
        if not (settings.runtime or "").startswith("provided"):
            raise ValueError(f"a function with the runtime {settings.runtime} is no process of its own")
        for wanted in settings.architectures:
            if platform.machine().lower() not in ARCHITECTURES[wanted]:
                raise ValueError(f"a function for {wanted} does not run on {platform.machine()}")
        settings.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack itself deletes the code."""

    @property
    def _settings(self):
        return self.function_version.config

    def _function(self, env_vars: dict[str, str]) -> Function:
        code = Path(self._settings.code.get_unzipped_code_location())
        name = self.function_version.id.function_name
        logs = Path(os.environ.get("LAMBDA_PROCESS_LOGS") or Path(config.dirs.tmp) / "lambda-logs")
        logs.mkdir(parents=True, exist_ok=True)
        environ = {k: str(v) for k, v in env_vars.items() if not k.startswith("LOCALSTACK_")}
        environ |= {"PATH": "/usr/local/bin:/usr/bin:/bin", "LAMBDA_TASK_ROOT": str(code)}
        return Function(
            name=name,
            version=self.function_version.id.qualifier,
            handler=self._settings.handler or "bootstrap",
            bootstrap=code / "bootstrap",
            timeout=float(self._settings.timeout),
            memory_mb=int(self._settings.memory_size),
            log=logs / f"{name}-{self.id}.log",
            environ=environ,
        )

    def _report(self, request_id: str, outcome: Outcome, seconds: float) -> str:
        """The log of one invocation, framed as in AWS's log streams."""
        output = self._environment.new_output().rstrip("\n")
        peak = self._environment.peak >> 20
        lines = [
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}",
            *([output] if output else []),
            *([outcome.payload.decode(errors="replace")] if outcome.failed else []),
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {seconds * 1000:.2f} ms\t"
            f"Memory Size: {self._settings.memory_size} MB\tMax Memory Used: {peak} MB"
            + ("\tStatus: error" if outcome.failed else ""),
        ]
        return "\n".join(lines) + "\n"
