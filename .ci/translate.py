"""Translate the templates as SAM does, for each way to deploy them.

Usage: python translate.py FOLDER

Writes FOLDER/NAME.json for each way: template.yaml as SAM translates it with
its parameters, conditions decided, so that cfn-lint sees what that stack would
be; and dataplane.yaml likewise. Prints how many resources each has, also into
FOLDER/counts, and fails where there are more than 300.

Needs the PyPI package aws-sam-translator; asks no service.
"""

import json
import os
import pathlib
import shutil
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

MOST = 300
DATA = {
    "DataImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/gander:1",
    "DataDomainName": "data.example.org",
    "DataCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/data",
    "VpcId": "vpc-0123456789abcdef0",
    "LoadBalancerSubnets": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "TaskSubnets": "subnet-0123456789abcdef2,subnet-0123456789abcdef3",
}
NAMED = {
    "DomainName": "images.example.org",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/api",
    "CdnCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/cdn",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AlarmTopic": "arn:aws:sns:us-east-1:123456789012:alarms",
}
LAYER = {"PolicyLayer": "arn:aws:lambda:us-east-1:123456789012:layer:policy:1"}
KEYSTONE = {
    "Identity": "keystone",
    "KeystoneUrl": "https://identity.example.org/v3",
    "KeystoneUsername": "gander",
    "KeystoneCa": "on",
    "IdentityLayer": "arn:aws:lambda:us-east-1:123456789012:layer:identity:1",
}
ISSUER = {
    "Identity": "jwt",
    "JwtIssuer": "https://login.example.org",
    "JwtJwksUrl": "https://login.example.org/keys",
    "JwtAudience": "images",
    "JwtMapping": "on",
    "IdentityLayer": "arn:aws:lambda:us-east-1:123456789012:layer:identity:1",
}
WAYS = {
    "defaults": DATA,
    "named": DATA | NAMED | LAYER,
    "without-cdn": DATA | NAMED | {"Cdn": "off"},
    "without-data-plane": {"DataPlane": "off"},
    "keystone": DATA | NAMED | LAYER | KEYSTONE | {"PropertyProtections": "roles"},
    "authorizer": DATA | LAYER | ISSUER | {"Authorizer": "on"},
    "x86-64": {"DataPlane": "off", "Cdn": "off", "Architecture": "x86_64"},
    "private": DATA
    | LAYER
    | {
        "EndpointType": "PRIVATE",
        "VpcEndpointIds": "vpce-0123456789abcdef0,vpce-0123456789abcdef1",
        "ExistingTable": "images",
        "ExistingBucket": "image-data",
        "Deployment": "images",
    },
}


class NoManagedPolicies:
    def load(self):
        return {}


class Decider:
    """Decides a template's conditions, given its parameters."""

    def __init__(self, template, values):
        self.conditions = template.get("Conditions", {})
        self.values = values

    def holds(self, expression):
        (name, argument), *_ = expression.items()
        if name == "Condition":
            return self.holds(self.conditions[argument])
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::And":
            return all(map(self.holds, argument))
        if name == "Fn::Or":
            return any(map(self.holds, argument))
        if name == "Fn::Equals":
            one, other = map(self.text, argument)
            return one == other
        raise ValueError(f"{name} decides nothing")

    def text(self, value):
        if not isinstance(value, dict):
            return str(value)
        if "Ref" in value:
            return str(self.values[value["Ref"]])
        text = value["Fn::Sub"]
        for name, each in self.values.items():
            text = text.replace("${" + name + "}", str(each))
        return text

    def decided(self, value):
        """The value with each Fn::If replaced by what it gives."""
        if isinstance(value, list):
            return [self.decided(v) for v in value if not self.gone(v)]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return self.decided(yes if self.holds({"Condition": condition}) else no)
        return {k: self.decided(v) for k, v in value.items() if not self.gone(v)}

    def gone(self, value):
        return self.decided(value) == {"Ref": "AWS::NoValue"} if isinstance(value, dict) else False

    def stack(self, template):
        out = dict(template)
        for section in ("Resources", "Outputs"):
            entries = template.get(section, {})
            out[section] = {
                name: self.decided({k: v for k, v in entry.items() if k != "Condition"})
                for name, entry in entries.items()
                if "Condition" not in entry or self.holds({"Condition": entry["Condition"]})
            }
        out.pop("Conditions", None)
        out["Parameters"] = {name: p | {"Default": self.values[name]} for name, p in template["Parameters"].items()}
        return out


def read(name):
    return yaml_parse(pathlib.Path(name).read_text(encoding="utf-8"))


def values(template, given):
    unknown = given.keys() - template["Parameters"].keys()
    if unknown:
        raise SystemExit(f"there are no parameters {sorted(unknown)}")
    defaults = {name: p.get("Default") for name, p in template["Parameters"].items()}
    return defaults | given


def translate(template, given):
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://packages/function.zip"
    return transform(template, given | {"AWS::Region": "us-east-1"}, NoManagedPolicies())


def write(name, template, given, folder):
    translated = translate(template, given)
    whole = len(translated["Resources"])
    stack = Decider(translated, given).stack(translated)
    (folder / f"{name}.json").write_text(json.dumps(stack, indent=1), encoding="utf-8")
    line = f"{name}: {len(stack['Resources'])} resources of {whole} in the template"
    print(line)
    with open(folder / "counts", "a", encoding="utf-8") as counts:
        counts.write(line + "\n")
    if whole > MOST:
        raise SystemExit(f"{name}: more than {MOST} resources")
    return stack


def main(folder):
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy("dataplane.yaml", folder)
    required = {"PublicEndpoint": "https://images.example.org", "DevelopmentKey": "ed25519:" + "A" * 43}
    for way, given in WAYS.items():
        template = read("template.yaml")
        chosen = values(template, required | given)
        stack = write(way, template, chosen, folder)
        nested = stack["Resources"].get("DataPlaneStack")
        if nested is None:
            continue
        template = read("dataplane.yaml")
        handed = {
            name: chosen[v["Ref"]] if isinstance(v, dict) and v.get("Ref") in chosen else v if isinstance(v, str) else "worked-out"
            for name, v in nested["Properties"]["Parameters"].items()
        }
        write(f"{way}-data", template, values(template, handed), folder)


main(*sys.argv[1:])
