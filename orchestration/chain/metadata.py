"""Checks the declared layout against the metadata of a spec and names every difference.

What a spec's metadata does not confirm is not decoded.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property

from bittensor_core import Runtime

from orchestration.chain.layout import FIRST_SPEC, StorageItem, items_at
from orchestration.errors import LayoutError


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a spec's metadata is not what the layout declares."""

    item: str
    what: str
    declared: str
    found: str

    @property
    def is_fatal(self) -> bool:
        """A default is read from the metadata itself, so another default changes no reading."""
        return self.what != "default"

    def __str__(self) -> str:
        return f"{self.item}: {self.what} is {self.found}, declared as {self.declared}"


class Metadata:
    """The metadata of one spec: types as the shape of their bytes, defaults, and a decoder."""

    def __init__(self, spec_version: int, raw: bytes) -> None:
        self.spec_version = spec_version
        start = raw.find(b"meta")
        # state_call answers carry an Option and a length in front of the magic bytes.
        if not 0 <= start <= 6:
            raise LayoutError(
                f"The metadata of spec {spec_version} does not begin with 'meta'; fetch it again "
                "with state_getMetadata."
            )
        try:
            self.runtime = Runtime(raw[start:], spec_version, 1)
        except ValueError as error:
            raise LayoutError(
                f"The metadata of spec {spec_version} cannot be read ({error}); fetch it again "
                "with state_getMetadata, which answers version 14."
            ) from None

    @cached_property
    def _types(self) -> dict[int, dict]:
        registry = json.loads(self.runtime.registry_json())
        return {entry["id"]: entry["type"] for entry in registry["types"]}

    def entry(self, pallet: str, item: str):
        """The storage entry, or None when this spec has no such item."""
        try:
            return self.runtime.storage_entry(pallet, item)
        except KeyError:
            return None

    def decode_events(self, blocks: list[bytes]) -> list[list[dict]]:
        """The events of each block, from the bytes of System.Events."""
        kind = self.entry("System", "Events").value_type
        return self.runtime.batch_decode([kind] * len(blocks), blocks)

    def shape(self, type_reference: str) -> str:
        """The bytes of a type, newtypes taken off: ``u64``, ``i128/2^32``, ``[u8; 32]``."""
        return self._shape(_type_id(type_reference))

    def _shape(self, type_id: int) -> str:
        described = self._types[type_id]
        kind, body = next(iter(described["def"].items()))
        path = described.get("path", [])
        name = path[-1] if path else ""
        if name in ("FixedI128", "FixedU128", "FixedI64", "FixedU64"):
            bits = self._shape(body["fields"][0]["type"])
            return f"{bits}/2^{self._binary(described['params'][0]['type'])}"
        if kind == "primitive":
            return body
        if kind == "composite":
            fields = [self._shape(f["type"]) for f in body.get("fields", [])]
            return fields[0] if len(fields) == 1 else f"{name}({', '.join(fields)})"
        if kind == "tuple":
            return f"({', '.join(self._shape(t) for t in body)})"
        if kind == "array":
            return f"[{self._shape(body['type'])}; {body['len']}]"
        if kind == "sequence":
            return f"Vec<{self._shape(body['type'])}>"
        if kind == "compact":
            return f"Compact<{self._shape(body['type'])}>"
        return name or kind

    def _binary(self, type_id: int) -> int:
        """The number a typenum type stands for: UInt<UInt<UTerm, B1>, B0> is 2."""
        described = self._types[type_id]
        if described["path"][-1] == "UTerm":
            return 0
        upper, lowest = (param["type"] for param in described["params"])
        return 2 * self._binary(upper) + int(self._types[lowest]["path"][-1] == "B1")


@dataclass(frozen=True, slots=True)
class ConfirmedLayout:
    """A spec whose metadata agrees with every declaration: the only key to decoding."""

    metadata: Metadata
    defaults: dict[StorageItem, bytes]
    notices: tuple[Difference, ...]

    @property
    def spec_version(self) -> int:
        return self.metadata.spec_version

    @property
    def items(self):
        return self.defaults.keys()

    def decode_events(self, blocks: list[bytes]) -> list[list[dict]]:
        """The events of each block, from the bytes of System.Events."""
        return self.metadata.decode_events(blocks)


def differences(metadata: Metadata) -> list[Difference]:
    """Every way in which a spec is not as declared, in the order of the layout.

    Raises:
        LayoutError: the spec is older than the first we declare.
    """
    if metadata.spec_version < FIRST_SPEC:
        raise LayoutError(
            f"Spec {metadata.spec_version} is older than dTAO (spec {FIRST_SPEC}); "
            f"choose days from 2025-02-13 on."
        )
    return [
        difference
        for item in items_at(metadata.spec_version)
        for difference in _item_differences(metadata, item)
    ]


def _item_differences(metadata: Metadata, item: StorageItem) -> list[Difference]:
    entry = metadata.entry(item.pallet, item.item)
    if entry is None and item.may_lack(metadata.spec_version):
        return []
    if entry is None:
        return [Difference(item.name, "item", "present", "absent")]
    types = (metadata.shape(reference) for reference in entry.param_types)
    keys = tuple(zip(entry.param_hashers, types, strict=True))
    claims = [
        ("keys", item.key, keys),
        ("value type", item.value_type, metadata.shape(entry.value_type)),
        ("modifier", "Optional" if item.is_optional else "Default", entry.modifier),
        ("default", item.default_at(metadata.spec_version), bytes(entry.default_bytes).hex()),
    ]
    return [
        Difference(item.name, what, str(declared), str(found))
        for what, declared, found in claims
        if declared != found
    ]


def confirm(spec_version: int, raw: bytes) -> ConfirmedLayout:
    """The layout of a spec, once its metadata agrees.

    Raises:
        LayoutError: the metadata is unreadable, the spec too old, or an item differs in more than
            its default; the sentence names each item with both types.
    """
    metadata = Metadata(spec_version, raw)
    found = differences(metadata)
    fatal = [str(d) for d in found if d.is_fatal]
    if fatal:
        raise LayoutError(
            f"Spec {spec_version} is not laid out as declared, so its blocks are not decoded: "
            f"{'; '.join(fatal)}. Declare the new layout in orchestration/chain/layout.py."
        )
    entries = {item: metadata.entry(item.pallet, item.item) for item in items_at(spec_version)}
    defaults = {
        item: bytes(entry.default_bytes) for item, entry in entries.items() if entry is not None
    }
    return ConfirmedLayout(metadata, defaults, tuple(d for d in found if not d.is_fatal))


def _type_id(reference: str) -> int:
    match = re.fullmatch(r"scale_info::(\d+)", reference)
    if match is None:
        raise LayoutError(f"The metadata names a type in an unknown form: {reference}.")
    return int(match.group(1))
