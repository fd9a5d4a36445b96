"""The stake an epoch weighs: alpha on the subnet and TAO on root, with parents and children."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from mechanics.eras import unsigned
from mechanics.yuma.i32f32 import FRACTION, ONE, U64_MAX

_I64F64_FRACTION = 64
_I64F64_MAX = 2**127 - 1

Hotkey = Hashable
Kin = Mapping[Hotkey, Sequence[tuple[int, Hotkey]]]
"""By hotkey: (share of 2^64 - 1, hotkey of the parent or child) in stored order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeState:
    """What stake is on a subnet other than root; a hotkey not named in a mapping has none.

    Attributes:
        tao_weight_u64: TaoWeight, parts of 2^64 - 1.
        alpha_rao: TotalHotkeyAlpha on the subnet, of its hotkeys and of their parents.
        root_rao: TotalHotkeyAlpha on root, of the same.
        parents: ParentKeys on the subnet.
        children: ChildKeys on the subnet.
    """

    tao_weight_u64: int
    alpha_rao: Mapping[Hotkey, int]
    root_rao: Mapping[Hotkey, int]
    parents: Kin
    children: Kin

    def __post_init__(self) -> None:
        unsigned(self.tao_weight_u64, "tao_weight_u64")
        for field in ("alpha_rao", "root_rao"):
            for hotkey, rao in getattr(self, field).items():
                unsigned(rao, f"{field}[{hotkey!r}]")
        for field in ("parents", "children"):
            for hotkey, kin in getattr(self, field).items():
                for share, _ in kin:
                    unsigned(share, f"{field}[{hotkey!r}]")


@dataclass(frozen=True, slots=True)
class StakeWeights:
    """Stake by uid, shape (n,).

    Attributes:
        alpha_rao: alpha on the subnet after giving to children and taking from parents.
        root_rao: TAO on root after the same, by the subnet's parents and children.
        total_i64f64_bits: alpha + root TAO x TaoWeight, in rao.
    """

    alpha_rao: tuple[int, ...]
    root_rao: tuple[int, ...]
    total_i64f64_bits: tuple[int, ...]


def stake_weights(pre: StakeState, hotkeys: Sequence[Hotkey | None]) -> StakeWeights:
    """The stake of each neuron.

    Rule
        total = alpha + tao w, alpha and tao being whole rao inherited on the subnet and on root, w
        TaoWeight / (2^64 - 1) cut to 32 fraction bits, the product floored to 64.

    Args
        pre: the stakes.
        hotkeys: Keys by uid, None for a uid without, shape (n,).

    Returns
        rao by uid.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425, unchanged since 233), pallets/subtensor/src/staking/
        stake_utils.rs: get_stake_weights_for_network.
    """
    alpha = [0 if key is None else inherited_rao(pre, pre.alpha_rao, key) for key in hotkeys]
    root = [0 if key is None else inherited_rao(pre, pre.root_rao, key) for key in hotkeys]
    weight = fraction(pre.tao_weight_u64) << FRACTION
    totals = [_total_bits(a, tao, weight) for a, tao in zip(alpha, root, strict=True)]
    return StakeWeights(tuple(alpha), tuple(root), tuple(totals))


def _total_bits(alpha_rao: int, root_rao: int, weight: int) -> int:
    alpha, root = (min(rao << _I64F64_FRACTION, _I64F64_MAX) for rao in (alpha_rao, root_rao))
    return min(alpha + (root * weight >> _I64F64_FRACTION), _I64F64_MAX)


def inherited_rao(pre: StakeState, own_rao: Mapping[Hotkey, int], hotkey: Hotkey) -> int:
    """A hotkey's own stake less what its children hold of it, and what it holds of its parents'.

    Rule
        Each part is own x share, the share cut to 32 fraction bits, the product floored; parents'
        own stake is taken as it is, not as inherited. own less the children's parts is not below 0.
        The result is floored to whole rao.

    Args
        pre: parents and children.
        own_rao: stake by hotkey, on the subnet or on root.
        hotkey: whose.

    Returns
        rao.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/staking/stake_utils.rs:
        get_inherited_for_hotkey_on_subnet.
    """
    own = own_rao.get(hotkey, 0)
    to_children = sum(own * fraction(share) for share, _ in pre.children.get(hotkey, ()))
    from_parents = sum(
        own_rao.get(parent, 0) * fraction(share) for share, parent in pre.parents.get(hotkey, ())
    )
    return min((max(own * ONE - to_children, 0) + from_parents) >> FRACTION, U64_MAX)


def fraction(share: int) -> int:
    """A share of 2^64 - 1, as U96F32 bits."""
    return (share << FRACTION) // U64_MAX
