"""Two things that functions of this project rely on, and that LocalStack does otherwise than AWS.

* A function's log goes to the log group that its LoggingConfig names.
* A URL presigned with a role's temporary keys is checked with those keys.
"""

from localstack.runtime import hooks


@hooks.on_infra_start()
def behave_as_aws():
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
    from localstack.services.s3 import presigned_url

    log_names(ExecutionEnvironment)
    presigned_url.get_secret_access_key_from_access_key_id = with_roles(
        presigned_url.get_secret_access_key_from_access_key_id
    )


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


def with_roles(lookup):
    """Finds the secrets of temporary keys, which LocalStack takes for unknown."""

    def secret(access_key_id: str, region: str) -> str | None:
        from moto.sts.models import sts_backends

        for account in list(sts_backends.values()):
            for backend in list(account.values()):
                for role in backend.assumed_roles:
                    if role.access_key_id == access_key_id:
                        return role.secret_access_key
        return lookup(access_key_id, region)

    return secret
