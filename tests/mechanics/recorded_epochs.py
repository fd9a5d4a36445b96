"""Epochs of a recording of the spec-293 runtime: the state each saw, and what it wrote.

The storage changes are read as they lie, without the project's own decoder: two readers that agree
are worth more than one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from mechanics import alpha_split
from mechanics.alpha_split.state import AlphaSplitState
from mechanics.distribution import Pending
from mechanics.yuma import EpochResult, EpochState
from mechanics.yuma.stake import StakeState, stake_weights
from mechanics.yuma.state import Row

SPEC_VERSION = 293

_NETUID, _UID, _NONE = 2, 2, ()
_ACCOUNT = -32
"""An account behind the 16 bytes of its hash; other parameters stand as they are or behind one."""

_KEYS = {
    "TaoWeight": _NONE,
    "StakeThreshold": _NONE,
    "SubnetworkN": (_NETUID,),
    "Tempo": (_NETUID,),
    "LastUpdate": (_NETUID,),
    "ValidatorPermit": (_NETUID,),
    "MaxAllowedValidators": (_NETUID,),
    "Kappa": (_NETUID,),
    "BondsPenalty": (_NETUID,),
    "BondsMovingAverage": (_NETUID,),
    "ActivityCutoff": (_NETUID,),
    "AlphaValues": (_NETUID,),
    "AlphaSigmoidSteepness": (_NETUID,),
    "Yuma3On": (_NETUID,),
    "LiquidAlphaOn": (_NETUID,),
    "LastMechansimStepBlock": (_NETUID,),
    "SubnetOwnerHotkey": (_NETUID,),
    "PendingEmission": (_NETUID,),
    "PendingAlphaSwapped": (_NETUID,),
    "SubnetAlphaIn": (_NETUID,),
    "SubnetAlphaOut": (_NETUID,),
    "SubnetAlphaInEmission": (_NETUID,),
    "SubnetAlphaOutEmission": (_NETUID,),
    "SubnetTAO": (_NETUID,),
    "Keys": (_NETUID, _UID),
    "BlockAtRegistration": (_NETUID, _UID),
    "Weights": (_NETUID, _UID),
    "Bonds": (_NETUID, _UID),
    "TotalHotkeyAlpha": (_ACCOUNT, _NETUID),
    "ParentKeys": (_ACCOUNT, _NETUID),
    "ChildKeys": (_ACCOUNT, _NETUID),
    "TaoDividendsPerSubnet": (_NETUID, _ACCOUNT),
    "AlphaDividendsPerSubnet": (_NETUID, _ACCOUNT),
    "ChildkeyTake": (_ACCOUNT, _NETUID),
    "Delegates": (_ACCOUNT,),
    "Owner": (_ACCOUNT,),
}
_OUTPUTS = {
    "Incentive": (2, "incentive_u16"),
    "Dividends": (2, "dividends_u16"),
    "Consensus": (2, "consensus_u16"),
    "ValidatorTrust": (2, "validator_trust_u16"),
    "Trust": (2, "trust_u16"),
    "Rank": (2, "rank_u16"),
    "PruningScores": (2, "pruning_scores_u16"),
    "StakeWeight": (2, "stake_weight_u16"),
    "Active": (1, "active"),
    "ValidatorPermit": (1, "validator_permit"),
    "Emission": (8, "emission_rao"),
}
"""Item -> bytes of a value, and the result's attribute."""

_DEFAULTS = {
    "Tempo": 10,
    "MaxAllowedValidators": 128,
    "Kappa": 32_767,
    "BondsPenalty": 65_535,
    "BondsMovingAverage": 900_000,
    "ActivityCutoff": 5_000,
    "AlphaSigmoidSteepness": 1_000,
    "Delegates": 11_796,
}
_OWNER_CUT = 11_796
_ROOT = bytes(2)


@dataclass(slots=True)
class RecordedEpoch:
    """One epoch of the recording.

    Attributes:
        before: what it saw.
        is_first: whether it is the first of its block.
        outputs: what it wrote, by attribute of ``EpochResult``.
        bonds: rows at the end of the block, by uid.
        alpha_dividends_rao: AlphaDividendsPerSubnet at the end of the block, by hotkey.
        unseen_uids: uids that registered in the same block, whose values were written over.
    """

    before: "Before"
    is_first: bool
    outputs: dict[str, list[int]]
    bonds: dict[int, Row]
    alpha_dividends_rao: dict[bytes, int]
    unseen_uids: set[int]

    @property
    def state(self) -> EpochState:
        return self.before.state


@dataclass(frozen=True, slots=True)
class Before:
    """What an epoch saw.

    Attributes:
        state: for Yuma.
        stakes: stake, parents and children.
        hotkeys: by uid.
        pending: the alpha drained.
        childkey_takes_u16: ChildkeyTake by hotkey.
        owners: coldkeys by hotkey.
        takes_u16: Delegates by hotkey.
    """

    state: EpochState
    stakes: StakeState
    hotkeys: list[bytes | None]
    pending: Pending
    childkey_takes_u16: dict[bytes, int]
    owners: dict[bytes, bytes]
    takes_u16: dict[bytes, int]


@dataclass(slots=True)
class _Chain:
    """Storage as it stands, by item and by the bytes of its parameters."""

    values: dict[str, dict[tuple[bytes, ...], bytes]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    by_netuid: dict[str, dict[bytes, dict[bytes, bytes]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    def put(self, item: str, parameters: tuple[bytes, ...], value: bytes | None) -> None:
        if len(parameters) == 2:
            first, second = parameters
            if _KEYS[item][0] == _ACCOUNT:
                first, second = second, first
            place, key = self.by_netuid[item][first], second
        else:
            place, key = self.values[item], parameters
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value

    def number(self, item: str, *parameters: bytes) -> int:
        value = self.values[item].get(parameters)
        if value is None:
            return _DEFAULTS.get(item, 0)
        return int.from_bytes(value, "little", signed=item == "AlphaSigmoidSteepness")


def epochs(folder: Path) -> Iterator[RecordedEpoch]:
    """Every epoch of a recording after its first block, whose changes are the whole state."""
    chain = _Chain()
    blocks = _blocks(folder)
    for item, key, value in next(blocks)[1]:
        chain.put(item, key, value)
    for block_number, changes in blocks:
        due = sorted(
            int.from_bytes(key[0], "little")
            for item, key, value in changes
            if item == "LastMechansimStepBlock" and int.from_bytes(value, "little") == block_number
        )
        seen = _seen(chain, block_number, due, changes)
        for item, key, value in changes:
            chain.put(item, key, value)
        for netuid, before in zip(due, seen, strict=True):
            yield _recorded(chain, netuid, before, is_first=netuid == due[0])


def _blocks(folder: Path) -> Iterator[tuple[int, list]]:
    """The number of each block and its changes: item, parameters, value or None."""
    items = {_twox_128(name): name for name in {*_KEYS, *_OUTPUTS}}
    wanted = pa.array([_twox_128("SubtensorModule") + item for item in items], pa.binary())
    table = pq.read_table(folder / "storage_changes.parquet")
    prefixes = pc.binary_slice(table["key"].cast(pa.large_binary()), 0, 32)
    table = table.filter(pc.is_in(prefixes.cast(pa.binary()), value_set=wanted))
    table = table.sort_by("block_number")
    present, changes = None, []
    for block_number, key, value in zip(
        *(table[name].to_pylist() for name in ("block_number", "key", "value")), strict=True
    ):
        if block_number != present:
            if present is not None:
                yield present, changes
            present, changes = block_number, []
        item = items[key[16:32]]
        changes.append((item, _parameters(key[32:], _KEYS.get(item, (_NETUID,))), value))
    yield present, changes


def _twox_128(name: str) -> bytes:
    digests = (xxhash.xxh64_intdigest(name.encode(), seed) for seed in (0, 1))
    return b"".join(digest.to_bytes(8, "little") for digest in digests)


def _parameters(rest: bytes, kinds: tuple[int, ...]) -> tuple[bytes, ...]:
    """The parameters of a key: each is the end of its part, its hash standing before."""
    if len(kinds) == 1:
        return (rest[-abs(kinds[0]) :],)
    if kinds == (_ACCOUNT, _NETUID):
        return rest[16:48], rest[48:]
    if kinds == (_NETUID, _ACCOUNT):
        return rest[:2], rest[-32:]
    return (rest[:2], rest[2:]) if kinds else ()


def _vector(value: bytes | None, width: int) -> list[int]:
    if value is None:
        return []
    mode = value[0] & 3
    count = int.from_bytes(value[: 1 << mode], "little") >> 2
    body = value[1 << mode :]
    return [int.from_bytes(body[width * i : width * (i + 1)], "little") for i in range(count)]


def _row(value: bytes) -> Row:
    """Pairs of u16."""
    return tuple((pair & 0xFFFF, pair >> 16) for pair in _vector(value, 4))


def _kin(value: bytes) -> list[tuple[int, bytes]]:
    """Pairs of u64 and account."""
    packed = [number.to_bytes(40, "little") for number in _vector(value, 40)]
    return [(int.from_bytes(pair[:8], "little"), pair[8:]) for pair in packed]


def _seen(chain: _Chain, block_number: int, due: list[int], changes: list) -> list[Before]:
    """What a block's epochs saw: the parent's end, with root dividends of those before."""
    after = {(item, key): value for item, key, value in changes}
    root_gains: dict[bytes, int] = defaultdict(int)
    seen = []
    for netuid in due:
        key = netuid.to_bytes(2, "little")
        seen.append(_before(chain, block_number, netuid, after, root_gains))
        for (item, parameters), value in after.items():
            if item == "TaoDividendsPerSubnet" and parameters[0] == key and value is not None:
                hotkey = parameters[1]
                root_gains[hotkey] += _with_take(
                    int.from_bytes(value, "little"), chain.number("Delegates", hotkey)
                )
    return seen


def _with_take(dividends_rao: int, take: int) -> int:
    """Root dividends of nominators and the validator's take of them, to 1 rao of the take."""
    return dividends_rao + (dividends_rao * take // (65_535 - take) if take < 65_535 else 0)


def _before(
    chain: _Chain, block_number: int, netuid: int, after: dict, root_gains: dict[bytes, int]
) -> Before:
    key = netuid.to_bytes(2, "little")
    n = chain.number("SubnetworkN", key)
    keys = chain.by_netuid["Keys"][key]
    registered = chain.by_netuid["BlockAtRegistration"][key]
    uids = [uid.to_bytes(2, "little") for uid in range(n)]
    hotkeys = [keys.get(uid) for uid in uids]
    owner = chain.values["SubnetOwnerHotkey"].get((key,))
    root_rao = _numbers(chain.by_netuid["TotalHotkeyAlpha"][_ROOT])
    for hotkey, gain in root_gains.items():
        root_rao[hotkey] = root_rao.get(hotkey, 0) + gain
    stakes = StakeState(
        tao_weight_u64=chain.number("TaoWeight"),
        alpha_rao=_numbers(chain.by_netuid["TotalHotkeyAlpha"][key]),
        root_rao=root_rao,
        parents={h: _kin(value) for h, value in chain.by_netuid["ParentKeys"][key].items()},
        children={h: _kin(value) for h, value in chain.by_netuid["ChildKeys"][key].items()},
    )
    bounds = chain.values["AlphaValues"].get((key,))
    low, high = (bounds[:2], bounds[2:]) if bounds else (b"\x33\xb3", b"\x66\xe6")
    pending = _pending(chain, key, after)
    state = EpochState(
        netuid=netuid,
        block_number=block_number,
        neuron_count=n,
        tempo=chain.number("Tempo", key),
        emission_rao=pending.emission_rao + pending.swapped_rao,
        last_update=_vector(chain.values["LastUpdate"].get((key,)), 8),
        block_at_registration=[
            int.from_bytes(registered.get(uid, b""), "little") if uid in keys else 0 for uid in uids
        ],
        stake_i64f64_bits=stake_weights(stakes, hotkeys).total_i64f64_bits,
        stake_threshold_rao=chain.number("StakeThreshold"),
        owner_uid=hotkeys.index(owner) if owner in hotkeys else None,
        validator_permit=[p == 1 for p in _vector(chain.values["ValidatorPermit"].get((key,)), 1)],
        max_allowed_validators=chain.number("MaxAllowedValidators", key),
        weights=_rows(chain, "Weights", key),
        bonds=_rows(chain, "Bonds", key),
        kappa_u16=chain.number("Kappa", key),
        bonds_penalty_u16=chain.number("BondsPenalty", key),
        bonds_moving_average_ppm=chain.number("BondsMovingAverage", key),
        activity_cutoff_blocks=chain.number("ActivityCutoff", key),
        liquid_alpha_on=chain.number("LiquidAlphaOn", key) == 1,
        alpha_low_u16=int.from_bytes(low, "little"),
        alpha_high_u16=int.from_bytes(high, "little"),
        yuma3_on=chain.number("Yuma3On", key) == 1,
        alpha_sigmoid_steepness=chain.number("AlphaSigmoidSteepness", key),
        last_mechanism_step_block=chain.number("LastMechansimStepBlock", key),
    )
    return Before(
        state=state,
        stakes=stakes,
        hotkeys=hotkeys,
        pending=pending,
        childkey_takes_u16=_numbers(chain.by_netuid["ChildkeyTake"][key]),
        owners={of[0]: owner for of, owner in chain.values["Owner"].items()},
        takes_u16={of[0]: chain.number("Delegates", of[0]) for of in chain.values["Owner"]},
    )


def _numbers(values: dict[bytes, bytes]) -> dict[bytes, int]:
    return {key: int.from_bytes(value, "little") for key, value in values.items()}


def _rows(chain: _Chain, item: str, netuid: bytes) -> dict[int, Row]:
    return {
        int.from_bytes(uid, "little"): _row(value)
        for uid, value in chain.by_netuid[item][netuid].items()
    }


def _pending(chain: _Chain, netuid: bytes, after: dict) -> Pending:
    """Pending alpha of the parent's end and what this block adds before its epochs."""
    emitted, injected = (
        int.from_bytes(
            after.get((item, (netuid,)), chain.values[item].get((netuid,))) or b"", "little"
        )
        for item in ("SubnetAlphaOutEmission", "SubnetAlphaInEmission")
    )
    issued = chain.number("SubnetAlphaIn", netuid) + chain.number("SubnetAlphaOut", netuid)
    added = alpha_split.ERAS.at(SPEC_VERSION).module.recompute(
        AlphaSplitState(
            alpha_out_rao=emitted,
            subnet_owner_cut_u16=_OWNER_CUT,
            tao_weight_u64=chain.number("TaoWeight"),
            root_tao_rao=chain.number("SubnetTAO", _ROOT),
            alpha_issuance_rao=issued + emitted + injected,
        )
    )
    return Pending(
        emission_rao=chain.number("PendingEmission", netuid) + added.emission_rao,
        swapped_rao=chain.number("PendingAlphaSwapped", netuid) + added.swapped_rao,
    )


def _recorded(chain: _Chain, netuid: int, before: Before, is_first: bool) -> RecordedEpoch:
    key = netuid.to_bytes(2, "little")
    registered = _numbers(chain.by_netuid["BlockAtRegistration"][key])
    return RecordedEpoch(
        before=before,
        is_first=is_first,
        outputs={
            attribute: _vector(chain.values[item].get((key,)), width)
            for item, (width, attribute) in _OUTPUTS.items()
        },
        bonds=_rows(chain, "Bonds", key),
        alpha_dividends_rao=_numbers(chain.by_netuid["AlphaDividendsPerSubnet"][key]),
        unseen_uids={
            int.from_bytes(uid, "little")
            for uid, block in registered.items()
            if block == before.state.block_number
        },
    )


def differences(epoch: RecordedEpoch, result: EpochResult) -> dict[str, list[int]]:
    """Uids, by attribute, where a result is not what the chain wrote."""
    n = epoch.state.neuron_count
    uids = [uid for uid in range(n) if uid not in epoch.unseen_uids]
    found: dict[str, list[int]] = {}
    for attribute, observed in epoch.outputs.items():
        computed = getattr(result, attribute)
        found[attribute] = [uid for uid in uids if int(computed[uid]) != observed[uid]]
    stored = epoch.state.bonds
    found["bonds"] = [
        uid
        for uid in uids
        if tuple(result.bonds.get(uid, stored.get(uid, ()))) != tuple(epoch.bonds.get(uid, ()))
    ]
    return {attribute: where for attribute, where in found.items() if where}
