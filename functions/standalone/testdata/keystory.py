"""The life of encrypted volumes and images, with castellan for keys and openstacksdk for images.

A volume V-1 with key c-1, an image I-1 of it with a clone c-2, a volume V-3 made of the image with a clone c-3, a
snapshot S of that by the one call with a key that the service clones, and a snapshot N as older services make it: a
copy of the two properties of I-1. They go in every order. Whatever is left must read its key the same; what nobody
needs is scheduled with its window, and the operator's restore brings it back.

Cinder's part is played by castellan, as cinder/volume/volume_utils.py plays it.
"""

import itertools
import os
import time
import uuid

import openstack
from castellan.common import exception

from cinderkeys import context_of, keys

PATIENCE = 60
OURS = os.environ["URL"] + "/gander/v1"


tenant, admin = openstack.connect("gander"), openstack.connect("gander-admin")
context = context_of("gander")


def key_of(image):
    return image.properties["cinder_encryption_key_id"]


class Volume:
    """A volume with a key of its own, which it is a consumer of."""

    def __init__(self, key):
        self.id, self.key = str(uuid.uuid4()), key
        self.consumer = {"service": "cinder", "resource_type": "volume", "resource_id": self.id}
        keys.add_consumer(context, key, self.consumer)

    def go(self):
        try:
            keys.delete(context, self.key)
        except exception.KeyManagerError:
            pass  # it has a consumer
        else:
            raise AssertionError("a key was deleted that a volume needs")
        keys.remove_consumer(context, self.key, self.consumer)
        keys.delete(context, self.key)


class Image:
    def __init__(self, image_id):
        self.id, self.key = image_id, key_of(tenant.image.get_image(image_id))

    def go(self):
        tenant.image.delete_image(self.id)


def clone(key):
    return keys.store(context, keys.get(context, key))


def image_with(name, key):
    image = tenant.image.create_image(
        name,
        container_format="bare",
        disk_format="raw",
        data=name.encode(),
        allow_duplicates=True,
        cinder_encryption_key_id=key,
        cinder_encryption_key_deletion_policy="on_image_deletion",
    )
    return Image(image.id)


def snapshot_of(image):
    answer = tenant.image.post(
        f"{OURS}/images/snapshot",
        json={
            "source_image_id": image.id,
            "instance": {"id": str(uuid.uuid4()), "project_id": tenant.current_project_id},
            "name": "S",
        },
    )
    assert answer.status_code == 201, answer.text
    return Image(answer.json()["id"])


def value(key):
    return keys.get(context, key).get_encoded()


def state(key):
    answer = admin.image.get(f"{OURS}/keys/{key}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def until_scheduled(key):
    end = time.monotonic() + PATIENCE
    while True:
        now = state(key)
        if now["state"] == "scheduled" and now["confirmed"]:
            return now
        assert time.monotonic() < end, f"a key that nobody needs is {now}"
        time.sleep(0.05)


def settle():
    """Waits until nothing more is done to keys: none waits that nobody holds."""
    end = time.monotonic() + PATIENCE
    while any(
        one["state"] == "condemned" and one["holders"] == 0 for one in admin.image.get(f"{OURS}/keys").json()["keys"]
    ):
        assert time.monotonic() < end, "keys that nobody holds are never scheduled"
        time.sleep(0.05)


def story():
    c1 = keys.create_key(context, algorithm="AES", length=256)
    things = {"V-1": Volume(c1), "I-1": image_with("I-1", clone(c1))}
    things["V-3"] = Volume(clone(things["I-1"].key))
    things["S"] = snapshot_of(things["I-1"])
    things["N"] = image_with("N", things["I-1"].key)
    assert len({thing.key for thing in things.values()}) == 4, "a key is shared that should not be"
    return things, value(c1)


def play(order):
    things, secret = story()
    for name in order:
        gone = things.pop(name)
        gone.go()
        if gone.key not in {thing.key for thing in things.values()}:
            until_scheduled(gone.key)
            try:
                value(gone.key)
            except exception.ManagedObjectNotFoundError:
                pass
            else:
                raise AssertionError(f"the key of {name} can still be read")
        for other, thing in things.items():
            assert value(thing.key) == secret, f"{order}: after {name} went, the key of {other} reads otherwise"
    return gone.key, secret


orders = list(itertools.permutations(["V-1", "I-1", "V-3", "S", "N"]))
for order in orders:
    last, secret = play(order)
settle()
restored = admin.image.post(f"{OURS}/keys/{last}/restore")
assert restored.status_code == 200, restored.text
assert value(last) == secret, "the operator's restore brings another key back"
assert state(last)["state"] == "live", state(last)
print(f"{len(orders)} orders")
