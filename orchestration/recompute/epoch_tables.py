"""An epoch's rows of the decoded tables, and the rows of what was recomputed of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mechanics import yuma
from mechanics.distribution import Payouts, Pending
from mechanics.engine.rows import Rows
from mechanics.yuma import EpochResult
from mechanics.yuma.mechanisms import SubnetResult
from mechanics.yuma.stake import StakeWeights
from orchestration.recompute.rows import Row, rows_of
from orchestration.schemas import RECOMPUTED__EPOCH_BONDS, RECOMPUTED__EPOCH_NEURONS

LAST_THAT_PAYS_ROOT_IN_TAO = 333
REGISTERED_IN_THE_BLOCK = (
    "a neuron registered at the uid in the same block, after the epoch, and what the epoch wrote "
    "was written over"
)

_SHARES = (
    "stake_weight_u16",
    "consensus_u16",
    "dividends_u16",
    "validator_trust_u16",
    "rank_u16",
    "trust_u16",
)


@dataclass(frozen=True, slots=True)
class Epoch:
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

    @property
    def is_recycling(self) -> bool:
        """RecycleOrBurn is at its second variant; a spec without the item burns."""
        return self.row["pre_recycle_or_burn"] == 1

    @property
    def recycled_if_unknown_rao(self) -> int | None:
        """What leaves SubnetAlphaOut where the payouts are not known."""
        return None if self.is_recycling else 0


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


class Day:
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

    def epochs(self) -> Iterator[Epoch]:
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
            yield Epoch(
                row=row,
                mechanisms=[self._columns(place) for place in places],
                places=places,
                weights=[
                    self._weight_rows.rows(self._weight_spans.get(span, range(0))) for span in spans
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
        return Rows(self.owners[begin:end][kept], whole, self.uids[entries], self.shares[entries])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an epoch should have given.

    Attributes:
        result: of the subnet and its mechanisms.
        stake: what was weighed.
        root_gains_rao: TAO on root that epochs earlier in the block paid, by hotkey.
        root_gain_source: recomputed or observed; None for the first of its block.
        payouts: what hotkeys get of root and alpha; None where that is not known.
        payout_reason: why not.
    """

    result: SubnetResult
    stake: StakeWeights
    root_gains_rao: Mapping[str, int]
    root_gain_source: str | None
    payouts: Payouts | None
    payout_reason: str | None


class Written:
    """Columns under construction, a part for each mechanism's epoch."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._columns: dict[str, list] = {name: [] for name in RECOMPUTED__EPOCH_NEURONS.names[4:]}
        self._bonds: list[_BondRows] = []

    def add(self, epoch: Epoch, outcome: Outcome) -> None:
        """An epoch that was recomputed."""
        result, n = outcome.result, epoch.neuron_count
        era = yuma.ERAS.at(epoch.row["spec_version"]).name
        is_known = outcome.payouts is not None
        hotkeys = epoch.hotkeys
        shared = {
            "yuma_era": [era] * n,
            "alpha_stake_rao": outcome.stake.alpha_rao,
            "root_stake_rao": outcome.stake.root_rao,
            "stake_rao": result.mechanisms[0].stake_rao,
            "root_gain_rao": [outcome.root_gains_rao.get(hotkey, 0) for hotkey in hotkeys],
            "root_gain_source": [outcome.root_gain_source] * n,
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
            parts = {
                "incentive_paid_rao": paid.incentives_rao,
                "alpha_take_rao": paid.alpha_take_rao,
                "alpha_dividends_rao": paid.alpha_dividends_rao,
            }
            if epoch.row["spec_version"] <= LAST_THAT_PAYS_ROOT_IN_TAO:
                parts["tao_take_rao"] = paid.root_take_rao
                parts["tao_dividends_rao"] = paid.root_dividends_rao
            for name, part in parts.items():
                shared[name] = [part.get(hotkey, 0) for hotkey in hotkeys]
        recycled_rao = outcome.payouts.recycled_rao if is_known else epoch.recycled_if_unknown_rao
        for mecid, place in enumerate(epoch.places):
            rows = len(place)
            given = shared | {"incentive_u16": result.mechanisms[mecid].incentive_u16}
            registered = epoch.mechanisms[mecid]["is_registered_in_block"]
            reasons = [REGISTERED_IN_THE_BLOCK if is_new else None for is_new in registered]
            given["unexplained_reason"] = reasons
            given["payout_unexplained_reason"] = [outcome.payout_reason] * rows
            given["recycled_alpha_rao"] = [recycled_rao] * rows
            for name, parts in self._columns.items():
                values = given.get(name)
                if values is None:
                    parts.extend([None] * rows)
                else:
                    parts.extend(values)
                    parts.extend([None] * (rows - len(values)))
            self._add_bonds(epoch, mecid, era, result.mechanisms[mecid], registered)

    def add_unexplained(self, epoch: Epoch, reason: str) -> None:
        """An epoch for which no rule gives a result."""
        for mecid, place in enumerate(epoch.places):
            given = dict.fromkeys(("unexplained_reason", "payout_unexplained_reason"), reason)
            given["recycled_alpha_rao"] = epoch.recycled_if_unknown_rao
            for name, parts in self._columns.items():
                parts.extend([given.get(name)] * len(place))
            observed = epoch.bond_places[mecid]
            uids = self._day.bonds["uid"].slice(observed.start, len(observed)).to_pylist()
            self._bonds.append(_BondRows(epoch.row, mecid, None, uids, None, [reason] * len(uids)))

    def _add_bonds(
        self, epoch: Epoch, mecid: int, era: str, result: EpochResult, registered: list[bool]
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
