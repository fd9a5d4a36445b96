"""The alpha a subnet mints for its participants, and the parts it is split into."""

from dataclasses import dataclass

from mechanics.eras import unsigned


@dataclass(frozen=True, slots=True)
class AlphaSplitState:
    """One candidate after the block's injection, before its alpha is split.

    Attributes:
        alpha_out_rao: alpha minted for the participants: SubnetAlphaOutEmission.
        subnet_owner_cut_u16: SubnetOwnerCut, parts of 65,535.
        tao_weight_u64: TaoWeight, parts of 2^64 - 1.
        root_tao_rao: SubnetTAO of root.
        alpha_issuance_rao: the subnet's SubnetAlphaIn + SubnetAlphaOut, with this block's injection
            and alpha_out in them.
        is_subsidized: the injection was subsidised; specs 298 to 341 read it.
        is_root_sold: the network's root-sell flag; read from spec 342.
        is_owner_cut_enabled: OwnerCutEnabled; read from spec 411.
    """

    alpha_out_rao: int
    subnet_owner_cut_u16: int
    tao_weight_u64: int
    root_tao_rao: int
    alpha_issuance_rao: int
    is_subsidized: bool | None = None
    is_root_sold: bool | None = None
    is_owner_cut_enabled: bool | None = None

    def __post_init__(self) -> None:
        unsigned(self.alpha_out_rao, "alpha_out_rao")
        unsigned(self.subnet_owner_cut_u16, "subnet_owner_cut_u16", 16)
        unsigned(self.tao_weight_u64, "tao_weight_u64")
        unsigned(self.root_tao_rao, "root_tao_rao")
        unsigned(self.alpha_issuance_rao, "alpha_issuance_rao")


@dataclass(frozen=True, slots=True)
class AlphaSplit:
    """What the block adds to a subnet's pending amounts, in whole rao of its alpha.

    Attributes:
        owner_cut_rao: added to PendingOwnerCut.
        emission_rao: added to PendingEmission, up to spec 342.
        swapped_rao: added to PendingAlphaSwapped, up to spec 342.
        server_rao: added to PendingServerEmission, from spec 343.
        validator_rao: added to PendingValidatorEmission, from spec 343.
        root_sale_rao: sold in the pool this block; what it brings is added to PendingRootDivs. Up
            to spec 333.
        root_rao: added to PendingRootAlphaDivs, from spec 334.
        recycled_rao: taken out of SubnetAlphaOut again, from spec 343.
    """

    owner_cut_rao: int
    emission_rao: int = 0
    swapped_rao: int = 0
    server_rao: int = 0
    validator_rao: int = 0
    root_sale_rao: int = 0
    root_rao: int = 0
    recycled_rao: int = 0
