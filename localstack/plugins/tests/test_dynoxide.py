"""What is exchanged so that LocalStack takes dynoxide for DynamoDB Local."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path
from types import SimpleNamespace as Bag
from unittest import mock

from botocore.session import Session
from botocore.validate import ParamValidator
from localstack.services.dynamodb import server, utils
from localstack.services.dynamodb.v2.provider import DynamoDBProvider
from localstack.services.dynamodbstreams.v2.provider import DynamoDBStreamsProvider

from gander_localstack import dynoxide

STREAM = "table/images/stream/2026"


class DynoxideTest(unittest.TestCase):
    def setUp(self):
        """Applies the patches, and takes them back after the test."""
        for owner, name in (
            (server.DynamodbServer, "do_start_thread"),
            (utils, "_ddb_local_arn_pattern"),
            (utils, "_ddb_local_exception_arn_pattern"),
            (DynamoDBStreamsProvider, "modify_stream_arn_for_ddb_local"),
            (DynamoDBProvider, "fix_table_arn"),
            (ParamValidator, "_validate_string"),
        ):
            self.enterContext(mock.patch.object(owner, name, getattr(owner, name)))
        self.enterContext(mock.patch.dict(os.environ, DYNOXIDE="/opt/dynoxide"))
        dynoxide.use_dynoxide()

    def test_arns_go_both_ways(self):
        provider = DynamoDBStreamsProvider.__new__(DynamoDBStreamsProvider)
        to_engine = provider.modify_stream_arn_for_ddb_local(f"arn:aws:dynamodb:eu-west-1:123456789012:{STREAM}")
        self.assertEqual(to_engine, f"arn:aws:dynamodb:dynoxide:000000000000:{STREAM}")
        context = Bag(
            region="eu-west-1", account_id="123456789012", service=Bag(service_name="dynamodb"), service_exception=None
        )
        response = Bag(data=f'{{"LatestStreamArn": "{to_engine}"}}'.encode(), headers={})
        response.get_data = lambda as_text: response.data.decode()
        self.enterContext(mock.patch.object(utils, "crc32", lambda data: 0))
        utils.modify_ddblocal_arns(None, context, response)
        self.assertEqual(response.data, f'{{"LatestStreamArn": "arn:aws:dynamodb:eu-west-1:123456789012:{STREAM}"}}')

    def test_shard_iterators_stay(self):
        provider = DynamoDBStreamsProvider.__new__(DynamoDBStreamsProvider)
        for iterator in ("opaque", "a:b:c:d:e:f", ""):
            self.assertEqual(provider.modify_stream_arn_for_ddb_local(iterator), iterator)

    def test_table_arns_are_the_callers(self):
        provider = DynamoDBProvider.__new__(DynamoDBProvider)
        fixed = provider.fix_table_arn(
            "123456789012", "eu-west-1", "arn:aws:dynamodb:dynoxide:000000000000:table/images"
        )
        self.assertEqual(fixed, "arn:aws:dynamodb:eu-west-1:123456789012:table/images")

    def test_short_shard_ids_pass_and_no_other_short_text(self):
        self.assertEqual(self.faults(ShardId="shardId-000000000001", StreamArn="a" * 37), "")
        self.assertIn("StreamArn", self.faults(ShardId="shardId-000000000001", StreamArn="short"))
        self.assertIn("ShardId", self.faults(ShardId=1, StreamArn="a" * 37))

    def faults(self, **params) -> str:
        model = Session().get_service_model("dynamodbstreams").operation_model("GetShardIterator")
        given = params | {"ShardIteratorType": "LATEST"}
        return ParamValidator().validate(given, model.input_shape).generate_report()

    def test_the_engine_listens_on_the_servers_port(self):
        started = []
        with mock.patch("localstack.utils.common.ShellCommandThread") as thread:
            thread.side_effect = lambda command, **options: started.append((command, options)) or mock.Mock()
            server.DynamodbServer.do_start_thread(Bag(port=8101))
        ((command, options),) = started
        self.assertEqual(command[-3:], ["/opt/dynoxide", "--port", "8101"])
        self.assertFalse(options.get("auto_restart"), "an engine that is started again has lost its tables")

    def test_the_engine_ends_with_its_parent(self):
        script = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); input()"
        command = [*dynoxide.until_parent_ends(), "sleep", "60"]
        parent = subprocess.Popen(
            [sys.executable, "-c", script, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with parent:
            child = Path("/proc") / parent.stdout.readline().strip()
            eventually(lambda: (child / "comm").read_text() == "sleep\n")
            parent.kill()
        eventually(lambda: ended(child))


def ended(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"  # nobody has asked how
    except OSError:
        return True


def eventually(done) -> None:
    for _ in range(200):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")


if __name__ == "__main__":
    unittest.main()
