"""Where functions write their logs, what is too large for them, and how soon a batch comes again."""

import unittest
from types import SimpleNamespace as Bag

from localstack.services.apigateway.next_gen.execute_api.gateway_response import RequestTooLargeError
from localstack.services.lambda_.event_source_mapping.pollers import stream_poller

from gander_localstack import fidelity


class LogNamesTest(unittest.TestCase):
    def environment(self, group: str | None):
        class Environment:
            function_version = Bag(
                id=Bag(function_name="show"), config=Bag(logging_config={"LogGroup": group} if group else None)
            )

            def get_log_stream_name(self):
                return "2026/11/26/[$LATEST]0123"

        fidelity.log_names(Environment)
        return Environment()

    def test_a_shared_group_names_the_function_in_its_streams(self):
        environment = self.environment("ImagesLogs")
        self.assertEqual(environment.get_log_group_name(), "ImagesLogs")
        self.assertEqual(environment.get_log_stream_name(), "2026/11/26/show[$LATEST]0123")

    def test_a_group_of_its_own_does_not(self):
        for group in (None, "/aws/lambda/show"):
            environment = self.environment(group)
            self.assertEqual(environment.get_log_group_name(), "/aws/lambda/show")
            self.assertEqual(environment.get_log_stream_name(), "2026/11/26/[$LATEST]0123")


class LimitTest(unittest.TestCase):
    def test_a_request_over_the_limit_reaches_no_function(self):
        create = fidelity.up_to_limit(lambda integration, context: {"body": "x" * context})
        frame = len('{"body": ""}')
        self.assertTrue(create(None, fidelity.MAX_EVENT - frame))
        with self.assertRaises(RequestTooLargeError) as raised:
            create(None, fidelity.MAX_EVENT - frame + 1)
        self.assertEqual(raised.exception.status_code, 413)


class RetriesTest(unittest.TestCase):
    def test_ten_of_them_are_soon_over(self):
        module = Bag(ExponentialBackoff=stream_poller.ExponentialBackoff)
        fidelity.retry_soon(module)
        pauses = module.ExponentialBackoff(max_retries=10)
        self.assertLess(sum(pauses.next_backoff() for _ in range(10)), 6)


if __name__ == "__main__":
    unittest.main()
