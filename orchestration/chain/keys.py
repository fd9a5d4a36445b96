"""Storage keys: the bytes under which the chain keeps an item, from its names and parameters."""

from functools import cache
from hashlib import blake2b

import xxhash

PREFIX_BYTES = 32

KeyParts = tuple[tuple[str, str], ...]
"""A map's parameters in order: the hasher and the type of each."""

PARAMETER_BYTES = {"u16": 2, "i32": 4, "u128": 16, "[u8; 32]": 32}
"""Bytes of each type a declared map is keyed by."""

_HASHED_BYTES = {"Identity": 0, "Twox64Concat": 8, "Blake2_128Concat": 16}
"""Bytes a hasher puts before the parameter itself."""


def twox_128(text: bytes) -> bytes:
    """Two xxHash64 digests with seeds 0 and 1, little-endian, as Substrate hashes names."""
    return b"".join(xxhash.xxh64_intdigest(text, seed).to_bytes(8, "little") for seed in (0, 1))


@cache
def item_prefix(pallet: str, item: str) -> bytes:
    """The 32 bytes every key of an item begins with."""
    return twox_128(pallet.encode()) + twox_128(item.encode())


def map_key(prefix: bytes, parts: KeyParts, *parameters: bytes) -> bytes:
    """The key of a map's entry, from its parameters as SCALE has them."""
    key = prefix
    for (hasher, _), parameter in zip(parts, parameters, strict=True):
        key += _hashed(hasher, parameter) + parameter
    return key


def _hashed(hasher: str, parameter: bytes) -> bytes:
    if hasher == "Identity":
        return b""
    if hasher == "Twox64Concat":
        return xxhash.xxh64_intdigest(parameter, 0).to_bytes(8, "little")
    if hasher == "Blake2_128Concat":
        return blake2b(parameter, digest_size=16).digest()
    raise ValueError(f"no storage item is declared with hasher {hasher}")


def netuid_key(prefix: bytes, parts: KeyParts, netuid: int) -> bytes:
    """The key of the entry for a subnet, in a map keyed by netuid alone."""
    return map_key(prefix, parts, netuid.to_bytes(2, "little"))


def parameters_of(key: bytes, parts: KeyParts) -> list[bytes] | None:
    """The parameters a map key was made from; None when the key is not of that form."""
    parameters, at = [], PREFIX_BYTES
    for hasher, kind in parts:
        at += _HASHED_BYTES[hasher]
        parameters.append(key[at : at + PARAMETER_BYTES[kind]])
        at += PARAMETER_BYTES[kind]
    return parameters if at == len(key) else None


def netuid_of(key: bytes, parts: KeyParts) -> int | None:
    """The subnet a map key names first; None when the key is not of that form."""
    parameters = parameters_of(key, parts)
    return None if parameters is None else int.from_bytes(parameters[0], "little")
