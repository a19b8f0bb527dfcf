"""dynoxide in place of DynamoDB Local, which LocalStack would download.

Needs PROVIDER_OVERRIDE_DYNAMODB=v2, where LocalStack hands tables and streams to
the engine, and DYNOXIDE, the path of the binary. dynoxide's ARNs name the region
"dynoxide" where DynamoDB Local's say "ddblocal".
"""

import logging
import os
import re
import shutil

from localstack.runtime import hooks

LOG = logging.getLogger(__name__)

REGION = "dynoxide"


@hooks.on_infra_start(should_load=lambda: bool(os.environ.get("DYNOXIDE")))
def use_dynoxide():
    from botocore.validate import ParamValidator
    from localstack.services.dynamodb import server, utils
    from localstack.services.dynamodb.v2.provider import DynamoDBProvider
    from localstack.services.dynamodbstreams.v2.provider import DynamoDBStreamsProvider

    server.DynamodbServer.do_start_thread = start
    for name in ("_ddb_local_arn_pattern", "_ddb_local_exception_arn_pattern"):
        setattr(utils, name, in_dynoxide(getattr(utils, name)))
    DynamoDBStreamsProvider.modify_stream_arn_for_ddb_local = lambda _, arn: engine_arn(arn)
    DynamoDBProvider.fix_table_arn = fix_table_arn
    ParamValidator._validate_string = any_shard_id(ParamValidator._validate_string)
    LOG.info("DynamoDB is %s", os.environ["DYNOXIDE"])


def start(server):
    """Starts dynoxide, in memory, on the server's port; it listens on loopback alone.

    It is not started again when it ends: its tables would be gone, silently.
    """
    from localstack.utils.common import TMP_THREADS, ShellCommandThread

    command = [*until_parent_ends(), os.environ["DYNOXIDE"], "--port", str(server.port)]
    thread = ShellCommandThread(command, log_listener=_log, name="dynoxide")
    TMP_THREADS.append(thread)
    thread.start()
    return thread


def until_parent_ends() -> list[str]:
    """What has a command end with the LocalStack that started it, even one that is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _log(line, **_):
    LOG.debug(line.rstrip())


def in_dynoxide(pattern: re.Pattern) -> re.Pattern:
    """The pattern that finds dynoxide's ARNs where this one finds DynamoDB Local's."""
    return re.compile(pattern.pattern.replace("ddblocal", REGION), pattern.flags)


def engine_arn(arn_or_iterator: str) -> str:
    """A stream's ARN as the engine knows it. LocalStack passes shard iterators, too: they stay."""
    parts = arn_or_iterator.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return arn_or_iterator
    return f"arn:aws:dynamodb:{REGION}:000000000000:{parts[5]}"


def fix_table_arn(_, account_id: str, region_name: str, arn: str) -> str:
    """A table's ARN as callers know it."""
    from localstack.utils.aws.arns import get_partition

    resource = arn.split(":", 5)[5]
    return f"arn:{get_partition(region_name)}:dynamodb:{region_name}:{account_id}:{resource}"


def any_shard_id(validate):
    """Lets shard ids be shorter than the 28 characters of the service model.

    dynoxide's are 17 characters and the table's name.
    """

    def lenient(self, param, shape, errors, name):
        if shape.name == "ShardId" and isinstance(param, str):
            return None
        return validate(self, param, shape, errors, name)

    return lenient
