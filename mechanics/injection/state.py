"""What a subnet's part of the block is turned into, from what, and what that leaves behind."""

from dataclasses import dataclass
from enum import Enum

from mechanics.eras import unsigned
from mechanics.fixed import U96F32

_NOTHING = U96F32(0)


@dataclass(frozen=True, slots=True)
class InjectionState:
    """One candidate before its injection.

    Attributes:
        tao_emission: TAO due to the subnet, rao, unfloored.
        price: spot price before the block, TAO per alpha.
        alpha_emission_rao: alpha the subnet's own halving curve mints.
        is_registration_allowed, is_pow_registration_allowed: the subnet's two switches.
        block_emission_rao: TAO the block mints; specs 298 to 341 and 362 to 420 read it.
        root_proportion: root's weight over root's weight and the subnet's alpha before the block;
            read from spec 421.
    """

    tao_emission: U96F32
    price: U96F32
    alpha_emission_rao: int
    is_registration_allowed: bool
    is_pow_registration_allowed: bool
    block_emission_rao: int | None = None
    root_proportion: U96F32 | None = None

    def __post_init__(self) -> None:
        unsigned(self.alpha_emission_rao, "alpha_emission_rao")
        if self.block_emission_rao is not None:
            unsigned(self.block_emission_rao, "block_emission_rao")


@dataclass(frozen=True, slots=True)
class Terms:
    """A subnet's part of the block split by the rule, in rao of each asset, unfloored.

    Attributes:
        tao_in: TAO for the pool.
        alpha_in: alpha for the pool.
        alpha_out: alpha for the participants.
        excess_tao: TAO that buys alpha of the pool; 0 before spec 298.
        is_subsidized: the price was below the subnet's share of the block; specs 298 to 341.
    """

    tao_in: U96F32
    alpha_in: U96F32
    alpha_out: U96F32
    excess_tao: U96F32 = _NOTHING
    is_subsidized: bool = False

    def floored(self) -> "Injection":
        """The same in whole rao, each cut on its own."""
        return Injection(
            tao_in_rao=self.tao_in.to_u64_sat(),
            alpha_in_rao=self.alpha_in.to_u64_sat(),
            alpha_out_rao=self.alpha_out.to_u64_sat(),
            excess_tao_rao=self.excess_tao.to_u64_sat(),
            is_subsidized=self.is_subsidized,
        )


@dataclass(frozen=True, slots=True)
class Injection:
    """A subnet's part of the block, in whole rao of each asset.

    Attributes:
        tao_in_rao: SubnetTaoInEmission, up to spec 422.
        alpha_in_rao: SubnetAlphaInEmission, up to spec 422.
        alpha_out_rao: SubnetAlphaOutEmission.
        excess_tao_rao: TAO offered to the pool for alpha; 0 before spec 298.
        is_subsidized: the price was below the subnet's share of the block; specs 298 to 341.
    """

    tao_in_rao: int
    alpha_in_rao: int
    alpha_out_rao: int
    excess_tao_rao: int = 0
    is_subsidized: bool = False


class Step(Enum):
    """What the coinbase does to a pool; an era's ``ORDER`` says in which order."""

    BUY = "the excess TAO buys alpha, without fee or limit"
    LIQUIDITY = "the protocol's liquidity takes in the injection; nothing of the kind before V3"
    RESERVES = "SubnetTAO and SubnetAlphaIn grow"


@dataclass(frozen=True, slots=True)
class PoolOutcome:
    """What the pool made of an injection, as the AMM's rules answer it.

    Attributes:
        paid_tao_rao: TAO the buy took in; 0 where there was none or the pool refused it.
        bought_alpha_rao: alpha the buy paid out.
        added_tao_rao, added_alpha_rao: what the liquidity took in; read from spec 423. From 439
            it may take in what a reservoir kept of earlier blocks.
    """

    paid_tao_rao: int = 0
    bought_alpha_rao: int = 0
    added_tao_rao: int | None = None
    added_alpha_rao: int | None = None

    def __post_init__(self) -> None:
        unsigned(self.paid_tao_rao, "paid_tao_rao")
        unsigned(self.bought_alpha_rao, "bought_alpha_rao")
        if self.added_tao_rao is not None:
            unsigned(self.added_tao_rao, "added_tao_rao")
        if self.added_alpha_rao is not None:
            unsigned(self.added_alpha_rao, "added_alpha_rao")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the coinbase itself changes by an injection, besides what the buy did to the pool.

    Attributes:
        tao_reserve_rao: change of SubnetTAO.
        alpha_reserve_rao: change of SubnetAlphaIn.
        alpha_out_rao: change of SubnetAlphaOut: what is minted less what is recycled.
        total_stake_rao: change of TotalStake.
        total_issuance_rao: change of TotalIssuance on behalf of the subnet; from spec 411 what the
            subnet spent of the block's emission, the rest of which is recycled.
        protocol_alpha_rao: change of SubnetProtocolAlpha, from spec 413.
        excess_tao_rao: SubnetExcessTao as recorded, None before spec 411.
    """

    tao_reserve_rao: int
    alpha_reserve_rao: int
    alpha_out_rao: int
    total_stake_rao: int
    total_issuance_rao: int
    protocol_alpha_rao: int = 0
    excess_tao_rao: int | None = None
