"""What an epoch pays out, to whom, and by which stakes."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from mechanics.eras import BadState, unsigned
from mechanics.fixed import I96F32, U96F32

Hotkey = Hashable
"""An account, in whatever form the caller has it."""


class Stake(NamedTuple):
    """A hotkey's stake, its own and its nominators', rao: alpha in the subnet, TAO on root."""

    alpha_rao: int
    root_rao: int


class OwnedHotkey(NamedTuple):
    """A hotkey of the subnet owner's coldkey that is registered in the subnet."""

    hotkey: Hotkey
    uid: int
    block_at_registration: int


@dataclass(frozen=True, slots=True)
class Pending:
    """What has been accumulated since the last epoch, in rao of the subnet's alpha.

    Attributes:
        owner_cut_rao: PendingOwnerCut.
        emission_rao: PendingEmission, up to spec 342.
        swapped_rao: PendingAlphaSwapped, up to spec 342.
        root_tao_rao: PendingRootDivs, rao of TAO, up to spec 333.
        server_rao: PendingServerEmission, from spec 343.
        validator_rao: PendingValidatorEmission, from spec 343.
        root_rao: PendingRootAlphaDivs, from spec 334.
    """

    owner_cut_rao: int = 0
    emission_rao: int = 0
    swapped_rao: int = 0
    root_tao_rao: int = 0
    server_rao: int = 0
    validator_rao: int = 0
    root_rao: int = 0

    def __post_init__(self) -> None:
        for item in fields(self):
            unsigned(getattr(self, item.name), item.name)


@dataclass(frozen=True, slots=True)
class DistributionState:
    """A subnet's epoch after Yuma has run and validators' dividends have gone to their parents.

    Attributes:
        pending: what the epoch drained.
        incentives_rao: what Yuma gives each hotkey as a miner, rao of alpha.
        dividends: what it gives each as a validator or parent; only the proportions count, from
            spec 252.
        stakes: of every hotkey with a dividend.
        takes_u16: each hotkey's take, parts of 65,535.
        tao_weight_u64: TaoWeight, parts of 2^64 - 1.
        owner_hotkey: SubnetOwnerHotkey; None where the subnet has none.
        is_owner_hotkey_registered: it has a uid in the subnet.
        owned_hotkeys: the registered hotkeys of the owner's coldkey; read from spec 306.
        immune_owner_uids_limit: ImmuneOwnerUidsLimit, None where the spec has no such item; specs
            306 to 319 read it.
        is_recycled: RecycleOrBurn says recycle; read from spec 320. Burn is its default.
    """

    pending: Pending
    incentives_rao: Mapping[Hotkey, int]
    dividends: Mapping[Hotkey, U96F32]
    stakes: Mapping[Hotkey, Stake]
    takes_u16: Mapping[Hotkey, int]
    tao_weight_u64: int
    owner_hotkey: Hotkey | None
    is_owner_hotkey_registered: bool = True
    owned_hotkeys: tuple[OwnedHotkey, ...] = ()
    immune_owner_uids_limit: int | None = None
    is_recycled: bool = False

    def __post_init__(self) -> None:
        unsigned(self.tao_weight_u64, "tao_weight_u64")
        for hotkey, rao in self.incentives_rao.items():
            unsigned(rao, f"incentives_rao[{hotkey!r}]")
        for hotkey in self.dividends:
            if hotkey not in self.takes_u16:
                raise BadState(f"takes_u16[{hotkey!r}]", "is missing")
            unsigned(self.takes_u16[hotkey], f"takes_u16[{hotkey!r}]", 16)
        for hotkey, stake in self.stakes.items():
            unsigned(stake.alpha_rao, f"stakes[{hotkey!r}].alpha_rao")
            unsigned(stake.root_rao, f"stakes[{hotkey!r}].root_rao")

    @property
    def incentive_total_rao(self) -> int:
        """What Yuma gives all miners together, rao of alpha, clamped to 64 bits."""
        return min(sum(self.incentives_rao.values()), 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Payouts:
    """What the epoch credits, in rao of the subnet's alpha where nothing else is said.

    Attributes:
        owner_cut_rao: to the owner's coldkey on the owner hotkey.
        incentives_rao: to each miner's coldkey.
        withheld_rao: incentive of the owner's hotkeys, paid to nobody.
        alpha_take_rao: each validator's take of its alpha dividends.
        alpha_dividends_rao: to each hotkey's nominators: AlphaDividendsPerSubnet.
        root_take_rao: each validator's take of its root dividends; TAO up to spec 333.
        root_dividends_rao: for each hotkey's root stakers: TaoDividendsPerSubnet, in TAO, up to
            spec 333; RootAlphaDividendsPerSubnet from 334.
        recycled_rao: what of the withheld is taken out of SubnetAlphaOut, from spec 320.
        claimable_rate: added to RootClaimable, alpha per TAO of root stake, from spec 334.
        miner_burned: MinerBurned, the part of all incentive that was withheld, from spec 421.
    """

    owner_cut_rao: int
    incentives_rao: Mapping[Hotkey, int]
    withheld_rao: int
    alpha_take_rao: Mapping[Hotkey, int]
    alpha_dividends_rao: Mapping[Hotkey, int]
    root_take_rao: Mapping[Hotkey, int]
    root_dividends_rao: Mapping[Hotkey, int]
    recycled_rao: int = 0
    claimable_rate: Mapping[Hotkey, I96F32] = field(default_factory=dict)
    miner_burned: U96F32 | None = None
