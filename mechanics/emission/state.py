"""What a block's emission is shared by: the state at the end of the parent block."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple, TypeVar

from mechanics.eras import BadState
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32

T = TypeVar("T")

ROOT = 0


class BySubnet(dict[int, T]):
    """Values by netuid; asking for a subnet that is missing is an error that names the field."""

    def __init__(self, name: str, values: Mapping[int, T]) -> None:
        super().__init__(values)
        self.name = name

    def __missing__(self, netuid: int) -> T:
        raise BadState(f"{self.name}[{netuid}]", "is missing")


def _name_mappings(state: object) -> None:
    """Turn every mapping of a frozen state into one that names its field when asked in vain."""
    for item in fields(state):
        value = getattr(state, item.name)
        if isinstance(value, Mapping):
            object.__setattr__(state, item.name, BySubnet(item.name, value))


class FlowEma(NamedTuple):
    """SubnetEmaTaoFlow or SubnetEmaProtocolFlow: rao per block, and the block that wrote it."""

    block_number: int
    rao: I64F64


class FlowStep(NamedTuple):
    """An EMA after the block, and whether the block consumed the flow it was made of."""

    ema: FlowEma
    is_flow_consumed: bool


@dataclass(frozen=True, slots=True)
class FlowState:
    """What sharing by TAO flow (specs 334 to 419) reads; mappings are by netuid.

    Attributes:
        smoothing_factor: FlowEmaSmoothingFactor, parts of 2^63 - 1.
        cutoff: TaoFlowCutoff, rao per block.
        norm_exponent: FlowNormExponent.
        tao_flow_rao: SubnetTaoFlow, what extrinsics put in less what they took out since it was
            last consumed; 0 where the chain has none.
        ema_tao_flow: SubnetEmaTaoFlow, None where the chain has none.
        spot_price: TAO per alpha, read to start an EMA up to spec 347.
        is_net: NetTaoFlowEnabled, from spec 411.
        protocol_flow_rao: SubnetProtocolFlow, the same of the protocol's own trades, from spec 411.
        ema_protocol_flow: SubnetEmaProtocolFlow, None where the chain has none, from spec 411.
    """

    smoothing_factor: int
    cutoff: I64F64
    norm_exponent: U64F64
    tao_flow_rao: Mapping[int, int]
    ema_tao_flow: Mapping[int, FlowEma | None]
    spot_price: Mapping[int, U96F32] = field(default_factory=dict)
    is_net: bool = True
    protocol_flow_rao: Mapping[int, int] = field(default_factory=dict)
    ema_protocol_flow: Mapping[int, FlowEma | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _name_mappings(self)


@dataclass(frozen=True, slots=True)
class GateState:
    """What the emission gate (from spec 440) reads.

    Attributes:
        bar: EmissionGateBar, a share; 0 where none was ever written.
        bar_quantile: EmissionBarQuantile, a share of demand.
        bar_rank: EmissionBarRank; 0 chooses the quantile, as does a spec without the item.
        exponent: EmissionGateExponent.
    """

    bar: U64F64
    bar_quantile: U64F64
    bar_rank: int
    exponent: U64F64


@dataclass(frozen=True, slots=True)
class EmissionState:
    """The state before the block; mappings are by netuid and name every subnet but root.

    What a spec does not read may be left out; what it reads and is missing is an error that names
    the field.

    Attributes:
        block_emission_rao: TAO the block mints.
        moving_price: SubnetMovingPrice, TAO per alpha.
        mechanism: SubnetMechanism, 1 for a subnet with a pool, 0 for a stable one.
        first_emission_block_number: FirstEmissionBlockNumber, None before start_call; all None
            where the spec has no such item.
        block_number: the block being made; from spec 334.
        flow: specs 334 to 419.
        is_subtoken_enabled: SubtokenEnabled; from spec 361.
        is_registration_allowed: NetworkRegistrationAllowed; from spec 361.
        is_pow_registration_allowed: NetworkPowRegistrationAllowed; specs 361 to 396.
        is_emission_enabled: SubnetEmissionEnabled, true where the chain has none; from spec 411.
        root_proportion: root's weight over root's weight and the subnet's alpha; specs 421 to 424.
        miner_burned: MinerBurned, the part of miner incentive withheld at the last epoch; from
            spec 421.
        gate: from spec 440.
    """

    block_emission_rao: int
    moving_price: Mapping[int, I96F32]
    mechanism: Mapping[int, int]
    first_emission_block_number: Mapping[int, int | None]
    block_number: int | None = None
    flow: FlowState | None = None
    is_subtoken_enabled: Mapping[int, bool] = field(default_factory=dict)
    is_registration_allowed: Mapping[int, bool] = field(default_factory=dict)
    is_pow_registration_allowed: Mapping[int, bool] = field(default_factory=dict)
    is_emission_enabled: Mapping[int, bool] = field(default_factory=dict)
    root_proportion: Mapping[int, U96F32] = field(default_factory=dict)
    miner_burned: Mapping[int, U96F32] = field(default_factory=dict)
    gate: GateState | None = None

    def __post_init__(self) -> None:
        if self.block_emission_rao < 0:
            raise BadState("block_emission_rao", f"is {self.block_emission_rao}, below 0")
        _name_mappings(self)

    @property
    def subnets(self) -> list[int]:
        """Every subnet but root, in netuid order, in which the chain works."""
        return [netuid for netuid in sorted(self.moving_price) if netuid != ROOT]

    def moving_alpha_price(self, netuid: int) -> U96F32:
        """The moving price that counts, TAO per alpha: that of a stable subnet is 1 in every spec.

        Source
            subtensor@14bc6f9 (spec 425), pallets/subtensor/src/staking/stake_utils.rs:
            get_moving_alpha_price.
        """
        if self.mechanism[netuid] == 0:
            return U96F32.of(1)
        return U96F32.saturating_from(self.moving_price[netuid])


@dataclass(frozen=True, slots=True)
class Emissions:
    """What a block pays, and what paying it leaves in storage.

    Attributes:
        tao: rao of TAO due to each candidate by netuid, unfloored; a subnet not named is no
            candidate.
        ema_tao_flow: SubnetEmaTaoFlow after the block, of the candidates.
        consumed_tao_flow: the subnets whose SubnetTaoFlow the block removed.
        ema_protocol_flow: SubnetEmaProtocolFlow after the block, of the candidates.
        consumed_protocol_flow: the subnets whose SubnetProtocolFlow the block removed.
        emission_gate_bar: EmissionGateBar after the block, None before spec 440.
    """

    tao: Mapping[int, U96F32]
    ema_tao_flow: Mapping[int, FlowEma] = field(default_factory=dict)
    consumed_tao_flow: frozenset[int] = frozenset()
    ema_protocol_flow: Mapping[int, FlowEma] = field(default_factory=dict)
    consumed_protocol_flow: frozenset[int] = frozenset()
    emission_gate_bar: U64F64 | None = None
