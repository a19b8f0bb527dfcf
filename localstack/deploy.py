"""Deploys template.yaml to a LocalStack, as "sam deploy" would to AWS.

    deploy.py TEMPLATE PACKAGES STACK [NAME=VALUE ...]

TEMPLATE stays as it is but for what "sam package" exchanges too: local paths
become places in a bucket. PACKAGES holds <function>.zip for each function. The
rest are the stack's parameters. It prints the stack's outputs as JSON.
AWS_ENDPOINT_URL says where LocalStack is.

LocalStack calls a stack complete though it left out a resource that it does not
know; what its events say of that is a failure here. It takes any parameter, so
they are checked here. It cannot be trusted with the update of a stack at all, so
a stack that is there already is refused.
"""

import hashlib
import json
import re
import sys
import time
from pathlib import Path

import boto3
import yaml
from botocore.exceptions import ClientError

BUCKET = "gander-deployment"
CODE = re.compile(r"(?m)^(\s+CodeUri:\s*)(?:\./)?build/functions/([a-z0-9-]+)/?\s*$")
NESTED = re.compile(r"(?m)^(\s+TemplateURL:\s*)(?:\./)?([a-z0-9-]+\.yaml)\s*$")
PATIENCE = 900  # seconds


def main() -> None:
    template, packages, stack, *settings = sys.argv[1:]
    parameters = {name: value for name, _, value in (setting.partition("=") for setting in settings)}
    check(yaml.load(Path(template).read_text(), Loose)["Parameters"], parameters)
    upload = bucket(boto3.client("s3"))
    body = package(Path(template), Path(packages), upload)
    outputs = deploy(boto3.client("cloudformation"), stack, upload(body.encode(), ".yaml")[1], parameters)
    print(json.dumps(outputs, indent=1))


class Loose(yaml.SafeLoader):
    """Reads templates, and nothing into their functions."""


Loose.add_multi_constructor("!", lambda *_: None)


def check(declared: dict[str, dict], given: dict[str, str]) -> None:
    """Holds parameters to what the template says of them, as CloudFormation does."""
    faults = [f"{name} is no parameter" for name in given if name not in declared]
    for name, rules in declared.items():
        value = given.get(name, rules.get("Default"))
        if value is None:
            faults.append(f"{name} must be given")
        elif value not in (allowed := rules.get("AllowedValues", [value])) and value not in map(str, allowed):
            faults.append(f"{name} is one of {allowed}, not {value!r}")
        elif not re.fullmatch(rules.get("AllowedPattern", "(?s:.*)"), str(value)):
            faults.append(f"{name} {rules.get('ConstraintDescription', 'is wrong')}, not {value!r}")
    if faults:
        raise SystemExit("\n".join(faults))


def bucket(s3):
    """A function that puts bytes into the deployment's bucket, under the name of their hash.

    It returns their place in both of the forms that templates use.
    """
    try:
        s3.head_bucket(Bucket=BUCKET)
    except ClientError:
        s3.create_bucket(Bucket=BUCKET)

    def upload(content: bytes, suffix: str) -> tuple[str, str]:
        key = hashlib.sha256(content).hexdigest() + suffix
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}", f"{s3.meta.endpoint_url}/{BUCKET}/{key}"

    return upload


def package(template: Path, packages: Path, upload) -> str:
    """The template with its local paths exchanged for places in the bucket."""

    def code(match: re.Match) -> str:
        return match[1] + upload((packages / f"{match[2]}.zip").read_bytes(), ".zip")[0]

    def nested(match: re.Match) -> str:
        return match[1] + upload((template.parent / match[2]).read_bytes(), ".yaml")[1]

    text, functions = CODE.subn(code, template.read_text())
    if not functions:
        raise SystemExit(f"{template} has no function whose code is below build/functions")
    return NESTED.sub(nested, text)


def deploy(cloudformation, stack: str, url: str, parameters: dict[str, str]) -> dict[str, str]:
    """Creates the stack, waits for it, and returns its outputs."""
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=url,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    end = wait(cloudformation, stack)
    faults = list(filter(None, map(fault, events(cloudformation, stack))))
    outputs = {output["OutputKey"]: output["OutputValue"] for output in end.get("Outputs", [])}
    if end["StackStatus"] != "CREATE_COMPLETE" or faults or not outputs:
        reason = end.get("StackStatusReason", "")
        raise SystemExit("\n".join([f"the stack {stack} is {end['StackStatus']} {reason}".rstrip(), *faults]))
    return outputs


def wait(cloudformation, stack: str) -> dict:
    """The stack once it is no longer in progress."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        time.sleep(1)
    raise SystemExit(f"the stack {stack} is not there after {PATIENCE} seconds")


def events(cloudformation, stack: str) -> list[dict]:
    """What happened to the stack, the first event first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]][::-1]


def fault(event: dict) -> str:
    """What is wrong with a resource, or nothing."""
    reason = event.get("ResourceStatusReason", "")
    if event["ResourceStatus"].endswith("_FAILED") or "not supported" in reason:
        return f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatus']} {reason}"
    return ""


if __name__ == "__main__":
    main()
