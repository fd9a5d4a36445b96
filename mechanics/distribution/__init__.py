"""An epoch's pending alpha, as Yuma weighs it -> what owner, miners, validators and root get.

Yuma itself, and the passing of dividends from child hotkeys to their parents, come before.
"""

from mechanics.distribution import (
    v233_alpha_as_emitted,
    v252_validators_pro_rata,
    v306_owned_hotkeys_withheld,
    v320_recycle_or_burn,
    v334_root_paid_in_alpha,
    v343_pending_apart,
    v421_miner_burned,
)
from mechanics.distribution.state import (
    DistributionState,
    OwnedHotkey,
    Payouts,
    Pending,
    Stake,
)
from mechanics.eras import Eras

ERAS = Eras(
    "distribution",
    v233_alpha_as_emitted,
    v252_validators_pro_rata,
    v306_owned_hotkeys_withheld,
    v320_recycle_or_burn,
    v334_root_paid_in_alpha,
    v343_pending_apart,
    v421_miner_burned,
)

__all__ = ["ERAS", "DistributionState", "OwnedHotkey", "Payouts", "Pending", "Stake"]
