"""Translate template.yaml as SAM does and write the result for cfn-lint.

Usage: python translate.py template.yaml translated.json
Needs the PyPI package aws-sam-translator; asks no service.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://packages/function.zip"
    values = {"AWS::Region": "us-east-1", "PublicEndpoint": "https://images.example.org"}
    for name, parameter in template["Parameters"].items():
        values.setdefault(name, parameter.get("Default"))
    translated = transform(template, values, NoManagedPolicies())
    with open(target, "w", encoding="utf-8") as file:
        json.dump(translated, file, indent=1)
    print(len(translated["Resources"]), "resources")


main(*sys.argv[1:])
