"""Validators get the alpha part of what Yuma gives them; root shares the TAO of its alpha."""

from collections.abc import Mapping, Set
from typing import NamedTuple

from mechanics.distribution.state import (
    DistributionState,
    Hotkey,
    Payouts,
    Pending,
    Stake,
)
from mechanics.fixed import U96F32

FIRST_SPEC_VERSION = 233
# The source read has the change of 238; that of 252 is the next read.
LAST_SPEC_VERSION = 238
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@0046bb4b (spec 238 or a little later), pallets/subtensor/src/coinbase/"
    "run_coinbase.rs: drain_pending_emission"
)


class Dividends(NamedTuple):
    """Each hotkey's dividends, rao, unfloored: alpha for its stake in the subnet, and root's."""

    alpha: dict[Hotkey, U96F32]
    root: dict[Hotkey, U96F32]


def recompute(pre: DistributionState) -> Payouts:
    """What the epoch credits.

    Rule
        The alpha part of ``by_stake`` as it is, and PendingRootDivs in proportion to the root part;
        no incentive is withheld.

    Args
        pre: the epoch after Yuma.

    Returns
        rao.

    Errors
        None. A hotkey without a stake entry gets nothing.

    Source
        subtensor@0046bb4b (spec 238 or a little later), pallets/subtensor/src/coinbase/
        run_coinbase.rs: drain_pending_emission.
    """
    parts = by_stake(tao_weight(pre.tao_weight_u64), pre.stakes, pre.dividends)
    root = pro_rata(pre.pending.root_tao_rao, parts.root)
    return paid(pre, Dividends(parts.alpha, root), frozenset())


def epoch_alpha(pending: Pending) -> int:
    """Alpha that Yuma shares out: what is pending, and what was sold for root meanwhile; rao."""
    return pending.emission_rao + pending.swapped_rao


def tao_weight(tao_weight_u64: int) -> U96F32:
    """TaoWeight as a number from 0 to 1: how much alpha a TAO of root stake counts as.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/staking/
        stake_utils.rs: get_tao_weight.
    """
    return U96F32.of(tao_weight_u64).safe_div(U96F32.of(2**64 - 1))


def by_stake(
    weight: U96F32, stakes: Mapping[Hotkey, Stake], dividends: Mapping[Hotkey, U96F32]
) -> Dividends:
    """Each hotkey's dividend divided between its stake in the subnet and its stake on root.

    Rule
        root = d ((R w) / (S + R w)), the quotient cut first and 0 when the denominator is 0;
        alpha = d - root.

    Args
        weight: w, dimensionless.
        stakes: S rao of alpha and R rao of TAO on root, by hotkey.
        dividends: d, rao, by hotkey, shape (n,).

    Returns
        rao, unfloored, shape (n,), without the hotkeys that have no stake entry.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/
        run_coinbase.rs: calculate_dividend_distribution.
    """
    alpha, root = {}, {}
    for hotkey, dividend in dividends.items():
        if hotkey not in stakes:
            continue
        weighted_root = U96F32.of(stakes[hotkey].root_rao) * weight
        total = U96F32.of(stakes[hotkey].alpha_rao) + weighted_root
        root[hotkey] = dividend * weighted_root.safe_div(total)
        alpha[hotkey] = dividend - root[hotkey]
    return Dividends(alpha, root)


def pro_rata(amount_rao: int, parts: Mapping[Hotkey, U96F32]) -> dict[Hotkey, U96F32]:
    """An amount shared in proportion to parts.

    Rule
        amount (p_i / sum_j p_j), the quotient cut first; 0 for all when the sum is 0.

    Args
        amount_rao: rao.
        parts: p, by hotkey, shape (n,).

    Returns
        rao, unfloored, shape (n,). The sum falls short of the amount by less than
        n (amount 2^-32 + 1) ulps.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        calculate_dividend_distribution.
    """
    amount, total = U96F32.of(amount_rao), U96F32.of(0)
    for part in parts.values():
        total = total + part
    return {hotkey: amount * part.safe_div(total) for hotkey, part in parts.items()}


def paid(pre: DistributionState, dividends: Dividends, withheld: Set[Hotkey]) -> Payouts:
    """Dividends less takes, incentives less those withheld, and the owner's cut.

    Rule
        take = t d; each hotkey's take and what it leaves are floored one by one. Without an owner
        hotkey the owner's cut is paid to nobody.

    Args
        pre: the epoch after Yuma: t each hotkey's take.
        dividends: d, rao, by hotkey.
        withheld: hotkeys whose incentive is not paid.

    Returns
        rao.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/coinbase/
        run_coinbase.rs: distribute_dividends_and_incentives.
    """
    alpha_take, alpha_rest = _taken(pre.takes_u16, dividends.alpha)
    root_take, root_rest = _taken(pre.takes_u16, dividends.root)
    incentives = pre.incentives_rao
    return Payouts(
        owner_cut_rao=0 if pre.owner_hotkey is None else pre.pending.owner_cut_rao,
        incentives_rao={h: rao for h, rao in incentives.items() if h not in withheld},
        withheld_rao=sum(rao for hotkey, rao in incentives.items() if hotkey in withheld),
        alpha_take_rao=alpha_take,
        alpha_dividends_rao=alpha_rest,
        root_take_rao=root_take,
        root_dividends_rao=root_rest,
    )


def _taken(
    takes_u16: Mapping[Hotkey, int], dividends: Mapping[Hotkey, U96F32]
) -> tuple[dict[Hotkey, int], dict[Hotkey, int]]:
    takes, rests = {}, {}
    for hotkey, dividend in dividends.items():
        take = U96F32.of(takes_u16[hotkey]).safe_div(U96F32.of(2**16 - 1)) * dividend
        takes[hotkey] = take.to_u64_sat()
        rests[hotkey] = (dividend - take).to_u64_sat()
    return takes, rests
