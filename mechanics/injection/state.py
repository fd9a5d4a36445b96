"""What a subnet's part of the block is turned into, and from what."""

from dataclasses import dataclass

from mechanics.fixed import U96F32


@dataclass(frozen=True, slots=True)
class InjectionState:
    """One candidate before its injection.

    Attributes:
        tao_emission: TAO due to the subnet, rao, unfloored.
        price: spot price before the block, TAO per alpha.
        alpha_emission_rao: alpha the subnet's own halving curve mints.
        is_registration_allowed, is_pow_registration_allowed: the subnet's two switches.
    """

    tao_emission: U96F32
    price: U96F32
    alpha_emission_rao: int
    is_registration_allowed: bool
    is_pow_registration_allowed: bool


@dataclass(frozen=True, slots=True)
class Injection:
    """What the block records for the subnet, in whole rao of each asset.

    Attributes:
        tao_in_rao: SubnetTaoInEmission.
        alpha_in_rao: SubnetAlphaInEmission.
        alpha_out_rao: SubnetAlphaOutEmission.
    """

    tao_in_rao: int
    alpha_in_rao: int
    alpha_out_rao: int
