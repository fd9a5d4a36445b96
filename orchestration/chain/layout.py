"""The storage items we read: where they are, how they are keyed, what they hold, in which specs.

A declaration here is a claim about the runtime; ``metadata.py`` checks every claim against the
metadata of each spec before a byte of that spec is decoded. Value types are written as the shape of
the bytes, with newtypes taken off: ``TaoBalance`` is ``u64``, ``I96F32`` is ``i128/2^32``.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestration.chain.keys import KeyParts, item_prefix

FIRST_SPEC = 233
"""dTAO begins; earlier state has other items and other rules."""


@dataclass(frozen=True, slots=True)
class StorageItem:
    """One storage item, its key and value, and the specs that have it.

    ``columns`` are those the value decodes to, one for each field of a composite type. ``key`` is
    empty for a plain value. ``default`` is the value an absent key stands for on mainnet, as
    (first spec, bytes) pairs; decoding always uses the default of the block's own metadata, and a
    default that differs from this is reported.

    ``seen_from`` is the first spec whose metadata was seen to have the item, where that is not
    ``first_spec``: between the two the item is asked for, and the spec's metadata says whether
    there is one.
    """

    columns: tuple[str, ...]
    pallet: str
    item: str
    key: KeyParts
    value_type: str
    default: tuple[tuple[int, str], ...]
    first_spec: int = FIRST_SPEC
    last_spec: int | None = None
    is_optional: bool = False
    seen_from: int | None = None

    @property
    def name(self) -> str:
        return f"{self.pallet}.{self.item}"

    @property
    def prefix(self) -> bytes:
        return item_prefix(self.pallet, self.item)

    def is_in(self, spec_version: int) -> bool:
        return self.first_spec <= spec_version and (
            self.last_spec is None or spec_version <= self.last_spec
        )

    def may_lack(self, spec_version: int) -> bool:
        """The spec is one of which nobody has seen whether it has the item."""
        return self.seen_from is not None and spec_version < self.seen_from

    def default_at(self, spec_version: int) -> str:
        return [value for first, value in self.default if first <= spec_version][-1]


_U64 = ((FIRST_SPEC, "00" * 8),)
_U128 = ((FIRST_SPEC, "00" * 16),)
_FALSE = ((FIRST_SPEC, "00"),)
_NONE = ((FIRST_SPEC, "00"),)


def _u64f64(number: int) -> str:
    return (number << 64).to_bytes(16, "little").hex()


_NETUID: KeyParts = (("Identity", "u16"),)
_SWAP_NETUID: KeyParts = (("Twox64Concat", "u16"),)


def _subnet(
    column: str, item: str, value_type: str, default: tuple[tuple[int, str], ...], **more
) -> StorageItem:
    more = {"key": _NETUID, **more}
    return StorageItem(
        (column,), "SubtensorModule", item, value_type=value_type, default=default, **more
    )


def _swap(
    column: str, item: str, value_type: str, default: tuple[tuple[int, str], ...], **more
) -> StorageItem:
    more = {"first_spec": 290, **more}
    return StorageItem((column,), "Swap", item, _SWAP_NETUID, value_type, default, **more)


def _global(
    column: str, item: str, value_type: str, default: tuple[tuple[int, str], ...], **more
) -> StorageItem:
    return StorageItem((column,), "SubtensorModule", item, (), value_type, default, **more)


GLOBAL_ITEMS: tuple[StorageItem, ...] = (
    StorageItem(("block_number",), "System", "Number", (), "u32", ((FIRST_SPEC, "00" * 4),)),
    _global("total_issuance_rao", "TotalIssuance", "u64", _U64),
    _global("total_stake_rao", "TotalStake", "u64", _U64),
    # 971,718,665,099,567,868 / (2^64 - 1), about 0.0527
    _global("tao_weight_u64", "TaoWeight", "u64", ((FIRST_SPEC, "fc62e03efa3c7c0d"),)),
    # 12,885 / 2^32, about 0.000003
    _global(
        "subnet_moving_alpha_i96f32_bits",
        "SubnetMovingAlpha",
        "i128/2^32",
        ((FIRST_SPEC, "5532" + "00" * 14),),
    ),
    _global("subnet_owner_cut_u16", "SubnetOwnerCut", "u16", ((FIRST_SPEC, "142e"),)),
    _global("stake_threshold_rao", "StakeThreshold", "u64", _U64),
    # ---------- emission by flow: read up to spec 419, and still there
    # 29,597,889,189,277 of 2^63 - 1: an EMA halves in 216,000 blocks
    _global(
        "flow_ema_smoothing_factor_u64",
        "FlowEmaSmoothingFactor",
        "u64",
        ((334, "9dd5ab4beb1a0000"),),
        first_spec=334,
    ),
    _global("tao_flow_cutoff_i64f64_bits", "TaoFlowCutoff", "i128/2^64", _U128, first_spec=334),
    _global(
        "flow_norm_exponent_u64f64_bits",
        "FlowNormExponent",
        "u128/2^64",
        ((334, _u64f64(1)),),
        first_spec=334,
    ),
    _global("is_net_tao_flow", "NetTaoFlowEnabled", "bool", ((411, "01"),), first_spec=411),
    # ---------- the emission gate
    _global("emission_gate_bar_u64f64_bits", "EmissionGateBar", "u128/2^64", _U128, first_spec=440),
    # 0.61
    _global(
        "emission_bar_quantile_u64f64_bits",
        "EmissionBarQuantile",
        "u128/2^64",
        ((440, "00285c8fc2f5289c" + "00" * 8),),
        first_spec=440,
    ),
    # Spec 440 on finney has none; the metadata of 461 is the first seen that does.
    _global(
        "emission_bar_rank",
        "EmissionBarRank",
        "u16",
        ((441, "2000"),),  # 32
        first_spec=441,
        seen_from=461,
    ),
    _global(
        "emission_gate_exponent_u64f64_bits",
        "EmissionGateExponent",
        "u128/2^64",
        ((440, _u64f64(3)),),
        first_spec=440,
    ),
)

SUBNET_ITEMS: tuple[StorageItem, ...] = (
    _subnet("is_network_added", "NetworksAdded", "bool", _FALSE),
    _subnet("network_registered_at_block", "NetworkRegisteredAt", "u64", _U64),
    _subnet("token_symbol", "TokenSymbol", "Vec<u8>", ((FIRST_SPEC, "10f09d9c8f"),)),
    _subnet("owner_ss58", "SubnetOwner", "[u8; 32]", ((FIRST_SPEC, "00" * 32),)),
    _subnet("subnet_mechanism", "SubnetMechanism", "u16", ((FIRST_SPEC, "0000"),)),
    _subnet(
        "first_emission_block_number",
        "FirstEmissionBlockNumber",
        "u64",
        _NONE,
        first_spec=257,
        is_optional=True,
    ),
    _subnet("is_subtoken_enabled", "SubtokenEnabled", "bool", _FALSE, first_spec=257),
    _subnet(
        "is_registration_allowed",
        "NetworkRegistrationAllowed",
        "bool",
        ((FIRST_SPEC, "00"), (257, "01")),
    ),
    _subnet(
        "is_pow_registration_allowed",
        "NetworkPowRegistrationAllowed",
        "bool",
        ((FIRST_SPEC, "00"), (257, "01")),
    ),
    _subnet("tempo_blocks", "Tempo", "u16", ((FIRST_SPEC, "6300"), (257, "6801"))),
    _subnet(
        "ema_price_halving_blocks",
        "EMAPriceHalvingBlocks",
        "u64",
        ((FIRST_SPEC, "8013030000000000"),),  # 201,600
        first_spec=252,
    ),
    # 196 / 65,535, about 0.3 %, until 296; 33, about 0.05 %, from 297
    _swap("fee_rate_u16", "FeeRate", "u16", ((290, "c400"), (297, "2100"))),
    _subnet("tao_reserve_rao", "SubnetTAO", "u64", _U64),
    _subnet("alpha_reserve_rao", "SubnetAlphaIn", "u64", _U64),
    _subnet("alpha_out_rao", "SubnetAlphaOut", "u64", _U64),
    _subnet("tao_provided_rao", "SubnetTaoProvided", "u64", _U64, first_spec=290, last_spec=422),
    _subnet(
        "alpha_provided_rao", "SubnetAlphaInProvided", "u64", _U64, first_spec=290, last_spec=422
    ),
    _swap("alpha_sqrt_price_u64f64_bits", "AlphaSqrtPrice", "u128/2^64", _U128, last_spec=422),
    _swap("is_swap_v3_initialized", "SwapV3Initialized", "bool", _FALSE, last_spec=422),
    _swap("current_liquidity_u64", "CurrentLiquidity", "u64", _U64, last_spec=422),
    _swap("current_tick", "CurrentTick", "i32", ((290, "00" * 4),), last_spec=422),
    # 0.5 of 10^18
    _swap(
        "balancer_quote_weight_perquintill",
        "SwapBalancer",
        "u64",
        ((423, "0000b2d3595bf006"),),
        first_spec=423,
    ),
    _subnet("subnet_volume_rao", "SubnetVolume", "u128", _U128),
    _subnet("moving_price_i96f32_bits", "SubnetMovingPrice", "i128/2^32", _U128),
    _subnet("tao_flow_rao", "SubnetTaoFlow", "i64", _U64, first_spec=334),
    StorageItem(
        ("ema_tao_flow_block_number", "ema_tao_flow_i64f64_bits"),
        "SubtensorModule",
        "SubnetEmaTaoFlow",
        _NETUID,
        "(u64, i128/2^64)",
        _NONE,
        first_spec=334,
        is_optional=True,
    ),
    _subnet("protocol_flow_rao", "SubnetProtocolFlow", "i64", _U64, first_spec=411),
    StorageItem(
        ("ema_protocol_flow_block_number", "ema_protocol_flow_i64f64_bits"),
        "SubtensorModule",
        "SubnetEmaProtocolFlow",
        _NETUID,
        "(u64, i128/2^64)",
        _NONE,
        first_spec=411,
        is_optional=True,
    ),
    # An absent key is true; from 422 a new subnet is given false.
    _subnet("is_emission_enabled", "SubnetEmissionEnabled", "bool", ((411, "01"),), first_spec=411),
    _subnet("is_owner_cut_enabled", "OwnerCutEnabled", "bool", ((411, "01"),), first_spec=411),
    _subnet("miner_burned_u96f32_bits", "MinerBurned", "u128/2^32", _U128, first_spec=421),
    _subnet("tao_in_emission_rao", "SubnetTaoInEmission", "u64", _U64),
    _subnet("alpha_in_emission_rao", "SubnetAlphaInEmission", "u64", _U64),
    _subnet("alpha_out_emission_rao", "SubnetAlphaOutEmission", "u64", _U64),
    _subnet("excess_tao_rao", "SubnetExcessTao", "u64", _U64, first_spec=411),
    # The metadata of 393 has none, that of 419 is the first seen that does.
    _subnet("root_sell_tao_rao", "SubnetRootSellTao", "u64", _U64, first_spec=411, seen_from=419),
    # ---------- what an injection could not place
    _swap("tao_scrap_rao", "ScrapReservoirTao", "u64", _U64, first_spec=334, last_spec=422),
    _swap("alpha_scrap_rao", "ScrapReservoirAlpha", "u64", _U64, first_spec=334, last_spec=422),
    # The metadata of 424 has none, that of 439 is the first seen that does.
    _swap("tao_reservoir_rao", "BalancerTaoReservoir", "u64", _U64, first_spec=426, seen_from=439),
    _swap(
        "alpha_reservoir_rao", "BalancerAlphaReservoir", "u64", _U64, first_spec=426, seen_from=439
    ),
    # ---------- what has been set aside for the next epoch
    _subnet("last_mechanism_step_block", "LastMechansimStepBlock", "u64", _U64),
    _subnet("pending_owner_cut_rao", "PendingOwnerCut", "u64", _U64),
    _subnet("pending_emission_rao", "PendingEmission", "u64", _U64, last_spec=342),
    _subnet("pending_alpha_swapped_rao", "PendingAlphaSwapped", "u64", _U64, last_spec=342),
    _subnet("pending_root_divs_rao", "PendingRootDivs", "u64", _U64, last_spec=333),
    _subnet("pending_server_rao", "PendingServerEmission", "u64", _U64, first_spec=343),
    _subnet("pending_validator_rao", "PendingValidatorEmission", "u64", _U64, first_spec=343),
    _subnet("pending_root_alpha_rao", "PendingRootAlphaDivs", "u64", _U64, first_spec=334),
    # ---------- what a registration costs: 1 TAO, then 0.1
    _subnet(
        "burn_rao",
        "Burn",
        "u64",
        ((FIRST_SPEC, "00ca9a3b00000000"), (257, "00e1f50500000000")),
    ),
    # ---------- liquidity of users
    _swap("is_user_liquidity_enabled", "EnabledUserLiquidity", "bool", _FALSE, last_spec=422),
    _swap("fee_global_tao_u64f64_bits", "FeeGlobalTao", "u128/2^64", _U128, last_spec=422),
    _swap("fee_global_alpha_u64f64_bits", "FeeGlobalAlpha", "u128/2^64", _U128, last_spec=422),
)

TICKS = StorageItem(
    (
        "liquidity_net_i128",
        "liquidity_gross_u64",
        "fees_out_tao_i64f64_bits",
        "fees_out_alpha_i64f64_bits",
    ),
    "Swap",
    "Ticks",
    (*_SWAP_NETUID, ("Twox64Concat", "i32")),
    "Tick(i128, u64, i128/2^64, i128/2^64)",
    _NONE,
    first_spec=290,
    last_spec=422,
    is_optional=True,
)

POSITIONS = StorageItem(
    (
        "position_id",
        "netuid",
        "tick_low",
        "tick_high",
        "liquidity_u64",
        "fees_tao_i64f64_bits",
        "fees_alpha_i64f64_bits",
    ),
    "Swap",
    "Positions",
    (*_SWAP_NETUID, ("Twox64Concat", "[u8; 32]"), ("Twox64Concat", "u128")),
    "Position(u128, u16, i32, i32, u64, i128/2^64, i128/2^64)",
    _NONE,
    first_spec=290,
    last_spec=422,
    is_optional=True,
)

LISTED_ITEMS: tuple[StorageItem, ...] = (TICKS, POSITIONS)
"""Maps whose keys cannot be derived from the netuids: the source is asked which it has."""


# ---------------------------------------------------------------------- epochs


def _u16(number: int) -> str:
    return number.to_bytes(2, "little").hex()


HYPERPARAMETER_ITEMS: tuple[StorageItem, ...] = (
    _subnet(
        "max_allowed_uids_count",
        "MaxAllowedUids",
        "u16",
        ((FIRST_SPEC, _u16(4_096)), (393, _u16(256))),  # 256 is first seen in 393
    ),
    _subnet("immunity_period_blocks", "ImmunityPeriod", "u16", ((FIRST_SPEC, _u16(4_096)),)),
    _subnet(
        "max_allowed_validators_count", "MaxAllowedValidators", "u16", ((FIRST_SPEC, _u16(128)),)
    ),
    _subnet("min_allowed_weights_count", "MinAllowedWeights", "u16", ((FIRST_SPEC, _u16(1_024)),)),
    # Still there from 423 on, where the factor decides instead.
    _subnet("activity_cutoff_blocks", "ActivityCutoff", "u16", ((FIRST_SPEC, _u16(5_000)),)),
    _subnet(
        "activity_cutoff_factor_milli",
        "ActivityCutoffFactorMilli",
        "u32",
        ((423, "41360000"),),  # 13,889 thousandths of a tempo
        first_spec=423,
    ),
    _subnet("kappa_u16", "Kappa", "u16", ((FIRST_SPEC, _u16(32_767)),)),
    _subnet(
        "bonds_penalty_u16", "BondsPenalty", "u16", ((FIRST_SPEC, _u16(0)), (257, _u16(65_535)))
    ),
    _subnet(
        "bonds_moving_average_ppm",
        "BondsMovingAverage",
        "u64",
        ((FIRST_SPEC, "a0bb0d0000000000"),),  # 900,000
    ),
    _subnet(
        "is_yuma3",
        "Yuma3On",
        "bool",
        ((273, "00"),),
        first_spec=273,
        key=(("Blake2_128Concat", "u16"),),
    ),
    _subnet("is_liquid_alpha", "LiquidAlphaOn", "bool", _FALSE, key=(("Blake2_128Concat", "u16"),)),
    StorageItem(
        ("alpha_low_u16", "alpha_high_u16"),
        "SubtensorModule",
        "AlphaValues",
        _NETUID,
        "(u16, u16)",
        ((FIRST_SPEC, _u16(45_875) + _u16(58_982)),),
    ),
    # From 273 to 282 it was a u16 of another meaning, which is not declared.
    _subnet(
        "alpha_sigmoid_steepness",
        "AlphaSigmoidSteepness",
        "i16",
        ((283, _u16(1_000)),),
        first_spec=283,
    ),
    _subnet(
        "liquid_alpha_consensus_mode",
        "LiquidAlphaConsensusMode",
        "ConsensusMode",
        ((446, "02"),),
        first_spec=446,
    ),
    _subnet(
        "is_commit_reveal", "CommitRevealWeightsEnabled", "bool", ((FIRST_SPEC, "00"), (297, "01"))
    ),
    _subnet(
        "reveal_period_epochs",
        "RevealPeriodEpochs",
        "u64",
        ((FIRST_SPEC, "0100000000000000"),),
        key=_SWAP_NETUID,
    ),
    # Burn, the default, or recycle: what becomes of incentive withheld from the owner's hotkeys.
    _subnet(
        "recycle_or_burn", "RecycleOrBurn", "RecycleOrBurnEnum", ((320, "00"),), first_spec=320
    ),
    _subnet(
        "mechanism_count",
        "MechanismCountCurrent",
        "u8",
        ((320, "01"),),
        first_spec=320,
        key=_SWAP_NETUID,
    ),
)
"""What an owner or root sets a subnet to, as its epochs read it; Tempo is of ``SUBNET_ITEMS``."""

NEURON_COUNT = _subnet("neuron_count", "SubnetworkN", "u16", ((FIRST_SPEC, "0000"),))
OWNER_HOTKEY = _subnet(
    "owner_hotkey_ss58", "SubnetOwnerHotkey", "[u8; 32]", ((FIRST_SPEC, "00" * 32),)
)
LAST_STEP_BLOCK = next(item for item in SUBNET_ITEMS if item.item == "LastMechansimStepBlock")
MECHANISM_COUNT = next(i for i in HYPERPARAMETER_ITEMS if i.item == "MechanismCountCurrent")

_UID: KeyParts = (*_NETUID, ("Identity", "u16"))
_ACCOUNT: KeyParts = (("Blake2_128Concat", "[u8; 32]"),)
_EMPTY = ((FIRST_SPEC, "00"),)


def _module(
    column: str, item: str, key: KeyParts, value_type: str, default=_EMPTY, **more
) -> StorageItem:
    return StorageItem((column,), "SubtensorModule", item, key, value_type, default, **more)


LAST_UPDATE = _module("last_update_block", "LastUpdate", _NETUID, "Vec<u64>")
VALIDATOR_PERMIT = _module("is_validator_permitted", "ValidatorPermit", _NETUID, "Vec<bool>")
EMISSION_SPLIT = _module(
    "emission_split_u16",
    "MechanismEmissionSplit",
    _SWAP_NETUID,
    "Vec<u16>",
    ((320, "00"),),
    first_spec=320,
    is_optional=True,
)
OUTPUT_VECTORS: tuple[StorageItem, ...] = (
    _module("is_active", "Active", _NETUID, "Vec<bool>"),
    VALIDATOR_PERMIT,
    _module("stake_weight_u16", "StakeWeight", _NETUID, "Vec<u16>"),
    _module("consensus_u16", "Consensus", _NETUID, "Vec<u16>"),
    _module("incentive_u16", "Incentive", _NETUID, "Vec<u16>"),
    _module("dividends_u16", "Dividends", _NETUID, "Vec<u16>"),
    _module("validator_trust_u16", "ValidatorTrust", _NETUID, "Vec<u16>"),
    _module("rank_u16", "Rank", _NETUID, "Vec<u16>", last_spec=364),
    _module("trust_u16", "Trust", _NETUID, "Vec<u16>", last_spec=364),
    _module("pruning_score_u16", "PruningScores", _NETUID, "Vec<u16>", last_spec=364),
    _module("emission_rao", "Emission", _NETUID, "Vec<u64>"),
)
"""What an epoch writes, a value for each neuron."""

BY_MECHANISM = frozenset({"LastUpdate", "Incentive", "Weights", "Bonds"})
"""Items of which every mechanism has its own, under mecid x 4,096 + netuid."""
MECHANISM_STEP = 4_096

HOTKEY = _module("hotkey_ss58", "Keys", _UID, "[u8; 32]", ((FIRST_SPEC, "00" * 32),))
REGISTERED_AT = _module("registered_at_block", "BlockAtRegistration", _UID, "u64", _U64)
WEIGHTS = _module("weights_u16", "Weights", _UID, "Vec<(u16, u16)>")
BONDS = _module("bonds_u16", "Bonds", _UID, "Vec<(u16, u16)>")

STAKE = _module("alpha_rao", "TotalHotkeyAlpha", (*_ACCOUNT, *_NETUID), "u64", _U64)
PARENTS = _module("parents", "ParentKeys", (*_ACCOUNT, *_NETUID), "Vec<(u64, [u8; 32])>")
CHILDREN = _module("children", "ChildKeys", (*_ACCOUNT, *_NETUID), "Vec<(u64, [u8; 32])>")
CHILDKEY_TAKE = _module(
    "childkey_take_u16", "ChildkeyTake", (*_ACCOUNT, *_NETUID), "u16", ((FIRST_SPEC, "0000"),)
)
DELEGATE_TAKE = _module(
    "delegate_take_u16", "Delegates", _ACCOUNT, "u16", ((FIRST_SPEC, _u16(11_796)),)
)
OWNER = _module("coldkey_ss58", "Owner", _ACCOUNT, "[u8; 32]", ((FIRST_SPEC, "00" * 32),))
ALPHA_DIVIDENDS = _module(
    "alpha_dividends_rao", "AlphaDividendsPerSubnet", (*_NETUID, *_ACCOUNT), "u64", _U64
)
TAO_DIVIDENDS = _module(
    "tao_dividends_rao",
    "TaoDividendsPerSubnet",
    (*_NETUID, *_ACCOUNT),
    "u64",
    _U64,
    last_spec=333,
)

EPOCH_ITEMS: tuple[StorageItem, ...] = (
    LAST_UPDATE,
    EMISSION_SPLIT,
    *OUTPUT_VECTORS,
    HOTKEY,
    REGISTERED_AT,
    WEIGHTS,
    BONDS,
    STAKE,
    PARENTS,
    CHILDREN,
    CHILDKEY_TAKE,
    DELEGATE_TAKE,
    OWNER,
    ALPHA_DIVIDENDS,
    TAO_DIVIDENDS,
)
"""Read only where an epoch ran, of the subnets it ran for."""

PARAMETER_ITEMS: tuple[StorageItem, ...] = (*HYPERPARAMETER_ITEMS, NEURON_COUNT, OWNER_HOTKEY)

SNAPSHOT_ITEMS: tuple[StorageItem, ...] = (
    *GLOBAL_ITEMS,
    *SUBNET_ITEMS,
    *PARAMETER_ITEMS,
    *LISTED_ITEMS,
)
"""Read at every snapshot."""

ALL_ITEMS: tuple[StorageItem, ...] = (*SNAPSHOT_ITEMS, *EPOCH_ITEMS)


def items_at(spec_version: int) -> Iterator[StorageItem]:
    """The declared items that a spec has."""
    return (item for item in (*ALL_ITEMS, *STAKE_ITEMS) if item.is_in(spec_version))


def asked_at(spec_versions: Iterable[int]) -> str:
    """The items that landing asks these specs for, by name and key, as sixteen hex digits.

    Landed bytes can be decoded again for as long as this stays; another value type changes nothing.
    """
    named = [
        (spec, item.name, item.key) for spec in sorted(spec_versions) for item in items_at(spec)
    ]
    return hashlib.sha256(repr(named).encode()).hexdigest()[:16]


NETWORKS_ADDED = SUBNET_ITEMS[0]
EVENTS_PREFIX = item_prefix("System", "Events")

# ---------------------------------------------------------------------- who holds how much stake

_ACCOUNT = ("Blake2_128Concat", "[u8; 32]")
_POOL: KeyParts = (_ACCOUNT, ("Identity", "u16"))
_STAKER: KeyParts = (_ACCOUNT, _ACCOUNT, ("Identity", "u16"))
_BY_HOTKEY: KeyParts = (("Identity", "u16"), _ACCOUNT)
_SAFE_FLOAT = ((397, "00" * 24),)


def _stake(
    columns: tuple[str, ...],
    item: str,
    key: KeyParts,
    value_type: str,
    default: tuple[tuple[int, str], ...],
    **more,
) -> StorageItem:
    return StorageItem(columns, "SubtensorModule", item, key, value_type, default, **more)


SHARES = _stake(("share_u64f64_bits",), "Alpha", _STAKER, "u128/2^64", _U128)
ALL_SHARES = _stake(("share_u64f64_bits",), "TotalHotkeyShares", _POOL, "u128/2^64", _U128)
SHARES_V2 = _stake(
    ("mantissa_u128", "exponent_i64"),
    "AlphaV2",
    _STAKER,
    "SafeFloat(u128, i64)",
    _SAFE_FLOAT,
    first_spec=397,
)
ALL_SHARES_V2 = _stake(
    ("mantissa_u128", "exponent_i64"),
    "TotalHotkeySharesV2",
    _POOL,
    "SafeFloat(u128, i64)",
    _SAFE_FLOAT,
    first_spec=397,
)
HOTKEY_ALPHA = _stake(("alpha_rao",), "TotalHotkeyAlpha", _POOL, "u64", _U64)
EPOCH_ALPHA_DIVIDENDS = _stake(("alpha_rao",), "AlphaDividendsPerSubnet", _BY_HOTKEY, "u64", _U64)
EPOCH_TAO_DIVIDENDS = _stake(
    ("tao_rao",), "TaoDividendsPerSubnet", _BY_HOTKEY, "u64", _U64, last_spec=333
)
HOTKEY_OWNER = _stake(("owner_ss58",), "Owner", (_ACCOUNT,), "[u8; 32]", ((FIRST_SPEC, "00" * 32),))
HOTKEY_TAKE = _stake(("take_u16",), "Delegates", (_ACCOUNT,), "u16", ((FIRST_SPEC, "142e"),))
SUBNET_OWNER_HOTKEY = _stake(
    ("hotkey_ss58",), "SubnetOwnerHotkey", _NETUID, "[u8; 32]", ((FIRST_SPEC, "00" * 32),)
)
NEURON_UIDS = _stake(("uid",), "Uids", _BY_HOTKEY, "u16", _NONE, is_optional=True)

STAKE_ITEMS: tuple[StorageItem, ...] = (
    SHARES,
    ALL_SHARES,
    SHARES_V2,
    ALL_SHARES_V2,
    HOTKEY_ALPHA,
    EPOCH_ALPHA_DIVIDENDS,
    EPOCH_TAO_DIVIDENDS,
    HOTKEY_OWNER,
    HOTKEY_TAKE,
    SUBNET_OWNER_HOTKEY,
    NEURON_UIDS,
)
"""What says who holds how much stake, and what an epoch gave it; ``stakes.py`` reads these."""
