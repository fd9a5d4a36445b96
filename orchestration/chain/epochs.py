"""Raw storage of epochs -> what each epoch read and wrote, and the hyperparameters by change.

An epoch of block E saw the state at the end of E-1: weights, stakes and permits that extrinsics of
E set count for the next one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bittensor_core import ss58_encode

from orchestration.chain.decode import ROOT, StateFrames
from orchestration.chain.keys import PREFIX_BYTES, parameters_of
from orchestration.chain.layout import (
    ALPHA_DIVIDENDS,
    BONDS,
    BY_MECHANISM,
    CHILDKEY_TAKE,
    CHILDREN,
    DELEGATE_TAKE,
    EMISSION_SPLIT,
    EPOCH_ITEMS,
    GLOBAL_ITEMS,
    HOTKEY,
    HYPERPARAMETER_ITEMS,
    LAST_STEP_BLOCK,
    LAST_UPDATE,
    MECHANISM_STEP,
    NETWORKS_ADDED,
    NEURON_COUNT,
    OUTPUT_VECTORS,
    OWNER,
    OWNER_HOTKEY,
    PARENTS,
    REGISTERED_AT,
    STAKE,
    SUBNET_ITEMS,
    TAO_DIVIDENDS,
    VALIDATOR_PERMIT,
    WEIGHTS,
    StorageItem,
)
from orchestration.chain.values import SS58_PREFIX, Vectors, decode_values, decode_vectors
from orchestration.errors import DecodeError
from orchestration.schemas import (
    BITS,
    CHAIN__EPOCH_BONDS,
    CHAIN__EPOCH_KIN,
    CHAIN__EPOCH_NEURONS,
    CHAIN__EPOCH_WEIGHTS,
    CHAIN__EPOCHS,
    CHAIN__HYPERPARAMETERS,
)

TEMPO = next(item for item in SUBNET_ITEMS if item.item == "Tempo")
_OWNER_COLDKEY = next(item for item in SUBNET_ITEMS if item.item == "SubnetOwner")
_GLOBALS = tuple(i for i in GLOBAL_ITEMS if i.item in ("TaoWeight", "StakeThreshold"))
_EPOCH_PARAMETERS = (
    *_GLOBALS,
    TEMPO,
    _OWNER_COLDKEY,
    OWNER_HOTKEY,
    LAST_STEP_BLOCK,
    *HYPERPARAMETER_ITEMS,
)
_ABSENT = -1
_EQUAL_LENGTHS_UNTIL = 319
"""Up to this spec an epoch with vectors of another length than the neurons panics."""


# ---------------------------------------------------------------------- state at epochs


class _Item:
    """The landed rows of one item, found by key and block.

    A key is known by one number made of its parameters: account x 2^16 + netuid, netuid x 2^16 +
    uid, or either alone, so that thousands are looked up at once.
    """

    def __init__(
        self, numbers: np.ndarray, blocks: np.ndarray, values: pa.BinaryArray, rows: np.ndarray
    ) -> None:
        order = np.lexsort((blocks, numbers))
        self._numbers, self._blocks = numbers[order], blocks[order]
        self._keys, first = np.unique(self._numbers, return_index=True)
        self._first = first
        self._span = int(blocks.max()) + 1 if len(blocks) else 1
        self._stamps = np.searchsorted(self._keys, self._numbers) * self._span + self._blocks
        self.values = values.take(pa.array(rows[order]))
        self.is_null = self.values.is_null().to_numpy(zero_copy_only=False)

    def at(self, numbers: np.ndarray, blocks: np.ndarray) -> np.ndarray:
        """The row that holds at the end of each block, -1 for an absent key."""
        if not len(self._keys):
            return np.full(len(numbers), _ABSENT)
        places = np.minimum(np.searchsorted(self._keys, numbers), len(self._keys) - 1)
        stamps = places * self._span + np.minimum(blocks, self._span - 1)
        rows = np.searchsorted(self._stamps, stamps, side="right") - 1
        found = (self._keys[places] == numbers) & (rows >= self._first[places])
        rows = np.where(found, rows, _ABSENT)
        return np.where(found & ~self.is_null[rows], rows, _ABSENT)

    def where(self, row: int) -> tuple[int, int]:
        """The number of the key and the block of a row."""
        return int(self._numbers[row]), int(self._blocks[row])


@dataclass(frozen=True, slots=True)
class _Places:
    """One row for each epoch, mechanism and neuron, in that order."""

    epochs: np.ndarray
    mecids: np.ndarray
    uids: np.ndarray


class EpochFrames:
    """A day's epochs: what each read before its block and wrote by its end."""

    def __init__(self, raw: pa.Table, frames: StateFrames) -> None:
        self._frames = frames
        _, after = frames.columns(LAST_STEP_BLOCK)
        shape = (len(frames.snapshots), len(frames.netuids))
        stepped = after["last_mechanism_step_block"].to_numpy().reshape(shape)
        ran = stepped == frames.snapshots[:, None]
        self._snapshots, self._columns = np.nonzero(ran)
        self.blocks = frames.snapshots[self._snapshots]
        self.netuids = frames.netuids[self._columns].astype(np.int64)
        self.specs = frames.snapshot_specs[self._snapshots]
        self._accounts: dict[bytes, int] = {}
        self._ss58: list[str] = []
        self._items = self._split(raw.combine_chunks())
        self._vectors: dict[StorageItem, Vectors] = {}
        counts, counts_after = (side["neuron_count"] for side in self.parameter(NEURON_COUNT))
        self.counts_before = counts.to_numpy().astype(np.int64)
        self.counts = counts_after.to_numpy().astype(np.int64)
        mechanisms = self.parameter(_item_named("MechanismCountCurrent"))[0]["mechanism_count"]
        self.mechanism_counts = np.maximum(pc.fill_null(mechanisms, 1).to_numpy(), 1)

    # ------------------------------------------------------------------ reading

    def _split(self, raw: pa.Table) -> dict[StorageItem, _Item]:
        keys = raw["key"].combine_chunks().dictionary_encode()
        items = {item.prefix: item for item in EPOCH_ITEMS}
        order = list(items.values())
        distinct = keys.dictionary.to_pylist()
        codes = np.empty(len(distinct), dtype=np.int64)
        numbers = np.empty(len(distinct), dtype=np.int64)
        for place, key in enumerate(distinct):
            item = items.get(key[:PREFIX_BYTES])
            parameters = None if item is None else parameters_of(key, item.key)
            if parameters is None:
                raise DecodeError(
                    f"The landed key 0x{key.hex()} is of no item that an epoch reads; "
                    "land the day again."
                )
            codes[place] = order.index(item)
            numbers[place] = self._number(item, parameters)
        indices = keys.indices.to_numpy()
        row_codes, row_numbers = codes[indices], numbers[indices]
        blocks = raw["block_number"].to_numpy()
        values = raw["value"].combine_chunks()
        found = {}
        for code, item in enumerate(order):
            rows = np.flatnonzero(row_codes == code)
            found[item] = _Item(row_numbers[rows], blocks[rows], values, rows)
        return found

    def _number(self, item: StorageItem, parameters: list[bytes]) -> int:
        kinds = [kind for _, kind in item.key]
        if "[u8; 32]" not in kinds:
            number = int.from_bytes(parameters[0], "little")
            return (
                number
                if len(kinds) == 1
                else number << 16 | int.from_bytes(parameters[1], "little")
            )
        account = self.account(parameters[kinds.index("[u8; 32]")])
        netuid = parameters[kinds.index("u16")] if "u16" in kinds else b""
        return account << 16 | int.from_bytes(netuid, "little")

    def account(self, account: bytes) -> int:
        """The number of an account."""
        return self._accounts.setdefault(account, len(self._accounts))

    def names(self, accounts: np.ndarray) -> pa.Array:
        """ss58 of accounts; null for -1."""
        for account in list(self._accounts)[len(self._ss58) :]:
            self._ss58.append(ss58_encode(account, SS58_PREFIX))
        is_absent = accounts == _ABSENT
        return pa.array(self._ss58, pa.string()).take(pa.array(accounts, mask=is_absent))

    def parameter(self, item: StorageItem) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
        """An item of every snapshot, at the epochs: (before, after), each by column."""
        rows = pa.array(self._snapshots * len(self._frames.netuids) + self._columns)
        if not item.key:
            rows = pa.array(self._snapshots)
        return tuple(
            {name: column.take(rows) for name, column in side.items()}
            for side in self._frames.columns(item)
        )

    def fixed(self, item: StorageItem, numbers: np.ndarray, blocks: np.ndarray) -> np.ndarray:
        """A number of each key at the end of each block; the spec's default for an absent key."""
        found = self._items[item]
        rows = found.at(numbers, blocks)
        used, picks = np.unique(rows[rows >= 0], return_inverse=True)
        values = found.values.take(pa.array(used))
        column = self._decoded(item, found, used, lambda: decode_values(item, values))
        decoded = column[item.columns[0]].to_numpy().astype(np.int64)
        result = np.full(len(rows), _ABSENT, dtype=np.int64)
        result[rows >= 0] = decoded[picks]
        absent = np.flatnonzero(rows < 0)
        specs = self._frames.specs_at(blocks[absent])
        for spec in np.unique(specs):
            default = self._frames.layouts[int(spec)].defaults.get(item)
            if default is not None:
                stand_in = decode_values(item, pa.array([default], pa.binary()))
                result[absent[specs == spec]] = stand_in[item.columns[0]][0].as_py()
        return result

    def accounts(self, item: StorageItem, numbers: np.ndarray, blocks: np.ndarray) -> np.ndarray:
        """The account each key holds, by its number; -1 for none."""
        found = self._items[item]
        rows = found.at(numbers, blocks)
        used, picks = np.unique(rows[rows >= 0], return_inverse=True)
        raw = found.values.take(pa.array(used)).to_pylist()
        held = np.array([self.account(account) for account in raw], dtype=np.int64)
        result = np.full(len(rows), _ABSENT, dtype=np.int64)
        result[rows >= 0] = held[picks]
        return result

    def vectors(
        self, item: StorageItem, numbers: np.ndarray, blocks: np.ndarray
    ) -> tuple[Vectors, np.ndarray]:
        """All vectors of an item, and which of them each key holds; -1 for none."""
        found = self._items[item]
        if item not in self._vectors:
            rows = np.arange(len(found.is_null))
            self._vectors[item] = self._decoded(
                item, found, rows, lambda: decode_vectors(item, found.values)
            )
            found.values = None  # a day of bonds is some 200 MB, and is not read again
        return self._vectors[item], found.at(numbers, blocks)

    def _decoded(self, item: StorageItem, found: _Item, used: np.ndarray, decode):
        try:
            return decode()
        except ValueError as error:
            position, what = error.args
            number, block = found.where(int(used[position]))
            raise DecodeError(
                f"{item.name} at block {block}, {self._named(item, number)} cannot be read as "
                f"{item.value_type}: it {what}; land the day again from another source, or correct "
                "the declared type."
            ) from None

    def _named(self, item: StorageItem, number: int) -> str:
        if not any(kind == "[u8; 32]" for _, kind in item.key):
            place, uid = (number, None) if len(item.key) == 1 else (number >> 16, number & 0xFFFF)
            return f"netuid {place % MECHANISM_STEP}" + ("" if uid is None else f", uid {uid}")
        return f"netuid {number & 0xFFFF}, account {self.names(np.array([number >> 16]))[0]}"

    # ------------------------------------------------------------------ neurons

    def index(self, item: StorageItem, epochs: np.ndarray, mecids: np.ndarray) -> np.ndarray:
        """Where an item of a mechanism stands: every mechanism has its own, or all have one."""
        step = MECHANISM_STEP if item.item in BY_MECHANISM else 0
        return self.netuids[epochs] + step * mecids

    @cached_property
    def mechanisms(self) -> tuple[np.ndarray, np.ndarray]:
        """(epoch, mecid) of every mechanism's epoch."""
        epochs = np.repeat(np.arange(len(self.blocks)), self.mechanism_counts)
        return epochs, _counted(self.mechanism_counts)

    @cached_property
    def places(self) -> _Places:
        """Every uid before or after the block."""
        epochs, mecids = self.mechanisms
        neurons = np.maximum(self.counts_before, self.counts)[epochs]
        return _Places(np.repeat(epochs, neurons), np.repeat(mecids, neurons), _counted(neurons))

    @cached_property
    def hotkeys(self) -> np.ndarray:
        """The account at each place before the block; -1 for none."""
        at = self.places
        numbers = self.netuids[at.epochs] << 16 | at.uids
        found = self.accounts(HOTKEY, numbers, self.blocks[at.epochs] - 1)
        return np.where(at.uids < self.counts_before[at.epochs], found, _ABSENT)

    def element(self, item: StorageItem, is_before: bool) -> tuple[np.ndarray, np.ndarray]:
        """An element of a vector at each place: (values, mask where the vector does not reach)."""
        at = self.places
        blocks = self.blocks[at.epochs] - is_before
        vectors, rows = self.vectors(item, self.index(item, at.epochs, at.mecids), blocks)
        lengths = np.append(vectors.lengths, 0)[rows]
        is_beyond = at.uids >= lengths
        places = np.where(is_beyond, 0, np.append(vectors.starts[:-1], 0)[rows] + at.uids)
        flat = vectors.flat if len(vectors.flat) else np.zeros(1, vectors.flat.dtype)
        return flat[places], is_beyond


def _counted(counts: np.ndarray) -> np.ndarray:
    """0 .. count - 1 for each count, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


def _item_named(name: str) -> StorageItem:
    return next(item for item in HYPERPARAMETER_ITEMS if item.item == name)


# ---------------------------------------------------------------------- the decoded tables


def chain_epochs(found: EpochFrames) -> pa.Table:
    """``chain__epochs``: every epoch at a snapshot, with what it read of the subnet."""
    columns: dict[str, pa.Array] = {
        "block_number": pa.array(found.blocks),
        "netuid": pa.array(found.netuids),
        "spec_version": pa.array(found.specs),
        "pre_neuron_count": pa.array(found.counts_before),
        "neuron_count": pa.array(found.counts),
        "pre_emission_split_u16": _emission_splits(found),
    }
    _, firsts, counts = np.unique(found.blocks, return_index=True, return_counts=True)
    columns["place_in_block"] = pa.array(
        np.arange(len(found.blocks)) - np.repeat(firsts, counts) + 1
    )
    for item in _EPOCH_PARAMETERS:
        before, _ = found.parameter(item)
        columns |= {f"pre_{name}": column for name, column in before.items()}
    columns["pre_mechanism_count"] = pa.array(found.mechanism_counts)
    return _as(CHAIN__EPOCHS, columns)


def _emission_splits(found: EpochFrames) -> pa.Array:
    vectors, rows = found.vectors(EMISSION_SPLIT, found.netuids, found.blocks - 1)
    shares = vectors.take(rows[rows >= 0])
    starts = np.zeros(len(rows) + 1, dtype=np.int32)
    starts[1:] = np.cumsum(np.where(rows >= 0, np.append(vectors.lengths, 0)[rows], 0))
    return pa.ListArray.from_arrays(
        pa.array(starts), pa.array(shares.flat), mask=pa.array(rows < 0)
    )


def chain_epoch_neurons(found: EpochFrames) -> pa.Table:
    """``chain__epoch_neurons``: every neuron of every epoch and mechanism.

    Raises:
        DecodeError: a vector that the epoch read does not have one value for each neuron, in a spec
            whose runtime panics on that.
    """
    at, hotkeys = found.places, found.hotkeys
    before, after = found.blocks[at.epochs] - 1, found.blocks[at.epochs]
    netuids = found.netuids[at.epochs]
    _check_lengths(found)
    none = hotkeys == _ABSENT
    of_subnet, anywhere = hotkeys << 16 | netuids, hotkeys << 16
    registered = found.fixed(REGISTERED_AT, netuids << 16 | at.uids, after)
    columns: dict[str, pa.Array] = {
        "block_number": pa.array(after),
        "netuid": pa.array(netuids),
        "mecid": pa.array(at.mecids),
        "uid": pa.array(at.uids),
        "spec_version": pa.array(found.specs[at.epochs]),
        "is_registered_in_block": pa.array(registered == after),
        "pre_registered_at_block": pa.array(
            found.fixed(REGISTERED_AT, netuids << 16 | at.uids, before), mask=none
        ),
    }
    for name, item, numbers in (
        ("pre_alpha_rao", STAKE, of_subnet),
        ("pre_root_rao", STAKE, anywhere),
        ("pre_childkey_take_u16", CHILDKEY_TAKE, of_subnet),
        ("pre_delegate_take_u16", DELEGATE_TAKE, anywhere),
    ):
        columns[name] = pa.array(found.fixed(item, numbers, before), mask=none)
    for item in (ALPHA_DIVIDENDS, TAO_DIVIDENDS):
        is_known = np.array([item.is_in(int(spec)) for spec in found.specs], dtype=bool)
        columns[item.columns[0]] = pa.array(
            found.fixed(item, of_subnet, after), mask=none | ~is_known[at.epochs]
        )
    owners = found.accounts(OWNER, anywhere, before)
    columns["hotkey_ss58"] = found.names(hotkeys)
    columns["pre_coldkey_ss58"] = found.names(np.where(none, _ABSENT, owners))
    for name, item, is_before in (
        ("pre_last_update_block", LAST_UPDATE, True),
        ("pre_is_validator_permitted", VALIDATOR_PERMIT, True),
        *((item.columns[0], item, False) for item in OUTPUT_VECTORS),
    ):
        values, mask = found.element(item, is_before)
        if item.value_type == "Vec<bool>":
            values = values.astype(bool)
        if is_before:
            mask = mask | (at.uids >= found.counts_before[at.epochs])
        columns[name] = pa.array(values, mask=mask)
    return _as(CHAIN__EPOCH_NEURONS, columns)


def _check_lengths(found: EpochFrames) -> None:
    for item in (LAST_UPDATE, VALIDATOR_PERMIT):
        vectors, rows = found.vectors(item, found.netuids, found.blocks - 1)
        lengths = np.append(vectors.lengths, 0)[rows]
        wrong = (lengths != found.counts_before) & (found.specs <= _EQUAL_LENGTHS_UNTIL)
        if wrong.any():
            epoch = int(np.argmax(wrong))
            raise DecodeError(
                f"{item.name} of netuid {found.netuids[epoch]} at block {found.blocks[epoch] - 1} "
                f"has {lengths[epoch]} values for {found.counts_before[epoch]} neurons, and the "
                "epoch that the next block ran would have failed; land the day again from another "
                "source."
            )


def chain_epoch_kin(found: EpochFrames) -> pa.Table:
    """``chain__epoch_kin``: parents and children of every hotkey, as the epoch saw them."""
    at = found.places
    first = np.flatnonzero((at.mecids == 0) & (found.hotkeys != _ABSENT))
    epochs = at.epochs[first]
    netuids, before = found.netuids[epochs], found.blocks[epochs] - 1
    parts = []
    for item, is_parent in ((PARENTS, True), (CHILDREN, False)):
        vectors, rows = found.vectors(item, found.hotkeys[first] << 16 | netuids, before)
        has = np.flatnonzero(rows >= 0)
        kin = vectors.take(rows[has])
        of = np.repeat(has, kin.lengths)
        held = [found.account(account) for account in kin.flat["account"].tolist()]
        parts.append(
            {
                "place": first[of],
                "epoch": epochs[of],
                "is_parent": np.full(len(of), is_parent),
                "kin_index": _counted(kin.lengths),
                "share": kin.flat["share"],
                "account": np.array(held, dtype=np.int64),
            }
        )
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((whole["kin_index"], ~whole["is_parent"], whole["place"]))
    whole = {name: values[order] for name, values in whole.items()}
    epochs, accounts = whole["epoch"], whole["account"]
    netuids, before = found.netuids[epochs], found.blocks[epochs] - 1
    is_child = ~whole["is_parent"]

    def of_parents(item: StorageItem, netuid: np.ndarray | int) -> pa.Array:
        return pa.array(found.fixed(item, accounts << 16 | netuid, before), mask=is_child)

    owners = found.accounts(OWNER, accounts << 16, before)
    columns = {
        "block_number": pa.array(found.blocks[epochs]),
        "netuid": pa.array(netuids),
        "uid": pa.array(at.uids[whole["place"]]),
        "is_parent": pa.array(whole["is_parent"]),
        "kin_index": pa.array(whole["kin_index"]),
        "kin_ss58": found.names(accounts),
        "share_u64": _wide(whole["share"]),
        "pre_alpha_rao": of_parents(STAKE, netuids),
        "pre_root_rao": of_parents(STAKE, ROOT),
        "pre_delegate_take_u16": of_parents(DELEGATE_TAKE, 0),
        "pre_coldkey_ss58": found.names(np.where(is_child, _ABSENT, owners)),
    }
    return _as(CHAIN__EPOCH_KIN, columns)


def chain_epoch_weights(found: EpochFrames) -> pa.Table:
    """``chain__epoch_weights``: the rows the epoch read, in stored order, zeros kept."""
    at = _rows_of_uids(found, found.counts_before)
    vectors, rows = _rows_at(found, WEIGHTS, at, is_before=True)
    has = np.flatnonzero(rows >= 0)
    uids, shares = _lists(vectors, rows[has])
    return _as(
        CHAIN__EPOCH_WEIGHTS,
        _keys(found, at, has) | {"target_uids": uids, "weights_u16": shares},
    )


def chain_epoch_bonds(found: EpochFrames) -> pa.Table:
    """``chain__epoch_bonds``: the rows before the epoch and at the end of its block."""
    at = found.places
    vectors, before = _rows_at(found, BONDS, at, is_before=True)
    before = np.where(at.uids < found.counts_before[at.epochs], before, _ABSENT)
    _, after = _rows_at(found, BONDS, at, is_before=False)
    has = np.flatnonzero((before >= 0) | (after >= 0))
    pre_uids, pre_shares = _lists(vectors, before[has])
    uids, shares = _lists(vectors, after[has])
    return _as(
        CHAIN__EPOCH_BONDS,
        _keys(found, at, has)
        | {
            "pre_target_uids": pre_uids,
            "pre_bonds_u16": pre_shares,
            "target_uids": uids,
            "bonds_u16": shares,
        },
    )


def _rows_of_uids(found: EpochFrames, counts: np.ndarray) -> _Places:
    epochs, mecids = found.mechanisms
    neurons = counts[epochs]
    return _Places(np.repeat(epochs, neurons), np.repeat(mecids, neurons), _counted(neurons))


def _rows_at(
    found: EpochFrames, item: StorageItem, at: _Places, is_before: bool
) -> tuple[Vectors, np.ndarray]:
    numbers = found.index(item, at.epochs, at.mecids) << 16 | at.uids
    return found.vectors(item, numbers, found.blocks[at.epochs] - is_before)


def _keys(found: EpochFrames, at: _Places, rows: np.ndarray) -> dict[str, pa.Array]:
    return {
        "block_number": pa.array(found.blocks[at.epochs[rows]]),
        "netuid": pa.array(found.netuids[at.epochs[rows]]),
        "mecid": pa.array(at.mecids[rows]),
        "uid": pa.array(at.uids[rows]),
    }


def _lists(vectors: Vectors, rows: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Uids and shares of rows as lists; null where there is no row."""
    held = vectors.take(rows[rows >= 0])
    lengths = np.zeros(len(rows), dtype=np.int64)
    lengths[rows >= 0] = held.lengths
    starts = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum(lengths, out=starts[1:])
    mask = pa.array(rows < 0) if (rows < 0).any() else None
    uids, shares = (
        pa.ListArray.from_arrays(
            pa.array(starts), pa.array(np.ascontiguousarray(held.flat[field])), mask=mask
        )
        for field in ("uid", "share")
    )
    return uids, shares


def chain_hyperparameters(frames: StateFrames) -> pa.Table:
    """``chain__hyperparameters``: what stood first, and every change of it."""
    items = (TEMPO, *HYPERPARAMETER_ITEMS)
    states: dict[str, pa.Array] = {}
    shape = (len(frames.snapshots), len(frames.netuids))
    is_news = np.zeros((2 * shape[0], shape[1]), dtype=bool)
    is_news[:1] = True
    exists = _in_turn(*(s["is_network_added"] for s in frames.columns(NETWORKS_ADDED)), shape)
    exists = exists.to_numpy(zero_copy_only=False).reshape(is_news.shape)
    is_news[1:] |= exists[1:] & ~exists[:-1]
    for item in items:
        before, after = frames.columns(item)
        for name in item.columns:
            column = _in_turn(before[name], after[name], shape)
            states[name] = column
            numbers = pc.fill_null(column.cast(pa.int64()), -(2**62)).to_numpy()
            numbers = numbers.reshape(is_news.shape)
            is_news[1:] |= numbers[1:] != numbers[:-1]
    is_news &= exists & (frames.netuids != ROOT)
    turns, subnets = np.nonzero(is_news)
    picks = pa.array(turns * shape[1] + subnets)
    # A change between two distant snapshots is known at the block it was first read at.
    blocks = np.stack([frames.snapshots - 1, frames.snapshots], axis=1).ravel()
    columns = {
        "block_number": pa.array(blocks[turns]),
        "netuid": pa.array(frames.netuids[subnets]),
        "is_first_of_day": pa.array(turns == 0),
    } | {name: column.take(picks) for name, column in states.items()}
    return _as(CHAIN__HYPERPARAMETERS, columns)


def _in_turn(before: pa.Array, after: pa.Array, shape: tuple[int, int]) -> pa.Array:
    """Before and after each snapshot, in the order of time, shape (2 x snapshots, netuids)."""
    order = np.arange(2 * shape[0] * shape[1]).reshape(2, *shape).swapaxes(0, 1).ravel()
    return pa.concat_arrays([before, after]).take(pa.array(order))


def _wide(numbers: np.ndarray) -> pa.Array:
    """u64 as exact decimals."""
    words = np.zeros((len(numbers), 2), dtype="<u8")
    words[:, 0] = numbers
    return pa.Array.from_buffers(BITS, len(numbers), [None, pa.py_buffer(words.tobytes())])


def _as(schema: pa.Schema, columns: dict[str, pa.Array]) -> pa.Table:
    """The columns of a schema, in its order and types."""
    return pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)
