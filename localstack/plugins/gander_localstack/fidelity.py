"""Where LocalStack is made to do what AWS does, and two things that are easier here.

* A function's log goes to the log group that its LoggingConfig names.
* A request whose event is larger than a function takes is refused, by a 413.
* The API that is called like its stack, gander, has that very id, so that its URL
  is known before it is there.
* A stream's batch that failed comes again soon: its ten retries are over in seconds.
"""

import functools
import json

# Bytes of an event, in which bytes of a body are base64.
#
# Source: AWS Lambda Developer Guide, "Lambda quotas", invocation payload.
MAX_EVENT = 6 * 1024 * 1024


def behave_as_aws() -> None:
    """Applies it all to the LocalStack that runs in this process."""
    from localstack.services.apigateway.next_gen.execute_api.integrations.aws import RestApiAwsProxyIntegration
    from localstack.services.lambda_.event_source_mapping.pollers import stream_poller
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
    from localstack.utils.id_generator import localstack_id_manager
    from moto.apigateway.utils import ApigwRestApiIdentifier

    log_names(ExecutionEnvironment)
    RestApiAwsProxyIntegration.create_lambda_input_event = up_to_limit(
        RestApiAwsProxyIntegration.create_lambda_input_event
    )
    localstack_id_manager.set_custom_id(ApigwRestApiIdentifier("000000000000", "us-east-1", "gander"), "gander")
    retry_soon(stream_poller)


def log_names(environment_class) -> None:
    """Names log groups and streams as AWS does.

    Source: AWS Lambda Developer Guide, "Configuring CloudWatch log groups": in a
    group that functions share, the name of a stream has the function's name.
    """
    default_stream = environment_class.get_log_stream_name

    def group(self) -> str:
        own = f"/aws/lambda/{self.function_version.id.function_name}"
        return (self.function_version.config.logging_config or {}).get("LogGroup") or own

    def stream(self) -> str:
        name, function = default_stream(self), self.function_version.id.function_name
        if group(self) == f"/aws/lambda/{function}":
            return name
        date, _, rest = name.rpartition("/")
        return f"{date}/{function}{rest}"

    environment_class.get_log_group_name = group
    environment_class.get_log_stream_name = stream


def retry_soon(poller_module) -> None:
    """Shortens the pauses, in seconds, between retries of a stream's batch.

    How long they are on AWS is not documented. LocalStack's add up to a minute, for
    which all that comes after the batch waits.
    """
    poller_module.ExponentialBackoff = functools.partial(
        poller_module.ExponentialBackoff, initial_interval=0.1, max_interval=0.4
    )


def up_to_limit(create_event):
    """Refuses requests whose event would be too large, in the name of the gateway."""
    from localstack.services.apigateway.next_gen.execute_api.gateway_response import RequestTooLargeError

    def create(self, context):
        event = create_event(self, context)
        if len(json.dumps(event)) > MAX_EVENT:
            raise RequestTooLargeError("Request Too Long", status_code=413)
        return event

    return create
