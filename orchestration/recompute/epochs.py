"""``recomputed__epoch_neurons`` and ``recomputed__epoch_bonds``: every epoch by the rules.

The epochs of a block run by netuid, and what one pays to root stake is stake in the next.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mechanics import distribution, yuma
from mechanics.distribution import DistributionState, Pending, Stake
from mechanics.engine import yuma as engine
from mechanics.engine.rows import Rows
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U96F32
from mechanics.yuma import EpochResult, EpochState
from mechanics.yuma.mechanisms import SubnetResult, recompute_subnet
from mechanics.yuma.parents import split_to_parents
from mechanics.yuma.stake import StakeState, StakeWeights, stake_weights
from mechanics.yuma.state import AUTO
from orchestration.errors import RecomputeError
from orchestration.recompute.rows import Row, rows_of
from orchestration.schemas import RECOMPUTED__EPOCH_BONDS, RECOMPUTED__EPOCH_NEURONS

REGISTERED_IN_THE_BLOCK = (
    "a neuron registered at the uid in the same block, after the epoch, and what the epoch wrote "
    "was written over"
)
COMMITS_ARE_NOT_DECODED = (
    "commit-reveal is on, and from spec 297 the commits that wait hide weights: they are not decoded"
)
NULL_CONSENSUS_IS_NOT_DECODED = (
    "whether the subnet was set to Null consensus is not decoded after spec 461"
)
STEEPNESS_IS_NOT_DECODED = "the steepness of liquid alpha is not decoded before spec 283"
CONSENSUS_MODE_IS_NOT_DECODED = (
    "the consensus of the epoch before, which liquid alpha compares with, is not decoded"
)
_LAST_WITHOUT_COMMITS = 296
_LAST_WITHOUT_NULL_CONSENSUS = 461
_LAST_THAT_PAYS_ROOT_IN_TAO = 333
_U16_MAX = 65_535

_SHARES = (
    "stake_weight_u16",
    "consensus_u16",
    "dividends_u16",
    "validator_trust_u16",
    "rank_u16",
    "trust_u16",
)


class Recomputed(NamedTuple):
    """The two tables of a day."""

    neurons: pa.Table
    bonds: pa.Table


def recompute(
    epochs: pa.Table,
    neurons: pa.Table,
    kin: pa.Table,
    weights: pa.Table,
    bonds: pa.Table,
    pool_states: pa.Table,
) -> Recomputed:
    """A row for each neuron of every epoch, and one for each of its bond rows.

    Args:
        epochs: a day of ``chain__epochs``.
        neurons: the same day of ``chain__epoch_neurons``.
        kin: the same day of ``chain__epoch_kin``.
        weights: the same day of ``chain__epoch_weights``.
        bonds: the same day of ``chain__epoch_bonds``.
        pool_states: the same day of ``recomputed__pool_states``, for the alpha that was pending.

    Raises:
        RecomputeError: a state that no chain can have; names netuid, block and field.
    """
    day = _Day(epochs, neurons, kin, weights, bonds, pool_states)
    written = _Written(day)
    block, gains = None, _RootGains()
    for epoch in day.epochs():
        if epoch.row["block_number"] != block:
            block, gains = epoch.row["block_number"], _RootGains()
        try:
            written.add(epoch, _recomputed(epoch, gains), gains)
        except UnknownRule as unknown:
            written.add_unexplained(epoch, str(unknown))
            gains.add_observed(epoch)
        except BadState as bad:
            raise RecomputeError(
                f"The epoch of netuid {epoch.row['netuid']} at block {block} cannot be: {bad}; "
                "land the day again from another source."
            ) from None
    return Recomputed(written.neurons(), written.bonds())


# ---------------------------------------------------------------------- a day's tables, by epoch


@dataclass(frozen=True, slots=True)
class _Epoch:
    """One epoch: its row, and its rows in the other tables.

    Attributes:
        row: of ``chain__epochs``.
        mechanisms: for each mechanism its rows of ``chain__epoch_neurons``, by column.
        places: for each mechanism where those rows stand.
        weights, bonds: for each mechanism the rows before the epoch.
        kin: rows of ``chain__epoch_kin``.
        pending: alpha and root's TAO that the epoch drained; None where not known.
        pending_reason: why not.
    """

    row: Row
    mechanisms: Sequence[Mapping[str, list]]
    places: Sequence[range]
    weights: Sequence[Rows]
    bonds: Sequence[Rows]
    bond_places: Sequence[range]
    kin: Sequence[Row]
    pending: Pending | None
    pending_reason: str | None

    @property
    def neuron_count(self) -> int:
        return self.row["pre_neuron_count"]

    @property
    def hotkeys(self) -> list[str | None]:
        return self.mechanisms[0]["hotkey_ss58"][: self.neuron_count]


_NEURON_COLUMNS = (
    "hotkey_ss58",
    "pre_coldkey_ss58",
    "pre_registered_at_block",
    "is_registered_in_block",
    "pre_last_update_block",
    "pre_is_validator_permitted",
    "pre_alpha_rao",
    "pre_root_rao",
    "pre_childkey_take_u16",
    "pre_delegate_take_u16",
    "tao_dividends_rao",
)


class _Day:
    """The tables, and where in each an epoch's mechanism begins and ends."""

    def __init__(
        self,
        epochs: pa.Table,
        neurons: pa.Table,
        kin: pa.Table,
        weights: pa.Table,
        bonds: pa.Table,
        pool_states: pa.Table,
    ) -> None:
        self._rows = list(rows_of(epochs, epochs.column_names))
        self.neurons = neurons
        self.bonds = bonds.combine_chunks()
        self._neuron_spans = _spans(neurons)
        self._weight_spans, self._weight_rows = _spans(weights), _Lists.of(weights)
        self._bond_spans = _spans(bonds)
        self._bond_rows = _Lists.of(self.bonds, "pre_")
        self._kin: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for row in rows_of(kin, kin.column_names):
            self._kin[row["block_number"], row["netuid"]].append(row)
        names = ["block_number", "netuid", "drained_emission_rao", "drained_alpha_swapped_rao"]
        names += ["drained_root_divs_rao", "unexplained_reason"]
        wanted = pc.or_(
            pc.is_valid(pool_states["drained_emission_rao"]),
            pc.is_valid(pool_states["unexplained_reason"]),
        )
        self._pools = {
            (row["block_number"], row["netuid"]): row
            for row in rows_of(pool_states.filter(wanted), names)
        }

    def epochs(self) -> Iterator[_Epoch]:
        for row in self._rows:
            key = (row["block_number"], row["netuid"])
            spans = [(*key, mecid) for mecid in range(row["pre_mechanism_count"])]
            places = [self._neuron_spans.get(span, range(0)) for span in spans]
            bond_places = [self._bond_spans.get(span, range(0)) for span in spans]
            pool = self._pools.get(key, {})
            pending = None
            if pool.get("drained_emission_rao") is not None:
                pending = Pending(
                    emission_rao=pool["drained_emission_rao"],
                    swapped_rao=pool["drained_alpha_swapped_rao"],
                    root_tao_rao=pool["drained_root_divs_rao"],
                )
            yield _Epoch(
                row=row,
                mechanisms=[self._columns(place) for place in places],
                places=places,
                weights=[
                    self._weight_rows.rows(self._weight_spans.get(span, range(0)))
                    for span in spans
                ],
                bonds=[self._bond_rows.rows(place) for place in bond_places],
                bond_places=bond_places,
                kin=self._kin.get(key, ()),
                pending=pending,
                pending_reason=pool.get("unexplained_reason")
                or "the alpha that was pending is not recomputed",
            )

    def _columns(self, place: range) -> dict[str, list]:
        part = self.neurons.slice(place.start, len(place))
        return {name: part[name].to_pylist() for name in _NEURON_COLUMNS}


def _spans(table: pa.Table) -> dict[tuple[int, int, int], range]:
    """Where the rows of each (block, netuid, mecid) stand; they lie together."""
    keys = np.stack(
        [table[name].to_numpy().astype(np.int64) for name in ("block_number", "netuid", "mecid")]
    )
    if not keys.shape[1]:
        return {}
    begins = np.flatnonzero((np.diff(keys, axis=1) != 0).any(axis=0)) + 1
    begins = np.concatenate([[0], begins])
    ends = np.append(begins[1:], keys.shape[1])
    return {
        tuple(keys[:, begin].tolist()): range(int(begin), int(end))
        for begin, end in zip(begins, ends, strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Lists:
    """Two columns of lists as arrays that compiled code may take, and the uid of each row."""

    owners: np.ndarray
    starts: np.ndarray
    uids: np.ndarray
    shares: np.ndarray
    is_row: np.ndarray

    @classmethod
    def of(cls, table: pa.Table, before: str = "") -> "_Lists":
        shares = "weights_u16" if "weights_u16" in table.column_names else "bonds_u16"
        lists = [
            table[name].combine_chunks() for name in (f"{before}target_uids", f"{before}{shares}")
        ]
        lengths = pc.fill_null(pc.list_value_length(lists[0]), 0).to_numpy(zero_copy_only=False)
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        # Arrow's own memory is read-only, and the engine would be compiled for that once more.
        flat = [np.array(column.flatten(), dtype=np.uint16) for column in lists]
        is_row = lists[0].is_valid().to_numpy(zero_copy_only=False)
        return cls(np.array(table["uid"], dtype=np.int64), starts, *flat, is_row)

    def rows(self, place: range) -> Rows:
        """The rows of an epoch, without those there are none of."""
        begin, end = place.start, place.stop
        kept = self.is_row[begin:end]
        starts = self.starts[begin : end + 1]
        entries = slice(int(starts[0]), int(starts[-1])) if len(starts) else slice(0, 0)
        firsts = (starts - starts[0])[: len(kept)][kept] if len(starts) else starts
        whole = np.append(firsts, entries.stop - entries.start)
        return Rows(
            self.owners[begin:end][kept], whole, self.uids[entries], self.shares[entries]
        )


# ---------------------------------------------------------------------- one epoch


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an epoch should have given.

    Attributes:
        result: of the subnet and its mechanisms.
        stake: what was weighed.
        payouts: what hotkeys get of root and alpha; None where that is not known.
        payout_reason: why not.
    """

    result: SubnetResult
    stake: StakeWeights
    payouts: distribution.Payouts | None
    payout_reason: str | None


@dataclass(slots=True)
class _RootGains:
    """TAO on root that the epochs earlier in a block paid, by hotkey."""

    rao: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_first: bool = True
    is_observed: bool = False

    @property
    def source(self) -> str | None:
        if self.is_first:
            return None
        return "observed" if self.is_observed else "recomputed"

    def add(self, payouts: distribution.Payouts) -> None:
        self.is_first = False
        for part in (payouts.root_dividends_rao, payouts.root_take_rao):
            for hotkey, rao in part.items():
                self.rao[hotkey] += rao

    def add_observed(self, epoch: _Epoch) -> None:
        """What the chain paid to nominators, and the take that it implies, to 1 rao."""
        if epoch.row["spec_version"] > _LAST_THAT_PAYS_ROOT_IN_TAO:
            return
        self.is_first, self.is_observed = False, True
        neurons = epoch.mechanisms[0]
        for hotkey, dividends_rao, take in zip(
            neurons["hotkey_ss58"],
            neurons["tao_dividends_rao"],
            neurons["pre_delegate_take_u16"],
            strict=True,
        ):
            if dividends_rao:
                taken = dividends_rao * take // (_U16_MAX - take) if take < _U16_MAX else 0
                self.rao[hotkey] += dividends_rao + taken


def _recomputed(epoch: _Epoch, gains: _RootGains) -> _Outcome:
    spec = epoch.row["spec_version"]
    _require_decoded(epoch.row)
    stakes = _stakes(epoch, gains)
    stake = stake_weights(stakes, epoch.hotkeys)
    emission_rao = 0
    if epoch.pending is not None:
        emission_rao = epoch.pending.emission_rao + epoch.pending.swapped_rao
    result = recompute_subnet(
        spec,
        [
            _state(epoch, mecid, stake.total_i64f64_bits)
            for mecid in range(len(epoch.mechanisms))
        ],
        emission_rao,
        epoch.row["pre_emission_split_u16"],
        by=engine.recompute,
    )
    payouts, reason = None, epoch.pending_reason
    if epoch.pending is not None:
        try:
            payouts, reason = _payouts(epoch, stakes, result), None
        except UnknownRule as unknown:
            reason = str(unknown)
    return _Outcome(result, stake, payouts, reason)


def _require_decoded(row: Row) -> None:
    """Refuse an epoch that depends on state that is not decoded.

    Raises:
        UnknownRule: it does.
    """
    spec = row["spec_version"]
    is_liquid = bool(row["pre_is_yuma3"]) and row["pre_is_liquid_alpha"]
    if spec > _LAST_WITHOUT_NULL_CONSENSUS:
        raise _NotDecoded(NULL_CONSENSUS_IS_NOT_DECODED)
    if spec > _LAST_WITHOUT_COMMITS and row["pre_is_commit_reveal"]:
        raise _NotDecoded(COMMITS_ARE_NOT_DECODED)
    if is_liquid and row["pre_alpha_sigmoid_steepness"] is None:
        raise _NotDecoded(STEEPNESS_IS_NOT_DECODED)
    mode = row["pre_liquid_alpha_consensus_mode"]
    is_previous = mode == 1 or (mode == AUTO and row["pre_bonds_penalty_u16"] == _U16_MAX)
    if is_liquid and mode is not None and is_previous:
        raise _NotDecoded(CONSENSUS_MODE_IS_NOT_DECODED)


class _NotDecoded(UnknownRule):
    """The rule is known, and something it reads is not decoded."""

    def __init__(self, reason: str) -> None:
        LookupError.__init__(self, reason)


def _stakes(epoch: _Epoch, gains: _RootGains) -> StakeState:
    """Stakes, parents and children, with what earlier epochs of the block paid on root."""
    neurons = epoch.mechanisms[0]
    held = [hotkey is not None for hotkey in neurons["hotkey_ss58"]]
    alpha, root = (
        dict(zip(neurons["hotkey_ss58"], neurons[name], strict=True))
        for name in ("pre_alpha_rao", "pre_root_rao")
    )
    if not all(held):
        alpha.pop(None, None)
        root.pop(None, None)
    kin: dict[bool, dict[str, list]] = {True: defaultdict(list), False: defaultdict(list)}
    for row in epoch.kin:
        hotkey = neurons["hotkey_ss58"][row["uid"]]
        kin[row["is_parent"]][hotkey].append((row["share_u64"], row["kin_ss58"]))
        if row["is_parent"]:
            alpha.setdefault(row["kin_ss58"], row["pre_alpha_rao"])
            root.setdefault(row["kin_ss58"], row["pre_root_rao"])
    for hotkey, rao in gains.rao.items():
        if hotkey in root:
            root[hotkey] += rao
    return StakeState(
        tao_weight_u64=epoch.row["pre_tao_weight_u64"],
        alpha_rao=alpha,
        root_rao=root,
        parents=kin[True],
        children=kin[False],
    )


def _state(epoch: _Epoch, mecid: int, stake_i64f64_bits: Sequence[int]) -> EpochState:
    row, neurons, n = epoch.row, epoch.mechanisms[mecid], epoch.neuron_count
    owner, hotkeys = row["pre_owner_hotkey_ss58"], epoch.hotkeys
    is_dynamic = row["pre_activity_cutoff_factor_milli"] is not None
    more: dict[str, Any] = {}
    if row["pre_alpha_sigmoid_steepness"] is not None:
        more["alpha_sigmoid_steepness"] = row["pre_alpha_sigmoid_steepness"]
    if row["pre_liquid_alpha_consensus_mode"] is not None:
        more["liquid_alpha_consensus_mode"] = row["pre_liquid_alpha_consensus_mode"]
    return EpochState(
        netuid=row["netuid"],
        mecid=mecid,
        block_number=row["block_number"],
        neuron_count=n,
        tempo=row["pre_tempo_blocks"],
        emission_rao=0,
        last_update=_reached(neurons["pre_last_update_block"][:n]),
        block_at_registration=[
            0 if hotkey is None else block
            for hotkey, block in zip(
                hotkeys, neurons["pre_registered_at_block"][:n], strict=True
            )
        ],
        stake_i64f64_bits=stake_i64f64_bits,
        stake_threshold_rao=row["pre_stake_threshold_rao"],
        owner_uid=hotkeys.index(owner) if owner in hotkeys else None,
        validator_permit=_reached(neurons["pre_is_validator_permitted"][:n]),
        max_allowed_validators=row["pre_max_allowed_validators_count"],
        weights=epoch.weights[mecid],
        bonds=epoch.bonds[mecid],
        kappa_u16=row["pre_kappa_u16"],
        bonds_penalty_u16=row["pre_bonds_penalty_u16"],
        bonds_moving_average_ppm=row["pre_bonds_moving_average_ppm"],
        activity_cutoff_blocks=None if is_dynamic else row["pre_activity_cutoff_blocks"],
        activity_cutoff_factor_milli=row["pre_activity_cutoff_factor_milli"],
        liquid_alpha_on=row["pre_is_liquid_alpha"],
        alpha_low_u16=row["pre_alpha_low_u16"],
        alpha_high_u16=row["pre_alpha_high_u16"],
        yuma3_on=bool(row["pre_is_yuma3"]),
        last_mechanism_step_block=row["pre_last_mechanism_step_block"],
        # With commit-reveal on, an epoch from 297 on is refused above; before, commits hid nothing.
        commit_reveal_weights_enabled=False,
        has_distinct_hotkeys=_are_distinct(hotkeys),
        **more,
    )


def _reached(values: list) -> list:
    """A vector as far as it reaches."""
    return values[: values.index(None)] if None in values else values


def _are_distinct(hotkeys: list[str | None]) -> bool:
    held = [hotkey for hotkey in hotkeys if hotkey is not None]
    return len(set(held)) == len(held)


def _payouts(epoch: _Epoch, stakes: StakeState, result: SubnetResult) -> distribution.Payouts:
    """Dividends to nominators: Yuma's, to parents, then by stake on the subnet and on root."""
    spec, neurons = epoch.row["spec_version"], epoch.mechanisms[0]
    owners = dict(zip(neurons["hotkey_ss58"], neurons["pre_coldkey_ss58"], strict=True))
    takes = dict(zip(neurons["hotkey_ss58"], neurons["pre_delegate_take_u16"], strict=True))
    for row in epoch.kin:
        if row["is_parent"]:
            owners.setdefault(row["kin_ss58"], row["pre_coldkey_ss58"])
            takes.setdefault(row["kin_ss58"], row["pre_delegate_take_u16"])
    dividends: dict[str, int] = defaultdict(int)
    for hotkey, rao, take in zip(
        epoch.hotkeys, result.validator_emission_rao, neurons["pre_childkey_take_u16"], strict=False
    ):
        if rao and hotkey is not None:
            for receiver, part in split_to_parents(spec, stakes, hotkey, rao, take, owners):
                dividends[receiver] += part
    return distribution.ERAS.at(spec).module.recompute(
        DistributionState(
            pending=epoch.pending,
            incentives_rao={
                hotkey: rao
                for hotkey, rao in zip(epoch.hotkeys, result.server_emission_rao, strict=True)
                if hotkey is not None
            },
            dividends={hotkey: U96F32.of(rao) for hotkey, rao in dividends.items()},
            stakes={
                hotkey: Stake(stakes.alpha_rao.get(hotkey, 0), stakes.root_rao.get(hotkey, 0))
                for hotkey in dividends
            },
            takes_u16=takes,
            tao_weight_u64=stakes.tao_weight_u64,
            # Incentives are not asked for here, so that nobody's need be withheld.
            owner_hotkey=None,
        )
    )


# ---------------------------------------------------------------------- the tables


class _Written:
    """Columns under construction, a part for each mechanism's epoch."""

    def __init__(self, day: _Day) -> None:
        self._day = day
        self._columns: dict[str, list] = {
            name: [] for name in RECOMPUTED__EPOCH_NEURONS.names[4:]
        }
        self._bonds: list[_BondRows] = []

    def add(self, epoch: _Epoch, outcome: _Outcome, gains: _RootGains) -> None:
        """An epoch that was recomputed."""
        result, n = outcome.result, epoch.neuron_count
        era = yuma.ERAS.at(epoch.row["spec_version"]).name
        is_known = outcome.payouts is not None
        hotkeys = epoch.hotkeys
        shared = {
            "yuma_era": [era] * n,
            "alpha_stake_rao": outcome.stake.alpha_rao,
            "root_stake_rao": outcome.stake.root_rao,
            "root_gain_rao": [0 if hotkey is None else gains.rao.get(hotkey, 0) for hotkey in hotkeys],
            "root_gain_source": [gains.source] * n,
            "is_active": result.active,
            "is_validator_permitted": result.validator_permit,
            "pruning_score_u16": result.pruning_scores_u16,
            **{name: getattr(result, name) for name in _SHARES},
        }
        if epoch.pending is not None:
            for name in ("emission_rao", "server_emission_rao", "validator_emission_rao"):
                shared[name] = getattr(result, name)
        if is_known:
            paid = outcome.payouts
            shared["alpha_dividends_rao"] = [paid.alpha_dividends_rao.get(h, 0) for h in hotkeys]
            if epoch.row["spec_version"] <= _LAST_THAT_PAYS_ROOT_IN_TAO:
                shared["tao_dividends_rao"] = [paid.root_dividends_rao.get(h, 0) for h in hotkeys]
        for mecid, place in enumerate(epoch.places):
            rows = len(place)
            given = shared | {"incentive_u16": result.mechanisms[mecid].incentive_u16}
            registered = epoch.mechanisms[mecid]["is_registered_in_block"]
            reasons = [REGISTERED_IN_THE_BLOCK if is_new else None for is_new in registered]
            given["unexplained_reason"] = reasons
            given["payout_unexplained_reason"] = [outcome.payout_reason] * rows
            for name, parts in self._columns.items():
                values = given.get(name)
                if values is None:
                    parts.extend([None] * rows)
                else:
                    parts.extend(values)
                    parts.extend([None] * (rows - len(values)))
            self._add_bonds(epoch, mecid, era, result.mechanisms[mecid], registered)
        self._pay(epoch, outcome, gains)

    @staticmethod
    def _pay(epoch: _Epoch, outcome: _Outcome, gains: _RootGains) -> None:
        if epoch.row["spec_version"] > _LAST_THAT_PAYS_ROOT_IN_TAO:
            return
        if outcome.payouts is None:
            gains.add_observed(epoch)
        else:
            gains.add(outcome.payouts)

    def add_unexplained(self, epoch: _Epoch, reason: str) -> None:
        """An epoch for which no rule gives a result."""
        for mecid, place in enumerate(epoch.places):
            for name, parts in self._columns.items():
                is_reason = name in ("unexplained_reason", "payout_unexplained_reason")
                parts.extend([reason if is_reason else None] * len(place))
            observed = epoch.bond_places[mecid]
            uids = self._day.bonds["uid"].slice(observed.start, len(observed)).to_pylist()
            self._bonds.append(_BondRows(epoch.row, mecid, None, uids, None, [reason] * len(uids)))

    def _add_bonds(
        self, epoch: _Epoch, mecid: int, era: str, result: EpochResult, registered: list[bool]
    ) -> None:
        """The rows at the end: those the epoch wrote, the others as they were."""
        rows = _overlaid(epoch.bonds[mecid], Rows.of(result.bonds))
        uids = rows.owners.tolist()
        reasons = [REGISTERED_IN_THE_BLOCK if registered[uid] else None for uid in uids]
        self._bonds.append(_BondRows(epoch.row, mecid, era, uids, rows, reasons))

    def neurons(self) -> pa.Table:
        keys = {name: self._day.neurons[name] for name in RECOMPUTED__EPOCH_NEURONS.names[:4]}
        columns = keys | self._columns
        return pa.table(
            [
                columns[f.name] if f.name in keys else pa.array(columns[f.name], f.type)
                for f in RECOMPUTED__EPOCH_NEURONS
            ],
            schema=RECOMPUTED__EPOCH_NEURONS,
        )

    def bonds(self) -> pa.Table:
        parts = self._bonds
        counts = [len(part.uids) for part in parts]
        lengths = [
            np.zeros(count, dtype=np.int64) if part.rows is None else np.diff(part.rows.starts)
            for part, count in zip(parts, counts, strict=True)
        ]
        starts = np.zeros(sum(counts) + 1, dtype=np.int32)
        if parts:
            np.cumsum(np.concatenate(lengths), out=starts[1:])
        is_null = np.repeat([part.rows is None for part in parts], counts).astype(bool)
        mask = pa.array(is_null) if is_null.any() else None
        lists = [
            pa.ListArray.from_arrays(
                pa.array(starts), pa.array(_joined([getattr(r, field) for r in held])), mask=mask
            )
            for field in ("uids", "shares")
            for held in [[part.rows for part in parts if part.rows is not None]]
        ]

        def of_parts(values: list) -> list:
            return [value for value, n in zip(values, counts, strict=True) for _ in range(n)]

        columns = (
            of_parts([part.epoch["block_number"] for part in parts]),
            of_parts([part.epoch["netuid"] for part in parts]),
            of_parts([part.mecid for part in parts]),
            [uid for part in parts for uid in part.uids],
            of_parts([part.era for part in parts]),
            *lists,
            [reason for part in parts for reason in part.reasons],
        )
        return pa.table(
            [
                values if isinstance(values, pa.Array) else pa.array(values, of.type)
                for values, of in zip(columns, RECOMPUTED__EPOCH_BONDS, strict=True)
            ],
            schema=RECOMPUTED__EPOCH_BONDS,
        )


@dataclass(frozen=True, slots=True)
class _BondRows:
    """The bond rows of one mechanism's epoch; ``rows`` is None where no rule gives them."""

    epoch: Row
    mecid: int
    era: str | None
    uids: list[int]
    rows: Rows | None
    reasons: list[str | None]


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.uint16)


def _overlaid(before: Rows, written: Rows) -> Rows:
    """Rows with some of them written anew, by owner."""
    untouched = ~np.isin(before.owners, written.owners)
    owners = np.concatenate([written.owners, before.owners[untouched]])
    lengths = np.concatenate([np.diff(written.starts), np.diff(before.starts)[untouched]])
    firsts = np.concatenate(
        [written.starts[:-1], before.starts[:-1][untouched] + len(written.uids)]
    )
    order = np.argsort(owners, kind="stable")
    starts = np.zeros(len(owners) + 1, dtype=np.int64)
    np.cumsum(lengths[order], out=starts[1:])
    places = np.repeat(firsts[order] - starts[:-1], lengths[order]) + np.arange(starts[-1])
    uids, shares = (
        np.concatenate([getattr(written, field), getattr(before, field)])[places]
        for field in ("uids", "shares")
    )
    return Rows(owners[order], starts, uids, shares)
