"""A hotkey's alpha on one subnet and the shares in it, as the chain keeps them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mechanics.eras import BadState
from mechanics.fixed import U64F64
from mechanics.share_pool.safe_float import SafeFloat

Share = TypeVar("Share", U64F64, SafeFloat)


@dataclass(frozen=True, slots=True)
class SharePool(Generic[Share]):
    """The stake to one hotkey on one subnet.

    Attributes:
        value_rao: TotalHotkeyAlpha, all alpha in the pool.
        denominator: TotalHotkeyShares, or TotalHotkeySharesV2 from spec 397: all shares.
        shares: Alpha, or AlphaV2: each staker's; one that is not named has none.
    """

    value_rao: int
    denominator: Share
    shares: Mapping[Hashable, Share] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.value_rao < 2**64:
            raise BadState("value_rao", f"is {self.value_rao}, not from 0 to 2^64 - 1")

    def with_value(self, change_rao: int) -> int:
        """All alpha after a change, clamped to u64."""
        return min(max(self.value_rao + change_rao, 0), 2**64 - 1)
