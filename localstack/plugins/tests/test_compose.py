"""What can be said of compose.yaml without a container engine."""

import re
import unittest
from pathlib import Path

import yaml

LOCALSTACK = Path(__file__).parents[2]


class ComposeTest(unittest.TestCase):
    def setUp(self):
        self.service = yaml.safe_load((LOCALSTACK / "compose.yaml").read_text())["services"]["localstack"]

    def test_the_image_is_pinned(self):
        self.assertRegex(self.service["image"], r"^\$\{LOCALSTACK_IMAGE:-localstack/localstack:\d+\.\d+\.\d+\}$")

    def test_ports_are_on_loopback_alone(self):
        self.assertEqual(self.service["ports"], ["127.0.0.1:${LOCAL_PORT:-4566}:${LOCAL_PORT:-4566}"])

    def test_what_is_mounted_is_there(self):
        for volume in self.service["volumes"]:
            source, target = volume.split(":")[:2]
            if source.startswith("."):
                path = LOCALSTACK / source
                self.assertTrue(path.exists() or path.parts[-2:] == ("build", "package"), volume)
                self.assertTrue(volume.endswith(":ro"), volume)
        up = (LOCALSTACK / "up").read_text()
        for place in re.findall(r"/gander/\S+?(?=[ )])", up):
            self.assertTrue(any(f":{place}:" in v for v in self.service["volumes"]), place)

    def test_both_forms_set_the_same(self):
        up = (LOCALSTACK / "up").read_text()
        for name in ("DISABLE_EVENTS", "S3_SKIP_SIGNATURE_VALIDATION", "PROVIDER_OVERRIDE_DYNAMODB",
                     "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC",
                     "LAMBDA_SYNCHRONOUS_CREATE", "CFN_NO_WAIT_ITERATIONS"):  # fmt: skip
            self.assertIn(f"{name}={self.service['environment'][name]}", up)


if __name__ == "__main__":
    unittest.main()
