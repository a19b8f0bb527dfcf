"""How LocalStack meets the executor."""

import json
import os
import platform
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace as Bag
from unittest import mock

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.runtime_executor import EXECUTOR_PLUGIN_MANAGER

from gander_localstack.executor import ProcessExecutor

BOOTSTRAP = Path(__file__).parent / "bootstrap"
HERE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


class ExecutorTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, LAMBDA_PROCESS_LOGS=str(self.folder / "logs")))

    def version(self, **changes) -> Bag:
        code = self.folder / "code"
        code.mkdir(exist_ok=True)
        (code / "bootstrap").write_text(f"#!/bin/sh\nexec {os.environ.get('PYTHON', 'python3')} {BOOTSTRAP}\n")
        (code / "bootstrap").chmod(0o755)
        archive = Bag(get_unzipped_code_location=lambda: code, prepare_for_execution=mock.Mock())
        settings = {
            "runtime": "provided.al2023", "architectures": [HERE], "code": archive,
            "timeout": 5, "memory_size": 256, "handler": "bootstrap",
        }  # fmt: skip
        return Bag(id=Bag(function_name="image-show", qualifier="$LATEST"), config=Bag(**settings | changes))

    def executor(self, version: Bag) -> ProcessExecutor:
        made = ProcessExecutor("0123", version)
        self.addCleanup(made.stop)
        return made

    def test_localstack_finds_it(self):
        self.assertTrue(EXECUTOR_PLUGIN_MANAGER.exists("process"))
        self.assertIs(EXECUTOR_PLUGIN_MANAGER.load("process").load(), ProcessExecutor)

    def test_an_invocation_has_a_log_as_on_aws(self):
        executor = self.executor(self.version())
        executor.start({"START": "", "LOCALSTACK_RUNTIME_ID": "x", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 256})
        result = executor.invoke(invocation("echo", say="hello"))
        self.assertFalse(result.is_error)
        self.assertEqual(json.loads(result.payload)["echo"], "hello")
        start, *output, end, report = result.logs.splitlines()
        self.assertEqual(start, "START RequestId: id-1 Version: $LATEST")
        self.assertEqual(output, ["starting", "working"])
        self.assertEqual(end, "END RequestId: id-1")
        self.assertRegex(report, r"Memory Size: 256 MB\tMax Memory Used: [1-9]\d* MB$")
        log = self.folder / "logs" / "image-show-0123.log"
        self.assertEqual(log.read_text(), "starting\nworking\n")

    def test_a_failed_invocation_logs_its_error(self):
        executor = self.executor(self.version(timeout=1))
        executor.start({})
        result = executor.invoke(invocation("sleep", seconds=30))
        self.assertTrue(result.is_error)
        self.assertIn("Task timed out after 1.00 seconds", result.logs)
        self.assertTrue(result.logs.endswith("Status: error\n"), result.logs)

    def test_an_init_error_reaches_the_caller(self):
        executor = self.executor(self.version())
        with self.assertLogs("gander_localstack", "WARNING") as logs, self.assertRaises(StatusErrorException) as raised:
            executor.start({"START": "refuse"})
        self.assertEqual(json.loads(raised.exception.payload)["errorMessage"], "no table")
        self.assertIn("no table", logs.output[0])

    def test_what_cannot_run_here_is_refused_when_it_is_made(self):
        other = "x86_64" if HERE == "arm64" else "arm64"
        for word, changes in {"python3.13": {"runtime": "python3.13"}, other: {"architectures": [other]}}.items():
            with self.subTest(word), self.assertRaisesRegex(ValueError, word):
                ProcessExecutor.prepare_version(self.version(**changes))
        good = self.version()
        ProcessExecutor.prepare_version(good)
        good.config.code.prepare_for_execution.assert_called_once_with()


def invocation(do: str, **event) -> dict[str, str]:
    payload = json.dumps({"do": do} | event)
    return {
        "invoke-id": "id-1",
        "invoked-function-arn": "arn:f",
        "payload": payload,
        "trace-id": f"Root=1-{time.time():.0f}",
    }


if __name__ == "__main__":
    unittest.main()
