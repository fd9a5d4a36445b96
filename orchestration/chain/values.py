"""Stored bytes -> typed columns, a whole column at a time: no Python object per value.

Which bytes belong to which block is not known here.
"""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bittensor_core import ss58_encode

from orchestration.chain.keys import KeyParts, parameters_of
from orchestration.chain.layout import StorageItem
from orchestration.errors import LayoutError
from orchestration.schemas import BITS

SS58_PREFIX = 42

_INTEGERS = {
    "u8": "u1",
    "u16": "<u2",
    "i16": "<i2",
    "u32": "<u4",
    "i32": "<i4",
    "u64": "<u8",
    "i64": "<i8",
    # enums without fields: the place of the variant
    "ConsensusMode": "u1",
    "RecycleOrBurnEnum": "u1",
}
_WIDTHS = {"bool": 1, "[u8; 32]": 32} | {k: np.dtype(d).itemsize for k, d in _INTEGERS.items()}
_LARGEST_BITS = 10**38 - 1

_ELEMENTS = {
    "Vec<bool>": np.dtype("u1"),
    "Vec<u16>": np.dtype("<u2"),
    "Vec<u64>": np.dtype("<u8"),
    "Vec<(u16, u16)>": np.dtype([("uid", "<u2"), ("share", "<u2")]),
    "Vec<(u64, [u8; 32])>": np.dtype([("share", "<u8"), ("account", "V32")]),
}

Mask = np.ndarray | None
"""True where there is no value."""


def decode_values(item: StorageItem, values: pa.BinaryArray) -> dict[str, pa.Array]:
    """The column or columns of an item, one row per value.

    Args:
        values: the bytes as stored, shape (n,); null only where the item is optional.

    Raises:
        ValueError: (position, what) of the first value that is not of the item's type.
        LayoutError: the item is declared with a type that is not decoded here.
    """
    if item.value_type == "Vec<u8>":
        return {item.columns[0]: _texts(values)}
    kinds = _fields(item.value_type)
    try:
        widths = [_width(kind) for kind in kinds]
    except KeyError as unknown:
        raise LayoutError(
            f"{item.name} is declared with value type {item.value_type}, and {unknown} is not "
            "decoded; declare one of the types in orchestration/chain/values.py."
        ) from None
    mask = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    rows = _fixed_width(values, sum(widths))
    columns, at = {}, 0
    for name, kind, width in zip(item.columns, kinds, widths, strict=True):
        columns[name] = _column(kind, rows[:, at : at + width], mask)
        at += width
    return columns


@dataclass(frozen=True, slots=True)
class Vectors:
    """Many SCALE vectors in one array.

    Attributes:
        starts: where each begins in ``flat``, shape (n + 1,); the last is where the last ends.
        flat: their elements one after the other.
    """

    starts: np.ndarray
    flat: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)

    def take(self, picks: np.ndarray) -> "Vectors":
        """Those of some rows, in that order."""
        lengths = self.lengths[picks]
        starts = np.zeros(len(picks) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        # A day has some 30 million elements: half the bytes where they do.
        width = np.int32 if max(len(self.flat), starts[-1]) < 2**31 else np.int64
        places = np.repeat((self.starts[picks] - starts[:-1]).astype(width), lengths)
        places += np.arange(starts[-1], dtype=width)
        return Vectors(starts, self.flat[places])


def decode_vectors(item: StorageItem, values: pa.BinaryArray) -> Vectors:
    """The vectors of an item, one per value; a null is an empty one.

    Raises:
        ValueError: (position, what) of the first value that is no such vector.
    """
    element = _ELEMENTS[item.value_type]
    octets, begins, sizes = _octets(values)
    # A compact length takes 1, 2 or 4 bytes by its lowest two bits; a longer one is no vector here.
    number = np.zeros(len(sizes), dtype=np.int64)
    for at in range(4):
        reached = np.flatnonzero(sizes > at)
        number[reached] |= octets[begins[reached] + at].astype(np.int64) << (8 * at)
    mode = number & 3
    header = np.where(sizes > 0, np.array([1, 2, 4, 0])[mode], 0)
    counts = np.where(sizes > 0, (number & ((1 << (8 * header)) - 1)) >> 2, 0)
    held = sizes - header
    wrong = np.flatnonzero((counts * element.itemsize != held) | ((sizes > 0) & (mode == 3)))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            row,
            f"says {counts[row]} elements of {element.itemsize} bytes and holds {held[row]} bytes",
        )
    is_body = np.ones(len(octets), dtype=bool)
    for at in range(4):
        is_body[begins[header > at] + at] = False
    flat = octets[is_body]
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    if item.value_type == "Vec<bool>" and (flat > 1).any():
        place = int(np.argmax(flat > 1))
        row = int(np.searchsorted(starts, place, side="right")) - 1
        raise ValueError(row, f"holds 0x{flat[place]:02x}, which is no bool")
    return Vectors(starts, flat.view(element))


def _octets(values: pa.BinaryArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes of all values one after the other, where each begins, and its size."""
    offsets = np.frombuffer(values.buffers()[1] or b"\0\0\0\0", dtype=np.int32)
    offsets = offsets[values.offset : values.offset + len(values) + 1].astype(np.int64)
    data = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    sizes = np.diff(offsets)
    first = int(offsets[0]) if len(offsets) else 0
    last = int(offsets[-1]) if len(offsets) else 0
    return data[first:last], offsets[:-1] - first, sizes


def column_types(item: StorageItem) -> dict[str, pa.DataType]:
    """The columns an item decodes to, and their types."""
    empty = pa.array([], pa.binary())
    return {name: column.type for name, column in decode_values(item, empty).items()}


def decode_parameters(keys: list[bytes], parts: KeyParts) -> list[pa.Array]:
    """The parameters of map keys, a column each; the keys are known to be of that form."""
    parameters = [parameters_of(key, parts) for key in keys]
    return [
        _column(
            kind,
            np.frombuffer(b"".join(p[at] for p in parameters), np.uint8).reshape(
                len(keys), _width(kind)
            ),
            None,
        )
        for at, (_, kind) in enumerate(parts)
    ]


def _fields(value_type: str) -> list[str]:
    """The types of a composite's fields in order; a plain type is its own only field."""
    composite = re.fullmatch(r"\w*\((.*)\)", value_type)
    return composite[1].split(", ") if composite else [value_type]


def _width(kind: str) -> int:
    return 16 if kind.startswith(("u128", "i128")) else _WIDTHS[kind]


def _column(kind: str, rows: np.ndarray, mask: Mask) -> pa.Array:
    """One field of every value, from its bytes, shape (n, width)."""
    if kind in _INTEGERS:
        return _integers(kind, rows, mask)
    if kind == "bool":
        return _booleans(rows, mask)
    if kind == "[u8; 32]":
        return _addresses(rows, mask)
    return _wide(rows, kind[0] == "i", mask)


def _fixed_width(values: pa.BinaryArray, width: int) -> np.ndarray:
    """Bytes of equally long values, shape (n, width); zeros where null."""
    lengths = pc.fill_null(pc.binary_length(values), width).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != width)
    if len(wrong):
        raise ValueError(int(wrong[0]), f"has {lengths[wrong[0]]} bytes instead of {width}")
    if values.null_count:
        values = pc.fill_null(values, bytes(width))
    data = np.frombuffer(values.buffers()[2] or b"", dtype=np.uint8)
    offsets = np.frombuffer(values.buffers()[1] or b"\0\0\0\0", dtype=np.int32)
    start = int(offsets[values.offset]) if len(values) else 0
    return data[start : start + len(values) * width].reshape(len(values), width)


def _integers(kind: str, rows: np.ndarray, mask: Mask) -> pa.Array:
    numbers = rows.copy().view(_INTEGERS[kind]).ravel()
    if kind == "u64":
        wrong = np.flatnonzero(numbers > np.uint64(2**63 - 1))
        if len(wrong):
            raise ValueError(int(wrong[0]), f"is {numbers[wrong[0]]}, above 2^63 - 1")
    wider = np.int64 if kind in ("u32", "u64", "i64") else np.int32
    return pa.array(numbers.astype(wider), mask=mask)


def _booleans(rows: np.ndarray, mask: Mask) -> pa.Array:
    octets = rows.ravel()
    wrong = np.flatnonzero(octets > 1)
    if len(wrong):
        raise ValueError(int(wrong[0]), f"is 0x{octets[wrong[0]]:02x}, which is no bool")
    return pa.array(octets.astype(bool), mask=mask)


def _wide(rows: np.ndarray, is_signed: bool, mask: Mask) -> pa.Array:
    """128-bit integers, shape (n, 16), as exact decimals: their bytes are Arrow's own form."""
    # 10^38 - 1 has the upper half 0x4B3B4CA85A86C47A; only values beyond it need a closer look. An
    # unsigned value with its top bit set shows a negative upper half and is always beyond.
    high = rows[:, 8:].copy().view("<i8").ravel()
    edge = _LARGEST_BITS >> 64
    suspects = np.flatnonzero((high >= edge) | (high <= (-edge - 1 if is_signed else -1)))
    for row in suspects:
        number = int.from_bytes(rows[row].tobytes(), "little", signed=is_signed)
        if abs(number) > _LARGEST_BITS:
            raise ValueError(int(row), f"is {number}, beyond 38 digits")
    present = None if mask is None else pa.array(~mask).buffers()[1]
    return pa.Array.from_buffers(
        BITS, len(rows), [present, pa.py_buffer(np.ascontiguousarray(rows).tobytes())]
    )


def _addresses(rows: np.ndarray, mask: Mask) -> pa.Array:
    """ss58 names, encoded once for each distinct account."""
    present = None if mask is None else pa.array(~mask).buffers()[1]
    accounts = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), len(rows), [present, pa.py_buffer(np.ascontiguousarray(rows).tobytes())]
    ).dictionary_encode()
    names = pa.array(
        [ss58_encode(key, SS58_PREFIX) for key in accounts.dictionary.to_pylist()], pa.string()
    )
    return names.take(accounts.indices)


def _texts(values: pa.BinaryArray) -> pa.Array:
    encoded = values.dictionary_encode()
    texts = []
    for raw in encoded.dictionary.to_pylist():
        length, start = compact(raw)
        if start + length != len(raw):
            first = pc.index(values, raw).as_py()
            raise ValueError(first, f"says {length} bytes and holds {len(raw) - start}")
        texts.append(raw[start:].decode("utf-8", errors="replace"))
    return pa.array(texts, pa.string()).take(encoded.indices)


def compact(raw: bytes) -> tuple[int, int]:
    """A SCALE compact integer and the number of bytes it takes."""
    if not raw:
        return 0, 0
    mode = raw[0] & 3
    if mode < 3:
        width = 1 << mode
        return int.from_bytes(raw[:width], "little") >> 2, width
    width = (raw[0] >> 2) + 4
    return int.from_bytes(raw[1 : 1 + width], "little"), 1 + width
