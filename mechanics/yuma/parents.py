"""A validator's dividends between itself and the parents whose stake it holds."""

from collections.abc import Mapping

from mechanics.eras import UnknownRule, unsigned
from mechanics.yuma.i32f32 import FRACTION, ONE, U16_MAX, U64_MAX
from mechanics.yuma.stake import Hotkey, StakeState, fraction

FIRST_SPEC_VERSION = 293
LAST_SPEC_VERSION = 475
SOURCE = (
    "subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs: "
    "get_parent_child_dividends_distribution, get_self_contribution"
)


def split_to_parents(
    spec_version: int,
    pre: StakeState,
    hotkey: Hotkey,
    dividends_rao: int,
    childkey_take_u16: int,
    owners: Mapping[Hotkey, object],
) -> list[tuple[Hotkey, int]]:
    """The parts of a hotkey's dividends.

    Rule
        Each parent gets dividends x its contribution / all contributions, less the take; the
        hotkey keeps the rest and the takes. A parent's contribution is (alpha + root TAO x w) x
        its share; the hotkey's own the same with the share its children leave it, floored to whole
        rao. No take from a parent of the same owner.

    Args
        spec_version: which.
        pre: stakes, parents and children.
        hotkey: whose dividends.
        dividends_rao: the validator emission it has of the epoch.
        childkey_take_u16: ChildkeyTake.
        owners: Owner, the coldkey by hotkey.

    Returns
        rao of alpha by hotkey, the parents in stored order, the hotkey itself last.

    Errors
        BadState for a number out of range; UnknownRule before spec 293: an earlier runtime took
        the parents' parts from the hotkey's own twice, and where that ended is not known.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/coinbase/run_coinbase.rs:
        get_parent_child_dividends_distribution, get_self_contribution.
    """
    if not FIRST_SPEC_VERSION <= spec_version <= LAST_SPEC_VERSION:
        known = f"specs {FIRST_SPEC_VERSION}-{LAST_SPEC_VERSION}"
        raise UnknownRule("dividends of parents", spec_version, known)
    unsigned(dividends_rao, "dividends_rao")
    unsigned(childkey_take_u16, "childkey_take_u16", 16)
    weight = fraction(pre.tao_weight_u64)
    of_parents = [
        (parent, _contribution(pre, parent, fraction(share), weight))
        for share, parent in pre.parents.get(hotkey, ())
    ]
    left = ONE
    for share, _ in pre.children.get(hotkey, ()):
        left = max(left - fraction(share), 0)
    own = _contribution(pre, hotkey, left, weight) >> FRACTION << FRACTION
    whole = own + sum(contribution for _, contribution in of_parents)
    dividends = dividends_rao << FRACTION
    take_rate = (childkey_take_u16 << FRACTION) // U16_MAX
    rest, takes, parts = dividends, 0, []
    for parent, contribution in of_parents:
        factor = (contribution << FRACTION) // whole if whole else 0
        part = dividends * factor >> FRACTION
        rest = max(rest - part, 0)
        take = 0 if owners.get(parent) == owners.get(hotkey) else take_rate * part >> FRACTION
        takes += take
        parts.append((parent, min(part - take >> FRACTION, U64_MAX)))
    return [*parts, (hotkey, min(rest + takes >> FRACTION, U64_MAX))]


def _contribution(pre: StakeState, hotkey: Hotkey, share: int, weight: int) -> int:
    """The stake that a share of a hotkey's brings, rao, U96F32 bits; each product floored."""
    alpha = pre.alpha_rao.get(hotkey, 0) * share
    root = pre.root_rao.get(hotkey, 0) * share * weight >> FRACTION
    return alpha + root
