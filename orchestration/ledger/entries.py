"""A day's stake ledger: one signed entry for each effect on a coldkey's stake to a hotkey.

From events where they say it; what an epoch paid, from the share pools before and after; what is
left over is an entry too, and said to be unattributed.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mechanics import amm, share_pool
from mechanics.amm import v233_constant_product
from mechanics.eras import UnknownRule
from mechanics.fixed import U64F64
from mechanics.share_pool import SharePool
from mechanics.share_pool.safe_float import SafeFloat
from orchestration.ledger.kinds import (
    DISSOLUTION,
    EFFECTS,
    ROUNDING,
    UNATTRIBUTED,
    UNREAD,
    Effect,
)
from orchestration.ledger.unread import UnreadEpochs
from orchestration.recompute.pools import POOL_COLUMNS, spot_price
from orchestration.recompute.rows import Columns, rows_of
from orchestration.schemas import (
    CHAIN__STAKE_LEDGER,
    CHAIN__STAKE_POOLS_BY_DAY,
    CHAIN__STAKES_BY_DAY,
)

ROOT = 0
ROUNDING_RAO = 2
"""Most that cutting a stake and its share to whole units was seen to move it by, in one block."""

FIRST_SPEC_WITH_FEE_FIELD = 257
FIRST_V3_SPEC = 290
FIRST_SPEC_WITH_FEE_TO_AUTHOR = 385
FIRST_SPEC_WITH_ALPHA_BEFORE_FEE = 397
"""From here StakeRemoved says the alpha that was sold, without the alpha that left as its fee."""

NO_PRICE_REASON = "no price of the subnet's alpha was read"
NO_PAYMENT_REASON = "the chain states no payments that follow the shares of the subnet that ended"
NO_CLEANUP_READ_REASON = "what the clean-up of an ended subnet paid is not read"
UNATTRIBUTED_REASON = "no event and no epoch says why the stake changed"
UNREAD_REASON = "epochs between snapshots were not read"

DEFAULT_TAKE_U16 = 11_796
ONE_U64F64_BITS = 1 << 64
FIRST_SPEC_WITH_SHARES_V2 = 397
_U16_MAX = 65_535

Row = Mapping[str, Any]
Pool = tuple[str, int]
"""A hotkey and a netuid."""


class Stake(NamedTuple):
    """Whose stake, to which hotkey, on which subnet."""

    coldkey: str
    hotkey: str
    netuid: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """A day: its entries, and what every stake and every pool of stakes was at its ends."""

    entries: pa.Table
    stakes: pa.Table
    pools: pa.Table


@dataclass(slots=True)
class _Pool:
    """What storage says of one pool, in both forms of shares, and what each stake came to."""

    value_rao: int = 0
    denominator: U64F64 | None = None
    denominator_v2: SafeFloat | None = None
    shares: dict[str, U64F64] = field(default_factory=dict)
    shares_v2: dict[str, SafeFloat] = field(default_factory=dict)
    stakes: dict[str, int] = field(default_factory=dict)

    def valued(self, spec_version: int) -> dict[str, int]:
        """rao of alpha of every staker, by the rule of a spec; a share not yet moved to the newer
        form counts as what it is there."""
        rule = share_pool.ERAS.at(spec_version).module
        if spec_version < FIRST_SPEC_WITH_SHARES_V2:
            shares, denominator = self.shares, self.denominator or U64F64(0)
        else:
            shares = {who: SafeFloat.from_fixed(share) for who, share in self.shares.items()}
            shares |= self.shares_v2
            denominator = self.denominator_v2 or SafeFloat.from_fixed(self.denominator or U64F64(0))
        pool = SharePool(self.value_rao, denominator, shares)
        return {who: rule.value_of(pool, who) for who in shares}


def stake_ledger(
    changes: pa.Table, events: pa.Table, subnet_blocks: pa.Table, hyperparameters: pa.Table
) -> Ledger:
    """A day's entries and the stakes at its ends.

    Args:
        changes: ``orchestration.chain.stakes.stake_changes`` of the day.
        events: a day of ``chain__stake_events``.
        subnet_blocks: the day of ``chain__subnet_blocks``.
        hyperparameters: the day of ``chain__hyperparameters``, for how far apart epochs are.

    Returns:
        ``chain__stake_ledger``, ``chain__stakes_by_day`` and ``chain__stake_pools_by_day``. For
        every stake, what it was before the day and its entries make what it was at the end, to the
        rao.
    """
    return _Day(events, subnet_blocks, hyperparameters).taken(changes)


class _Day:
    def __init__(
        self, events: pa.Table, subnet_blocks: pa.Table, hyperparameters: pa.Table
    ) -> None:
        self._events = _by_block(events)
        self._unread = UnreadEpochs(subnet_blocks, hyperparameters)
        self._event_blocks = sorted(self._events)
        self._subnets = _Subnets(subnet_blocks, events)
        self._pools: dict[Pool, _Pool] = defaultdict(_Pool)
        self._owners: dict[str, str] = {}
        self._takes: dict[str, int] = {}
        self._owner_hotkeys: dict[int, str] = {}
        self._alpha_dividends: dict[tuple[int, str], int] = {}
        self._tao_dividends: dict[tuple[int, str], int] = {}
        self._roundings: dict[Stake, int] = defaultdict(int)
        self._values: dict[Pool, int] = {}
        self._read_at: dict[Pool, int] = {}
        self._first = 0
        self._counts: dict[int, int] = defaultdict(int)
        self._rows: list[tuple] = []

    def taken(self, changes: pa.Table) -> Ledger:
        first, last, before, after, pools, why = None, None, {}, {}, {}, None
        try:
            for block, rows in groupby(_changes(changes), key=itemgetter("block_number")):
                if first is not None:
                    self._take_unchanged(last, block)
                touched, spec = self._apply(rows)
                last = block
                if first is None:
                    first = block
                    for pool in touched:
                        self._pools[pool].stakes = self._pools[pool].valued(spec)
                        self._values[pool] = self._pools[pool].value_rao
                    self._first = block
                    before, pools = self._all_stakes(), dict(self._values)
                else:
                    self._take_block(block, spec, touched)
            if last is not None:
                self._take_unchanged(last, 1 << 63)
                last = max([last, *self._events])
                self._end(last)
                after = self._all_stakes()
        except UnknownRule as unknown:
            why = str(unknown)
            self._rows = []
        return Ledger(
            self._entries(),
            self._stakes_by_day(first, last, before, after, why),
            # Without a rule the day was not read to its end.
            CHAIN__STAKE_POOLS_BY_DAY.empty_table()
            if why
            else self._pools_by_day(first, last, pools),
        )

    # ------------------------------------------------------------------ state

    def _apply(self, rows: Iterable[Row]) -> tuple[set[Pool], int]:
        """Takes in what changed in a block: the pools it touched, and the block's spec."""
        touched: set[Pool] = set()
        spec = 0
        for row in rows:
            spec = row["spec_version"]
            item, hotkey, netuid, number = (
                row[name] for name in ("item", "hotkey_ss58", "netuid", "number")
            )
            if item in _POOL_ITEMS:
                touched.add((hotkey, netuid))
                _POOL_ITEMS[item](self._pools[hotkey, netuid], row)
            elif item == "Owner":
                self._owners[hotkey] = row["coldkey_ss58"]
            elif item == "Delegates":
                self._takes[hotkey] = DEFAULT_TAKE_U16 if number is None else number
            elif item == "SubnetOwnerHotkey":
                self._owner_hotkeys[netuid] = hotkey
            elif item == "AlphaDividendsPerSubnet":
                self._alpha_dividends[netuid, hotkey] = number or 0
            elif item == "TaoDividendsPerSubnet":
                self._tao_dividends[netuid, hotkey] = number or 0
        return touched, spec

    def _all_stakes(self) -> dict[Stake, int]:
        return {
            Stake(coldkey, hotkey, netuid): alpha
            for (hotkey, netuid), pool in self._pools.items()
            for coldkey, alpha in pool.stakes.items()
        }

    # ------------------------------------------------------------------ one block

    def _take_unchanged(self, after: int, before: int) -> None:
        """Blocks whose events left every stake as it was."""
        blocks = self._event_blocks
        for block in blocks[bisect_right(blocks, after) : bisect_left(blocks, before)]:
            self._take_block(block, self._events[block][0]["spec_version"], set())

    def _take_block(self, block: int, spec: int, touched: set[Pool]) -> None:
        events = self._events.get(block, ())
        told = _of_events(events)
        named = {(entry["stake"].hotkey, entry["stake"].netuid) for entry in told}
        stakes = {pool: self._pools[pool].valued(spec) for pool in touched | named}
        entries = self._with_ends_of_subnets(block, events, told, stakes)
        moved: dict[Stake, int] = defaultdict(int)
        moved_pools: dict[Pool, int] = defaultdict(int)
        for entry in entries:
            moved[entry["stake"]] += entry["alpha_rao"]
            moved_pools[entry["stake"].hotkey, entry["stake"].netuid] += entry["alpha_rao"]
        pools = sorted(stakes)
        gains: dict[Pool, dict[str, int]] = {}
        pool_gains: dict[Pool, int] = {}
        for pool in pools:
            state = self._pools[pool]
            before, state.stakes = state.stakes, stakes[pool]
            gains[pool] = {
                coldkey: state.stakes.get(coldkey, 0)
                - before.get(coldkey, 0)
                - moved.pop(Stake(coldkey, *pool), 0)
                for coldkey in sorted(before.keys() | state.stakes.keys())
            }
            pool_gains[pool] = state.value_rao - self._values.get(pool, 0) - moved_pools[pool]
            self._values[pool] = state.value_rao
        swapped = _of_swaps(events, gains, pool_gains)
        epochs = self._subnets.epochs.get(block, ())
        paid, left = [], []
        for pool in pools:
            paid += self._of_epochs(pool, epochs, gains[pool], pool_gains[pool])
            left += [(Stake(who, *pool), gain) for who, gain in gains[pool].items() if gain]
        # A stake that an event names and that storage has never heard of.
        left += [(stake, -alpha) for stake, alpha in moved.items() if alpha]
        entries = sorted((*entries, *swapped), key=itemgetter("event_index"))
        self._write(block, paid, entries, left)
        self._read_at |= dict.fromkeys(touched, block)

    def _with_ends_of_subnets(
        self,
        block: int,
        events: Sequence[Row],
        entries: list[dict],
        stakes: Mapping[Pool, Mapping[str, int]],
    ) -> list[dict]:
        """The entries with what the end of a subnet made of every stake on it.

        All that a stake was up to there is given up for what the chain then paid; what is on the
        netuid after it is of the subnet that took its place.

        Args:
            stakes: what stakes are at the end of the block, of the pools that were read.
        """
        for event in events:
            if event["event_name"] not in _ENDS:
                continue
            netuid, end = event["netuid"], event["event_index"]
            old = self._subnets.registered_at(block - 1, netuid)
            alphas: dict[Stake, int] = defaultdict(int)
            after: dict[Stake, int] = defaultdict(int)
            for pool in (pool for pool in stakes if pool[1] == netuid):
                for who, alpha in self._pools[pool].stakes.items():
                    alphas[Stake(who, *pool)] += alpha
            for entry in entries:
                if entry["stake"].netuid == netuid:
                    is_old = entry["event_index"] < end
                    (alphas if is_old else after)[entry["stake"]] += entry["alpha_rao"]
                    if is_old:
                        entry["registered_at"] = old
            # Up to spec 319 the end of a subnet left its stakes as they were.
            alphas = {
                stake: alpha
                for stake, alpha in alphas.items()
                if alpha > 0
                and stakes[stake.hotkey, netuid].get(stake.coldkey, 0) - after[stake] != alpha
            }
            paid = _paid_at_the_end(events, event, alphas)
            # Which payments are those of a clean-up that goes on over blocks nobody has dated.
            is_said = event["event_name"] == "NetworkRemoved"
            reason = NO_PAYMENT_REASON if is_said else NO_CLEANUP_READ_REASON
            for stake, alpha in sorted(alphas.items()):
                said = {"event_index": end, "extrinsic_index": event["extrinsic_index"]}
                said |= {"stake": stake, "registered_at": old}
                rounded = self._roundings.pop(stake, 0)
                if rounded:
                    entries.append(said | {"kind": ROUNDING, "alpha_rao": rounded})
                    # It is part of what the stake was, and no part of this block's change.
                    self._pools[stake.hotkey, netuid].stakes[stake.coldkey] -= rounded
                entries.append(
                    said
                    | {"kind": DISSOLUTION, "alpha_rao": -alpha, "tao_rao": paid.get(stake)}
                    | {"unpriced_reason": None if stake in paid else reason}
                )
        return entries

    def _of_epochs(
        self, pool: Pool, epochs: Sequence[int], gains: dict[str, int], pool_gain: int
    ) -> list[dict]:
        """What the block's epochs paid to a pool's stakers, taken off their ``gains``.

        Dividends are shared by all stakers; the rest of what the pool gained is its owner's. Where
        the stakers together did not gain what the pool did, none of it is said to be paid.
        """
        hotkey, netuid = pool
        if netuid == ROOT:
            shared = sum(self._tao_dividends.get((of, hotkey), 0) for of in epochs)
        else:
            shared = self._alpha_dividends.get((netuid, hotkey), 0) if netuid in epochs else 0
        if not (epochs if netuid == ROOT else netuid in epochs) or pool_gain < shared:
            return []
        if abs(sum(gains.values()) - pool_gain) > ROUNDING_RAO * len(gains):
            return []
        owner, own = self._owners.get(hotkey), pool_gain - shared
        if own and (owner not in gains or gains[owner] < own - ROUNDING_RAO):
            return []
        found = []
        if own:
            gains[owner] -= own
            for kind, alpha in self._own_parts(pool, shared, own):
                found.append({"kind": kind, "stake": Stake(owner, *pool), "alpha_rao": alpha})
        if shared:
            kind = "root_dividend" if netuid == ROOT else "dividend"
            for coldkey, gain in gains.items():
                if gain > 0:
                    stake = Stake(coldkey, *pool)
                    found.append({"kind": kind, "stake": stake, "alpha_rao": gain})
                    gains[coldkey] = 0
        return found

    def _own_parts(self, pool: Pool, shared: int, own: int) -> list[tuple[str, int]]:
        """What the hotkey's owner alone was paid: its take, and the rest by what the hotkey is.

        The take is t / (1 - t) of what it left to share, to 2 rao: each was cut by itself.
        """
        hotkey, netuid = pool
        if netuid == ROOT:
            return [("root_take", own)]
        take_u16 = self._takes.get(hotkey, DEFAULT_TAKE_U16)
        take = shared * take_u16 // (_U16_MAX - take_u16) if take_u16 < _U16_MAX else own
        if shared and abs(own - take) <= ROUNDING_RAO:
            return [("validator_take", own)]
        is_owners = self._owner_hotkeys.get(netuid) == hotkey
        rest = "owner_cut" if is_owners else "incentive"
        take = min(take, own)
        return [(kind, rao) for kind, rao in (("validator_take", take), (rest, own - take)) if rao]

    def _write(
        self, block: int, paid: list[dict], entries: list[dict], left: list[tuple[Stake, int]]
    ) -> None:
        """The block's entries: what raises a stake first, so that none gives what it lacks."""
        first, last = [], []
        own = dict.fromkeys(entry["stake"] for entry in (*paid, *entries))
        parts = {stake: [self._roundings.pop(stake, 0)] for stake in own}
        for stake, gain in left:
            if abs(gain) > ROUNDING_RAO:
                (first if gain > 0 else last).append(self._left_over(block, stake, gain))
            elif stake in parts:
                parts[stake].append(gain)
            else:
                self._roundings[stake] += gain
        for stake, roundings in parts.items():
            up, down = sum(r for r in roundings if r > 0), sum(r for r in roundings if r < 0)
            for alpha, place in ((up, first), (down, last)):
                if alpha:
                    place.append({"kind": ROUNDING, "stake": stake, "alpha_rao": alpha})
        for entry in (*first, *paid, *entries, *last):
            self._add(block, entry)

    def _left_over(self, block: int, stake: Stake, gain: int) -> dict:
        """What nothing says, since the stake was last seen to change."""
        seen = self._read_at.get((stake.hotkey, stake.netuid), self._first)
        is_unread = self._unread.may_have_run(stake.netuid, seen, block)
        return {
            "kind": UNREAD if is_unread else UNATTRIBUTED,
            "stake": stake,
            "alpha_rao": gain,
            "unattributed_reason": UNREAD_REASON if is_unread else UNATTRIBUTED_REASON,
            # What an epoch paid was worth something, at a price that is not known.
            "unpriced_reason": UNREAD_REASON if is_unread and gain > 0 else None,
        }

    def _end(self, block: int) -> None:
        """What roundings have come to by the day's end."""
        for stake, alpha in sorted(self._roundings.items()):
            if alpha:
                self._add(block, {"kind": ROUNDING, "stake": stake, "alpha_rao": alpha})

    def _add(self, block: int, entry: dict) -> None:
        stake: Stake = entry["stake"]
        index = self._counts[block]
        self._counts[block] += 1
        kind, alpha = entry["kind"], entry["alpha_rao"]
        bits = worth = None
        if kind in _VALUED:
            bits = self._subnets.price_bits(block, stake.netuid)
            worth = None if bits is None else abs(alpha) * bits >> 64
            if worth is None:
                entry["unpriced_reason"] = NO_PRICE_REASON
        said = (entry.get(name) for name in _SAID_BY_EVENTS)
        registered = entry.get("registered_at")
        if registered is None:
            registered = self._subnets.registered_at(block, stake.netuid)
        place = (block, index, kind, *stake, registered)
        self._rows.append((*place, alpha, entry.get("tao_rao", 0), bits, worth, *said))

    def _entries(self) -> pa.Table:
        columns = dict(zip(_WRITTEN, zip(*self._rows, strict=True), strict=bool(self._rows)))
        arrays = []
        for each in CHAIN__STAKE_LEDGER:
            values = columns.get(each.name, ())
            if pa.types.is_decimal(each.type):
                texts = [None if value is None else str(value) for value in values]
                arrays.append(pa.array(texts, pa.string()).cast(each.type))
            else:
                arrays.append(pa.array(values, each.type))
        return pa.table(arrays, schema=CHAIN__STAKE_LEDGER)

    # ------------------------------------------------------------------ the day's ends

    def _stakes_by_day(
        self,
        first: int | None,
        last: int | None,
        before: dict[Stake, int],
        after: dict[Stake, int],
        why: str | None,
    ) -> pa.Table:
        out = Columns(CHAIN__STAKES_BY_DAY)
        if why is not None:
            stakes = {Stake(who, *pool) for pool, p in self._pools.items() for who in p.shares}
            stakes |= {Stake(who, *pool) for pool, p in self._pools.items() for who in p.shares_v2}
        else:
            stakes = {s for s in before.keys() | after.keys() if before.get(s) or after.get(s)}
        for stake in sorted(stakes):
            for registered, is_before, is_after in self._generations(first, last, stake.netuid):
                amounts = (
                    before.get(stake, 0) if is_before else 0,
                    after.get(stake, 0) if is_after else 0,
                )
                if why is None and not any(amounts):
                    continue
                out.add(
                    coldkey_ss58=stake.coldkey,
                    hotkey_ss58=stake.hotkey,
                    netuid=stake.netuid,
                    subnet_registered_at_block=registered,
                    pre_block_number=first,
                    block_number=last,
                    pre_alpha_rao=None if why else amounts[0],
                    alpha_rao=None if why else amounts[1],
                    unexplained_reason=why,
                )
        return out.table()

    def _generations(
        self, first: int, last: int, netuid: int
    ) -> tuple[tuple[int, bool, bool], ...]:
        """The subnets a netuid stood for at the day's ends: (registered, before, after)."""
        old, new = (self._subnets.registered_at(block, netuid) for block in (first, last))
        return ((old, True, True),) if old == new else ((old, True, False), (new, False, True))

    def _pools_by_day(
        self, first: int | None, last: int | None, before: dict[Pool, int]
    ) -> pa.Table:
        out = Columns(CHAIN__STAKE_POOLS_BY_DAY)
        for (hotkey, netuid), pool in sorted(self._pools.items()):
            for registered, is_before, is_after in self._generations(first, last, netuid):
                alpha = before.get((hotkey, netuid), 0) if is_before else 0
                value = pool.value_rao if is_after else 0
                if alpha or value:
                    out.add(
                        hotkey_ss58=hotkey,
                        netuid=netuid,
                        subnet_registered_at_block=registered,
                        pre_block_number=first,
                        block_number=last,
                        pre_alpha_rao=alpha,
                        alpha_rao=value,
                    )
        return out.table()


_SAID_BY_EVENTS = (
    "fee_rao",
    "is_fee_in_alpha",
    "fee_goes_to",
    "counterparty_ss58",
    "extrinsic_index",
    "event_index",
    "unattributed_reason",
    "unpriced_reason",
)
_WRITTEN = (
    "block_number",
    "entry_index",
    "kind",
    "coldkey_ss58",
    "hotkey_ss58",
    "netuid",
    "subnet_registered_at_block",
    "alpha_rao",
    "tao_rao",
    "price_u64f64_bits",
    "worth_rao",
    *_SAID_BY_EVENTS,
)


# ---------------------------------------------------------------------- events


def _of_events(events: list[Row]) -> list[dict]:
    """The entries that a block's events say, in their order.

    A move, transfer or swap is told three times: what was taken out, what was put in, and which of
    the three it was.
    """
    entries: list[dict] = []
    for event in events:
        name = event["event_name"]
        if name in _MOVES:
            _call_a_move(entries, event)
        elif name in _SINGLE:
            kind, sign = _SINGLE[name]
            alpha = event["alpha_rao"] + (event["fee_alpha_rao"] or 0)
            if alpha:
                entries.append(_entry(event, kind, sign * alpha, 0))
        elif name == "StakeAdded":
            entries.append(_entry(event, "buy", event["alpha_rao"], -event["tao_rao"]))
        elif name == "StakeRemoved":
            entries.append(_entry(event, "sell", -event["alpha_rao"], event["tao_rao"]))
    for entry in entries:
        _take_in_the_fee(entry)
    return entries


def _take_in_the_fee(entry: dict) -> None:
    """The fee of a trade made part of what it paid or gave, where the event leaves it out.

    Up to spec 289 the fee is TAO: a purchase says what was left after it, a sale what was received
    after it. From 290 a purchase says all that was paid, and from 397 a sale does not say the alpha
    that went as its fee.
    """
    spec = entry.pop("spec_version")
    if entry["kind"] not in _TRADES:
        return
    if spec < FIRST_SPEC_WITH_FEE_FIELD:
        entry["fee_rao"] = _flat_fee(entry)
        entry["is_fee_in_alpha"] = None if entry["fee_rao"] is None else False
    fee = entry["fee_rao"]
    if fee is None:
        return
    entry["fee_goes_to"] = (
        "pool"
        if spec < FIRST_V3_SPEC
        else "liquidity"
        if spec < FIRST_SPEC_WITH_FEE_TO_AUTHOR
        else "block_author"
    )
    is_purchase = entry["alpha_rao"] > 0
    if is_purchase and spec < FIRST_V3_SPEC and entry["kind"] in _PAID:
        entry["tao_rao"] -= fee
    elif entry["is_fee_in_alpha"] and spec >= FIRST_SPEC_WITH_ALPHA_BEFORE_FEE and not is_purchase:
        entry["alpha_rao"] -= fee


def _flat_fee(entry: dict) -> int | None:
    """What a trade paid before its event said so: half of it at each end of a move.

    None where so little was traded that it may not have been taken whole.
    """
    whole = v233_constant_product.FEE_RAO
    fee = whole if entry["kind"] in ("buy", "sell") else whole // 2
    return fee if entry["event_tao_rao"] else None


def _entry(event: Row, kind: str, alpha_rao: int, tao_rao: int) -> dict:
    is_trade = event["event_name"] in ("StakeAdded", "StakeRemoved")
    return {
        "kind": kind,
        "stake": Stake(event["coldkey_ss58"], event["hotkey_ss58"], event["netuid"]),
        "alpha_rao": alpha_rao,
        "tao_rao": tao_rao,
        "spec_version": event["spec_version"],
        "event_tao_rao": event["tao_rao"],
        "fee_rao": event["fee_rao"] if is_trade else None,
        "is_fee_in_alpha": event["is_fee_in_alpha"] if is_trade else None,
        "extrinsic_index": event["extrinsic_index"],
        "event_index": event["event_index"],
    }


_PAID = ("buy", "swap_in")
_TRADES = (
    *("buy", "sell", "swap_out", "swap_in"),
    *("move_out", "move_in", "transfer_out", "transfer_in"),
)
_MOVES = {"StakeMoved": "move", "StakeTransferred": "transfer", "StakeSwapped": "swap"}
_SINGLE = {
    "AlphaRecycled": ("recycle", -1),
    "AlphaBurned": ("burn", -1),
    "LiquidityAdded": ("liquidity_out", -1),
    "LiquidityRemoved": ("liquidity_in", 1),
}


def _call_a_move(entries: list[dict], event: Row) -> None:
    """Names the pair before a StakeMoved, StakeTransferred or StakeSwapped for what it is."""
    ends = (
        Stake(event["coldkey_ss58"], event["hotkey_ss58"], event["netuid"]),
        Stake(event["dest_coldkey_ss58"], event["dest_hotkey_ss58"], event["dest_netuid"]),
    )
    pair = entries[-2:]
    if (
        [entry["kind"] for entry in pair] != ["sell", "buy"]
        or tuple(entry["stake"] for entry in pair) != ends
        or any(entry["extrinsic_index"] != event["extrinsic_index"] for entry in pair)
        or not all(entry["alpha_rao"] for entry in pair)  # nothing left, or nothing arrived
    ):
        return
    is_inside = ends[0].netuid == ends[1].netuid
    kind = _MOVES[event["event_name"]] if is_inside else "swap"
    for entry, way, other in zip(pair, ("out", "in"), reversed(ends), strict=True):
        entry["kind"] = f"{kind}_{way}"
        if is_inside:
            entry["tao_rao"] = 0
        if ends[0].coldkey != ends[1].coldkey:
            entry["counterparty_ss58"] = other.coldkey


# ---------------------------------------------------------------------- keys that are swapped


def _of_swaps(
    events: Sequence[Row], gains: dict[Pool, dict[str, int]], pool_gains: dict[Pool, int]
) -> list[dict]:
    """The pairs that swaps of hotkeys and coldkeys make, taken off the gains of both ends.

    The events say whose keys, and not how much: it is what left one end and arrived at the other.
    """
    found = []
    for event in events:
        if event["event_name"] in ("HotkeySwapped", "HotkeySwappedOnSubnet"):
            pairs = _hotkey_ends(event, gains)
            kind = "move"
        elif event["event_name"] == "ColdkeySwapped":
            old, new = event["coldkey_ss58"], event["dest_coldkey_ss58"]
            pairs = [(Stake(old, *pool), Stake(new, *pool)) for pool in gains]
            kind = "transfer"
        else:
            continue
        for ends in pairs:
            given, taken = ((gains[end.hotkey, end.netuid], end.coldkey) for end in ends)
            alpha = min(-given[0].get(given[1], 0), taken[0].get(taken[1], 0))
            if alpha <= 0:
                continue
            for (of, who), end, way, sign in zip(
                (given, taken), ends, ("out", "in"), (-1, 1), strict=True
            ):
                of[who] -= sign * alpha
                pool_gains[end.hotkey, end.netuid] -= sign * alpha
                entry = _entry(event, f"{kind}_{way}", sign * alpha, 0) | {"stake": end}
                found.append(entry)
            if kind == "transfer":
                found[-2]["counterparty_ss58"], found[-1]["counterparty_ss58"] = (
                    ends[1].coldkey,
                    ends[0].coldkey,
                )
    return found


def _hotkey_ends(event: Row, gains: Mapping[Pool, Mapping[str, int]]) -> list[tuple[Stake, Stake]]:
    old, new = event["hotkey_ss58"], event["dest_hotkey_ss58"]
    return [
        (Stake(coldkey, old, netuid), Stake(coldkey, new, netuid))
        for hotkey, netuid in gains
        if hotkey == old and event["netuid"] in (None, netuid) and (new, netuid) in gains
        for coldkey in gains[hotkey, netuid]
    ]


# ---------------------------------------------------------------------- subnets that end

_ENDS = ("NetworkRemoved", "NetworkDissolveCleanupCompleted")


def _paid_at_the_end(
    events: Sequence[Row], end: Row, alphas: Mapping[Stake, int]
) -> dict[Stake, int]:
    """TAO that the end of a subnet paid for each stake on it; empty where the chain does not say.

    It pays each stake its part of the pool's TAO, as a deposit to the coldkey or, at first, as
    stake on root. The owner may get its lock back in one deposit more, the last. What was paid is
    taken as stated, once every coldkey was paid its part but for what is cut off to whole rao.
    """
    before = [
        event
        for event in events
        if event["extrinsic_index"] == end["extrinsic_index"]
        and event["event_index"] < end["event_index"]
    ]
    deposits = [
        (Stake(event["coldkey_ss58"], "", end["netuid"]), event["tao_rao"])
        for event in before
        if event["event_name"] == "Deposit" and event["netuid"] == end["netuid"]
    ]
    restaked = [
        (Stake(event["coldkey_ss58"], event["hotkey_ss58"], end["netuid"]), event["tao_rao"])
        for event in before
        if event["event_name"] == "StakeAdded" and event["netuid"] == ROOT
    ]
    for payments in (restaked, deposits, deposits[:-1]):
        if payments and _follow_shares(payments, alphas):
            return _to_stakes(payments, alphas)
    return {}


def _follow_shares(payments: Sequence[tuple[Stake, int]], alphas: Mapping[Stake, int]) -> bool:
    """Whether every coldkey was paid its part of the whole.

    To a rao for each of its stakes, and its part of the rao that all parts together are cut by.
    """
    paid, held, count = defaultdict(int), defaultdict(int), defaultdict(int)
    for stake, tao in payments:
        paid[stake.coldkey] += tao
    for stake, alpha in alphas.items():
        held[stake.coldkey] += alpha
        count[stake.coldkey] += 1
    pot, whole = sum(paid.values()), sum(held.values())
    return paid.keys() <= held.keys() and all(
        abs(paid[who] * whole - pot * alpha) <= whole * count[who] + len(alphas) * alpha
        for who, alpha in held.items()
    )


def _to_stakes(
    payments: Sequence[tuple[Stake, int]], alphas: Mapping[Stake, int]
) -> dict[Stake, int]:
    """Each payment to the stake it was for: of one coldkey, the larger for the larger.

    Stakes to which no payment is left were too small for a rao.
    """
    left: dict[str, list[int]] = defaultdict(list)
    for stake, tao in payments:
        left[stake.coldkey].append(tao)
    for of in left.values():
        of.sort()
    by_size = sorted(alphas, key=lambda stake: (-alphas[stake], stake))
    return {stake: left[stake.coldkey].pop() if left.get(stake.coldkey) else 0 for stake in by_size}


# ---------------------------------------------------------------------- as a ledger reads them

_VALUED = {kind for kind, effect in EFFECTS.items() if effect is Effect.EARN} | {
    "liquidity_in",
    "liquidity_out",
}
"""Kinds whose alpha no TAO was paid or received for: what it is worth stands beside it."""


class _Subnets:
    """Which subnet stood under a netuid, when its epochs ran, and what its alpha was worth."""

    def __init__(self, subnet_blocks: pa.Table, events: pa.Table) -> None:
        self._table = subnet_blocks.select(_PRICED).combine_chunks()
        blocks = subnet_blocks["block_number"].to_numpy()
        self._places = (blocks << 16) + subnet_blocks["netuid"].to_numpy()
        self._blocks = pc.unique(subnet_blocks["block_number"]).sort().to_pylist()
        self._prices: dict[tuple[int, int], int | None] = {}
        self._registered: dict[int, set[int]] = defaultdict(set)
        for when in ("pre_", ""):
            there = subnet_blocks.filter(subnet_blocks[f"{when}is_network_added"])
            of = there.group_by(["netuid", f"{when}network_registered_at_block"]).aggregate([])
            for netuid, registered in zip(*(c.to_pylist() for c in of.columns), strict=True):
                self._registered[netuid].add(registered)
        # A subnet may come and go between two snapshots.
        added = events.filter(pc.equal(events["event_name"], "NetworkAdded"))
        for row in added.select(["netuid", "block_number"]).to_pylist():
            self._registered[row["netuid"]].add(row["block_number"])
        self._generations = {netuid: sorted(of) for netuid, of in self._registered.items()}
        self.epochs: dict[int, list[int]] = defaultdict(list)
        # The epoch before one that ran in a snapshot's own block stands in the state before it.
        steps: set[tuple[int, int]] = set()
        for when in ("pre_", ""):
            of = subnet_blocks.group_by([f"{when}last_mechanism_step_block", "netuid"]).aggregate(
                []
            )
            steps.update(zip(*(c.to_pylist() for c in of.columns), strict=True))
        for block, netuid in sorted(step for step in steps if step[0] is not None):
            self.epochs[block].append(netuid)

    def registered_at(self, block: int, netuid: int) -> int:
        """NetworkRegisteredAt of the subnet that stood under the netuid at a block."""
        generations = self._generations.get(netuid)
        if netuid == ROOT or not generations:
            return 0
        return generations[max(bisect_right(generations, block) - 1, 0)]

    def price_bits(self, block: int, netuid: int) -> int | None:
        """Spot price at the end of a block, or of the last one read before it; TAO for root."""
        if netuid == ROOT:
            return ONE_U64F64_BITS
        at = max(bisect_right(self._blocks, block) - 1, 0)
        if not self._blocks:
            return None
        key = self._blocks[at], netuid
        if key not in self._prices:
            self._prices[key] = self._price(*key)
        return self._prices[key]

    def _price(self, block: int, netuid: int) -> int | None:
        at = int(np.searchsorted(self._places, (block << 16) + netuid))
        for row in rows_of(self._table.slice(at, 1), _PRICED):
            if (row["block_number"], row["netuid"]) == (block, netuid) and row["is_network_added"]:
                era = amm.ERAS.at(row["spec_version"])
                return U64F64.saturating_from(spot_price(era, row, "")).bits
        return None


_PRICED = ["block_number", "netuid", "spec_version", "is_network_added", *POOL_COLUMNS]


def _by_block(events: pa.Table) -> dict[int, list[Row]]:
    rows = rows_of(events, _EVENT_COLUMNS)
    return {block: list(found) for block, found in groupby(rows, key=itemgetter("block_number"))}


_EVENT_COLUMNS = [
    "block_number",
    "event_index",
    "extrinsic_index",
    "event_name",
    "spec_version",
    "coldkey_ss58",
    "hotkey_ss58",
    "netuid",
    "dest_coldkey_ss58",
    "dest_hotkey_ss58",
    "dest_netuid",
    "tao_rao",
    "alpha_rao",
    "fee_rao",
    "is_fee_in_alpha",
    "fee_alpha_rao",
]


def _changes(changes: pa.Table) -> Iterator[Row]:
    return rows_of(changes, changes.schema.names)


def _set_value(pool: _Pool, row: Row) -> None:
    pool.value_rao = row["number"] or 0


def _set_denominator(pool: _Pool, row: Row) -> None:
    pool.denominator = None if row["number"] is None else U64F64(row["number"])


def _set_denominator_v2(pool: _Pool, row: Row) -> None:
    pool.denominator_v2 = _safe_float(row)


def _set_share(pool: _Pool, row: Row) -> None:
    _set(pool.shares, row["coldkey_ss58"], None if not row["number"] else U64F64(row["number"]))


def _set_share_v2(pool: _Pool, row: Row) -> None:
    _set(pool.shares_v2, row["coldkey_ss58"], _safe_float(row))


def _set(shares: dict[str, Any], coldkey: str, share: Any) -> None:
    if share is None:
        shares.pop(coldkey, None)
    else:
        shares[coldkey] = share


def _safe_float(row: Row) -> SafeFloat | None:
    return None if row["number"] is None else SafeFloat(row["number"], row["exponent"])


_POOL_ITEMS = {
    "TotalHotkeyAlpha": _set_value,
    "TotalHotkeyShares": _set_denominator,
    "TotalHotkeySharesV2": _set_denominator_v2,
    "Alpha": _set_share,
    "AlphaV2": _set_share_v2,
}
