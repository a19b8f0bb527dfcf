"""Every call of castellan's Barbican key manager that Cinder and Nova make, and how each fails."""

from castellan.common import exception
from castellan.common.objects import opaque_data, passphrase, symmetric_key

from cinderkeys import context_of, keys


def refused(error, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
    except error:
        return
    raise AssertionError(f"{call.__name__}{args[1:]} gave {got!r}")


member, other, reader = context_of("gander"), context_of("gander-other"), context_of("gander-reader")

made = keys.create_key(member, "AES", 256, name="made")
key = keys.get(member, made)
assert (
    isinstance(key, symmetric_key.SymmetricKey)
    and len(key.get_encoded()) == 32
    and key.algorithm == "AES"
    and key.bit_length == 256
), vars(key)
assert keys.get(member, made, metadata_only=True).name == "made"
assert keys.create_key(member, "AES", 256) != made

stored = keys.store(member, symmetric_key.SymmetricKey("AES", 128, bytes(range(16)), name="stored"))
assert keys.get(member, stored).get_encoded() == bytes(range(16))
words = keys.store(member, passphrase.Passphrase("correct horse"))
assert keys.get(member, words).get_encoded() == "correct horse", keys.get(member, words).get_encoded()
opaque = keys.store(member, opaque_data.OpaqueData(b"\x00\xff" * 100))
assert keys.get(member, opaque).get_encoded() == b"\x00\xff" * 100
refused(exception.KeyManagerError, keys.store, member, opaque_data.OpaqueData(bytes(65537)))

assert {one.id for one in keys.list(member)} >= {made, stored}, keys.list(member)
assert [one.name for one in keys.list(member, object_type=symmetric_key.SymmetricKey) if one.id == stored] == ["stored"]
assert keys.list(other) == []

volume = {"service": "cinder", "resource_type": "volume", "resource_id": "11111111-2222-3333-4444-555555555555"}
keys.add_consumer(member, stored, volume)
keys.add_consumer(member, stored, volume)
assert keys.get(member, stored).consumers == [volume], keys.get(member, stored).consumers
refused(exception.KeyManagerError, keys.delete, member, stored)
assert keys.get(member, stored).get_encoded() == bytes(range(16))
keys.remove_consumer(member, stored, volume)
refused(exception.ManagedObjectNotFoundError, keys.remove_consumer, member, stored, volume)
keys.delete(member, stored)
refused(exception.ManagedObjectNotFoundError, keys.get, member, stored)
refused(exception.ManagedObjectNotFoundError, keys.delete, member, stored)
refused(exception.ManagedObjectNotFoundError, keys.add_consumer, member, stored, volume)

for call in (keys.get, keys.delete):
    refused(exception.ManagedObjectNotFoundError, call, other, made)
refused(exception.KeyManagerError, keys.get, reader, made)  # a reader may see it, and not its value
refused(exception.KeyManagerError, keys.create_key, reader, "AES", 256)
refused(exception.KeyManagerError, keys.create_key_pair, member, "RSA", 2048)
assert len(keys.get(member, made).get_encoded()) == 32
print("done")
