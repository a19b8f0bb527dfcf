"""What deploy.py makes of a template, and of what LocalStack says."""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import yaml

LOCALSTACK = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("deploy", LOCALSTACK / "deploy.py")
deploy = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(deploy)

TEMPLATE = LOCALSTACK.parent / "template.yaml"
URL = "http://127.0.0.1:4566/template"


class PackageTest(unittest.TestCase):
    def test_local_paths_become_places_and_nothing_else_changes(self):
        functions = {path.name for path in (LOCALSTACK.parent / "functions").iterdir()} - {"standalone"}
        with tempfile.TemporaryDirectory() as folder:
            packages = Path(folder)
            for name in functions:
                (packages / f"{name}.zip").write_text(name)
            text = deploy.package(
                TEMPLATE, packages, lambda content, suffix: (f"s3://b/{suffix}", f"http://b/{suffix}")
            )
        changed = [
            (old.strip(), new.strip())
            for old, new in zip(TEMPLATE.read_text().splitlines(), text.splitlines(), strict=True)
            if old != new
        ]
        self.assertEqual(
            {old for old, _ in changed},
            {f"CodeUri: build/functions/{name}/" for name in functions} | {"TemplateURL: dataplane.yaml"},
        )
        self.assertEqual({new for _, new in changed}, {"CodeUri: s3://b/.zip", "TemplateURL: http://b/.yaml"})


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.declared = yaml.load(TEMPLATE.read_text(), deploy.Loose)["Parameters"]
        self.good = {"PublicEndpoint": "http://127.0.0.1/x", "DevelopmentKey": "ed25519:" + "A" * 43}

    def test_good_parameters_pass(self):
        deploy.check(self.declared, self.good | {"Architecture": "x86_64", "DataPlane": "off", "LogRetentionDays": "7"})

    def test_every_fault_is_told(self):
        given = {"DevelopmentKey": "secret", "Architecture": "z80", "Bogus": "1"}
        with self.assertRaises(SystemExit) as raised:
            deploy.check(self.declared, given)
        told = str(raised.exception)
        for word in (
            "Bogus is no parameter",
            "PublicEndpoint must be given",
            "Architecture is one of",
            "DevelopmentKey must",
        ):
            self.assertIn(word, told)


class DeployTest(unittest.TestCase):
    def cloudformation(
        self, status="CREATE_COMPLETE", reason="", resource="CREATE_COMPLETE", outputs=(("ApiUrl", "u"),)
    ):
        event = {
            "LogicalResourceId": "Api",
            "ResourceType": "T",
            "ResourceStatus": resource,
            "ResourceStatusReason": reason,
        }
        stack = {"StackStatus": status, "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs]}
        made = mock.Mock()
        made.describe_stacks.return_value = {"Stacks": [stack]}
        made.get_paginator.return_value.paginate.return_value = [{"StackEvents": [event]}]
        return made

    def test_a_good_stack_has_outputs(self):
        cloudformation = self.cloudformation()
        self.assertEqual(deploy.deploy(cloudformation, "s", URL, {"A": "1"}), {"ApiUrl": "u"})
        request = cloudformation.create_stack.call_args.kwargs
        self.assertEqual(request["Parameters"], [{"ParameterKey": "A", "ParameterValue": "1"}])

    def test_a_stack_that_only_claims_to_be_complete_is_a_failure(self):
        for word, cloudformation in {
            "ROLLBACK_COMPLETE": self.cloudformation(status="ROLLBACK_COMPLETE"),
            "deployed as a fallback": self.cloudformation(reason="not supported but was deployed as a fallback"),
            "CREATE_FAILED": self.cloudformation(resource="CREATE_FAILED"),
            "is CREATE_COMPLETE": self.cloudformation(outputs=()),
        }.items():
            with self.subTest(word), self.assertRaises(SystemExit) as raised:
                deploy.deploy(cloudformation, "s", URL, {})
            self.assertIn(word, str(raised.exception))


if __name__ == "__main__":
    unittest.main()
