"""Storage keys: the bytes under which the chain keeps an item, from its names and parameters."""

from functools import cache
from hashlib import blake2b

import xxhash

PREFIX_BYTES = 32

_HASHED_BYTES = {"Identity": 0, "Twox64Concat": 8, "Blake2_128Concat": 16}
"""Bytes a hasher puts before the parameter itself."""


def twox_128(text: bytes) -> bytes:
    """Two xxHash64 digests with seeds 0 and 1, little-endian, as Substrate hashes names."""
    return b"".join(xxhash.xxh64_intdigest(text, seed).to_bytes(8, "little") for seed in (0, 1))


@cache
def item_prefix(pallet: str, item: str) -> bytes:
    """The 32 bytes every key of an item begins with."""
    return twox_128(pallet.encode()) + twox_128(item.encode())


def netuid_key(prefix: bytes, hasher: str, netuid: int) -> bytes:
    """The key of a map's entry for a subnet."""
    param = netuid.to_bytes(2, "little")
    if hasher == "Identity":
        hashed = b""
    elif hasher == "Twox64Concat":
        hashed = xxhash.xxh64_intdigest(param, 0).to_bytes(8, "little")
    elif hasher == "Blake2_128Concat":
        hashed = blake2b(param, digest_size=16).digest()
    else:
        raise ValueError(f"no storage item is declared with hasher {hasher}")
    return prefix + hashed + param


def netuid_of(key: bytes, hasher: str) -> int | None:
    """The subnet a map key names; None when the key is not of that form."""
    if len(key) != PREFIX_BYTES + _HASHED_BYTES[hasher] + 2:
        return None
    return int.from_bytes(key[-2:], "little")
