"""The images that an admin makes of a tenant's server: a snapshot, a backup, a shelved server, each by the one
call and by the three calls of Nova (nova/image/glance.py, nova/compute/api.py).

The tenant finds each by its id, not in its list; can use it; accepts it to have it listed; and cannot delete it.
"""

import os
import uuid

import openstack
from openstack import exceptions

OURS = os.environ["URL"] + "/gander/v1"
tenant, admin = openstack.connect("gander-other"), openstack.connect("gander-admin")
project = tenant.current_project_id


def encrypted_source():
    secret = admin.key_manager.create_secret(
        payload="c2VjcmV0IGtleSBvZiB0aGUgaW1hZ2U=",
        payload_content_type="application/octet-stream",
        payload_content_encoding="base64",
        algorithm="aes",
        bit_length=256,
    )
    return admin.image.create_image(
        "source",
        container_format="bare",
        disk_format="raw",
        data=b"source",
        os_distro="debian",
        cinder_encryption_key_id=secret.secret_id or secret.id,
        cinder_encryption_key_deletion_policy="on_image_deletion",
    )


def by_one_call(kind, source):
    instance = {"id": str(uuid.uuid4()), "project_id": project}
    body = {"source_image_id": source.id, "instance": instance, "name": kind, "kind": kind}
    if kind == "backup":
        body["backup_type"] = "daily"
    answer = admin.image.post(f"{OURS}/images/snapshot", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["os_distro"] == "debian" and made["image_type"] == kind and made["instance_uuid"] == instance["id"], (
        made
    )
    assert (
        "instance_owner" not in made
        and made["cinder_encryption_key_id"] != source.properties["cinder_encryption_key_id"]
    )
    admin.image.patch(
        f"/images/{made['id']}",
        json=[
            {"op": "add", "path": "/disk_format", "value": "raw"},
            {"op": "add", "path": "/container_format", "value": "bare"},
        ],
        headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
    )
    return made["id"]


def by_three_calls(kind, source):
    """Nova drops what must not be inherited, and copies the rest."""
    made = admin.image.create_image(
        kind,
        container_format="bare",
        disk_format="raw",
        visibility="shared",
        allow_duplicates=True,
        os_distro="debian",
        image_type="snapshot" if kind == "shelve" else kind,
        instance_uuid=str(uuid.uuid4()),
        is_public="False",
    )
    admin.image.add_member(made.id, member_id=project)
    return made.id


def listed(**query):
    return {one.id for one in tenant.image.images(**query)}


def use(image_id, one_call):
    upload = admin.image.put(
        f"/images/{image_id}/file", data=b"disk", headers={"Content-Type": "application/octet-stream"}
    )
    assert upload.status_code == 204, upload.text
    assert image_id not in listed(), "it is listed before anybody accepted it"
    shown = tenant.image.get_image(image_id)
    assert shown.visibility == "shared" and shown.status == "active", shown
    assert tenant.image.download_image(image_id).content == b"disk"
    if one_call:
        key = shown.properties["cinder_encryption_key_id"]
        answer = tenant.key_manager.get(f"/secrets/{key}/payload", headers={"Accept": "application/octet-stream"})
        assert answer.status_code == 200 and answer.content == b"secret key of the image", answer.text
    assert image_id in listed(visibility="shared", member_status="pending")
    tenant.image.update_member(project, image_id, status="accepted")
    assert image_id in listed(), "it is not listed after it was accepted"
    try:
        tenant.image.delete_image(image_id, ignore_missing=False)
    except exceptions.ForbiddenException:
        pass
    else:
        raise AssertionError("the tenant deleted the admin's image")
    assert tenant.image.download_image(image_id).content == b"disk"
    admin.image.delete_image(image_id, ignore_missing=False)
    try:
        tenant.image.get_image(image_id)
    except exceptions.NotFoundException:
        return
    raise AssertionError("a deleted image is shown")


source = encrypted_source()
count = 0
for kind in ("snapshot", "backup", "shelve"):
    for make in (by_one_call, by_three_calls):
        use(make(kind, source), make is by_one_call)
        count += 1
print(f"{count} images")
