"""What a function process meets, and what becomes of it."""

import concurrent.futures
import json
import os
import statistics
import tempfile
import threading
import time
import unittest
from pathlib import Path

from gander_localstack.environment import Environment, Function, InitError
from gander_localstack.runtime_api import MAX_RESPONSE, Invocation

BOOTSTRAP = Path(__file__).parent / "bootstrap"


class EnvironmentTest(unittest.TestCase):
    def environment(self, start="", timeout=20.0, memory_mb=256, bootstrap=BOOTSTRAP) -> Environment:
        log = Path(self.enterContext(tempfile.TemporaryDirectory())) / "log"
        environ = {"PATH": os.environ["PATH"], "START": start}
        made = Environment(Function("f", "$LATEST", "bootstrap", bootstrap, timeout, memory_mb, log, environ))
        self.addCleanup(made.stop)
        return made

    def invoke(self, environment: Environment, do: str, **event):
        payload = json.dumps({"do": do} | event).encode()
        deadline = int((time.time() + environment.function.timeout) * 1000)
        outcome = environment.invoke(Invocation("id-1", "arn:f", payload, deadline))
        return outcome, json.loads(outcome.payload)

    def test_answers_are_handed_back_by_one_process(self):
        environment = self.environment(timeout=7)
        environment.start()
        outcome, first = self.invoke(environment, "echo", say="hello")
        self.assertFalse(outcome.failed)
        self.assertEqual(first["echo"], "hello")
        self.assertTrue(5 < first["left"] <= 7, first["left"])
        _, second = self.invoke(environment, "echo")
        self.assertEqual(first["pid"], second["pid"])

    def test_output_is_told_once(self):
        environment = self.environment()
        environment.start()
        self.invoke(environment, "echo")
        self.assertEqual(environment.new_output(), "starting\nworking\n")
        self.invoke(environment, "echo")
        self.assertEqual(environment.new_output(), "working\n")

    def test_a_call_waits_for_no_delayed_acknowledgement(self):
        environment = self.environment()
        environment.start()
        taken = []
        for _ in range(21):
            begun = time.monotonic()
            self.invoke(environment, "echo")
            taken.append(time.monotonic() - begun)
        self.assertLess(statistics.median(taken), 0.03)

    def test_an_error_is_the_functions_own_document(self):
        environment = self.environment()
        environment.start()
        outcome, document = self.invoke(environment, "fail")
        self.assertTrue(outcome.failed)
        self.assertEqual(document["errorMessage"], "it broke")
        self.assertFalse(self.invoke(environment, "echo")[0].failed)

    def test_a_chunked_answer_is_whole(self):
        environment = self.environment()
        environment.start()
        self.assertEqual(self.invoke(environment, "chunks")[1], "in pieces")

    def test_an_answer_over_the_limit_is_an_error(self):
        environment = self.environment()
        environment.start()
        outcome, _ = self.invoke(environment, "large", bytes=MAX_RESPONSE - 2)
        self.assertFalse(outcome.failed)
        outcome, document = self.invoke(environment, "large", bytes=MAX_RESPONSE - 1)
        self.assertTrue(outcome.failed)
        self.assertEqual(document["errorType"], "Function.ResponseSizeTooLarge")

    def test_an_init_error_is_told_as_it_was_reported(self):
        environment = self.environment(start="refuse")
        with self.assertRaises(InitError) as raised:
            environment.start()
        self.assertEqual(json.loads(raised.exception.outcome.payload)["errorMessage"], "no table")
        self.assert_gone(environment)

    def test_a_start_that_exits_or_cannot_be_is_an_error(self):
        for environment, word in (
            (self.environment(start="exit"), "exit status 3"),
            (self.environment(bootstrap=BOOTSTRAP.with_name("absent")), "Couldn't start"),
        ):
            with self.subTest(word), self.assertRaises(InitError) as raised:
                environment.start()
            self.assertIn(word, json.loads(raised.exception.outcome.payload)["errorMessage"])

    def test_a_time_out_ends_the_process_and_the_next_call_gets_another(self):
        environment = self.environment(timeout=3)
        environment.start()
        _, before = self.invoke(environment, "echo")
        begun = time.monotonic()
        outcome, document = self.invoke(environment, "sleep", seconds=30)
        self.assertLess(time.monotonic() - begun, 10)
        self.assertTrue(outcome.failed)
        self.assertEqual(document["errorType"], "Sandbox.Timedout")
        self.assertIn("Task timed out after 3.00 seconds", document["errorMessage"])
        self.assert_dead(before["pid"])
        _, after = self.invoke(environment, "echo")
        self.assertNotEqual(before["pid"], after["pid"])

    def test_memory_beyond_the_size_ends_the_process(self):
        environment = self.environment(memory_mb=128)
        environment.start()
        _, before = self.invoke(environment, "echo")
        outcome, document = self.invoke(environment, "grow")
        self.assertTrue(outcome.failed)
        self.assertEqual(document["errorType"], "Runtime.ExitError")
        self.assertIn("signal: killed", document["errorMessage"])
        self.assertGreater(environment.peak, 128 << 20)
        self.assert_dead(before["pid"])
        self.assertFalse(self.invoke(environment, "echo")[0].failed)

    def test_an_exit_is_an_error_and_the_next_call_gets_another_process(self):
        environment = self.environment()
        environment.start()
        for status, words in ((1, "exit status 1"), (0, "without providing a reason")):
            outcome, document = self.invoke(environment, "exit", status=status)
            self.assertTrue(outcome.failed)
            self.assertIn(words, document["errorMessage"])
            self.assertFalse(self.invoke(environment, "echo")[0].failed)

    def test_a_stop_asks_first(self):
        environment = self.environment(start="polite")
        environment.start()
        environment.stop()
        self.assertIn("goodbye", environment.new_output())
        self.assert_gone(environment)

    def test_a_stop_ends_who_does_not_listen(self):
        environment = self.environment(start="deaf")
        environment.start()
        _, before = self.invoke(environment, "echo")
        begun = time.monotonic()
        environment.stop()
        self.assertLess(time.monotonic() - begun, 5)
        self.assert_dead(before["pid"])

    def test_a_stop_ends_a_running_invocation(self):
        environment = self.environment()
        environment.start()
        threading.Timer(0.3, environment.stop).start()
        outcome, _ = self.invoke(environment, "sleep", seconds=30)
        self.assertTrue(outcome.failed)
        self.assertTrue(self.invoke(environment, "echo")[0].failed, "a stopped environment works on")

    def test_a_runtime_registers_for_its_end_and_for_no_event(self):
        environment = self.environment(start="extension")
        environment.start()
        output = environment.new_output()
        self.assertIn('registered True {"functionName": "f", "functionVersion": "$LATEST"', output)
        self.assertIn("refused 400", output)

    def test_environments_work_at_once(self):
        environments = [self.environment() for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Environment.start, environments))
            answers = list(pool.map(lambda e: self.invoke(e, "echo")[1]["pid"], environments))
        self.assertEqual(len(set(answers)), 4)

    def test_only_loopback_is_listened_on(self):
        environment = self.environment()
        environment.start()
        self.assertTrue(environment._api.address.startswith("127.0.0.1:"))

    def assert_gone(self, environment: Environment) -> None:
        self.assertIsNone(environment._process)

    def assert_dead(self, pid: int) -> None:
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


if __name__ == "__main__":
    unittest.main()
