"""The Arrow schema of every Parquet table: the contract between the rooms.

Nothing here reads or writes; a table's name is the name of its constant in lower case.
Every number is exact: rao are int64, raw fixed-point bits are decimal(38, 0).
"""

import pyarrow as pa

BITS = pa.decimal128(38, 0)
"""Raw bits of a fixed-point value, or an integer wider than 63 bits."""

USD = pa.decimal128(38, 9)
"""US dollars."""

UTC_MS = pa.timestamp("ms")
"""A UTC time to the millisecond, without a zone so that no reader shifts it."""


def _schema(*fields: tuple[str, pa.DataType] | tuple[str, pa.DataType, str]) -> pa.Schema:
    """A schema from (name, type[, "null"]) triples; a field is required unless it says "null"."""
    return pa.schema(
        [pa.field(name, kind, nullable=bool(null)) for name, kind, *null in fields],
    )


RAW_CHAIN__BLOCKS = _schema(
    ("block_number", pa.int64()),
    ("block_hash", pa.binary(32)),
    ("parent_hash", pa.binary(32)),
    ("timestamp_ms", pa.int64()),
    ("spec_version", pa.int32()),  # the runtime that executed this block
)

RAW_CHAIN__STORAGE = _schema(
    ("block_number", pa.int64()),  # state at the END of this block
    ("spec_version", pa.int32()),  # the runtime that executed this block
    ("key", pa.binary()),
    ("value", pa.binary(), "null"),  # null: the chain has no value at this key
)

RAW_CHAIN__EVENTS = _schema(
    ("block_number", pa.int64()),
    ("spec_version", pa.int32()),
    ("events", pa.binary()),  # System.Events as stored, SCALE
)

RAW_CHAIN__EPOCH_STORAGE = RAW_CHAIN__STORAGE  # of the subnets whose epoch ran, around its block

CHAIN__BLOCKS = _schema(
    ("block_number", pa.int64()),
    ("block_hash", pa.string()),  # 0x hex
    ("parent_hash", pa.string()),
    ("block_at", UTC_MS),
    ("spec_version", pa.int32()),
    ("event_count", pa.int64()),
    ("is_snapshot", pa.bool_()),  # the state pair (N-1, N) was read; if not, the rest is null
    ("pre_total_issuance_rao", pa.int64(), "null"),
    ("total_issuance_rao", pa.int64(), "null"),
    ("pre_total_stake_rao", pa.int64(), "null"),
    ("total_stake_rao", pa.int64(), "null"),
    ("pre_tao_weight_u64", BITS, "null"),
    ("pre_subnet_moving_alpha_i96f32_bits", BITS, "null"),
    ("pre_subnet_owner_cut_u16", pa.int32(), "null"),
    ("pre_stake_threshold_rao", pa.int64(), "null"),
    ("pre_subnet_count", pa.int64(), "null"),  # NetworksAdded, root left out
    # ---------- how flows are shared (from spec 334), and the emission gate (from 440)
    ("pre_flow_ema_smoothing_factor_u64", pa.int64(), "null"),  # parts of 2^63 - 1
    ("pre_tao_flow_cutoff_i64f64_bits", BITS, "null"),
    ("pre_flow_norm_exponent_u64f64_bits", BITS, "null"),
    ("pre_is_net_tao_flow", pa.bool_(), "null"),
    ("pre_emission_gate_bar_u64f64_bits", BITS, "null"),
    ("emission_gate_bar_u64f64_bits", BITS, "null"),
    ("pre_emission_bar_quantile_u64f64_bits", BITS, "null"),
    ("pre_emission_bar_rank", pa.int32(), "null"),  # null: this spec has no such item
    ("pre_emission_gate_exponent_u64f64_bits", BITS, "null"),
)

CHAIN__SUBNET_BLOCKS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),  # 0 is root
    ("spec_version", pa.int32()),
    ("network_registered_at_block", pa.int64()),
    ("token_symbol", pa.string()),
    ("owner_ss58", pa.string()),
    ("is_network_added", pa.bool_()),
    ("pre_is_network_added", pa.bool_()),
    # ---------- switches and parameters, as the block found them
    ("pre_network_registered_at_block", pa.int64()),
    ("pre_subnet_mechanism", pa.int32()),
    ("pre_first_emission_block_number", pa.int64(), "null"),  # null: never started
    ("pre_is_subtoken_enabled", pa.bool_(), "null"),  # null: this spec has no such item
    ("pre_is_registration_allowed", pa.bool_()),
    ("pre_is_pow_registration_allowed", pa.bool_()),
    ("pre_tempo_blocks", pa.int64()),
    ("pre_ema_price_halving_blocks", pa.int64(), "null"),
    ("pre_fee_rate_u16", pa.int32(), "null"),
    # ---------- the pool before and after
    ("pre_tao_reserve_rao", pa.int64()),
    ("tao_reserve_rao", pa.int64()),
    ("pre_alpha_reserve_rao", pa.int64()),
    ("alpha_reserve_rao", pa.int64()),
    ("pre_alpha_out_rao", pa.int64()),
    ("alpha_out_rao", pa.int64()),
    ("pre_tao_provided_rao", pa.int64(), "null"),
    ("tao_provided_rao", pa.int64(), "null"),
    ("pre_alpha_provided_rao", pa.int64(), "null"),
    ("alpha_provided_rao", pa.int64(), "null"),
    ("pre_alpha_sqrt_price_u64f64_bits", BITS, "null"),
    ("alpha_sqrt_price_u64f64_bits", BITS, "null"),
    ("pre_is_swap_v3_initialized", pa.bool_(), "null"),
    ("is_swap_v3_initialized", pa.bool_(), "null"),
    ("pre_current_liquidity_u64", pa.int64(), "null"),
    ("current_liquidity_u64", pa.int64(), "null"),
    ("pre_current_tick", pa.int32(), "null"),
    ("current_tick", pa.int32(), "null"),
    ("pre_balancer_quote_weight_perquintill", pa.int64(), "null"),
    ("balancer_quote_weight_perquintill", pa.int64(), "null"),
    ("pre_subnet_volume_rao", BITS),
    ("subnet_volume_rao", BITS),
    # ---------- prices and flows the chain keeps
    ("pre_moving_price_i96f32_bits", BITS),
    ("moving_price_i96f32_bits", BITS),
    ("pre_tao_flow_rao", pa.int64(), "null"),
    ("tao_flow_rao", pa.int64(), "null"),
    ("pre_ema_tao_flow_block_number", pa.int64(), "null"),
    ("ema_tao_flow_block_number", pa.int64(), "null"),
    ("pre_ema_tao_flow_i64f64_bits", BITS, "null"),
    ("ema_tao_flow_i64f64_bits", BITS, "null"),
    ("pre_protocol_flow_rao", pa.int64(), "null"),
    ("protocol_flow_rao", pa.int64(), "null"),
    ("pre_ema_protocol_flow_block_number", pa.int64(), "null"),
    ("ema_protocol_flow_block_number", pa.int64(), "null"),
    ("pre_ema_protocol_flow_i64f64_bits", BITS, "null"),
    ("ema_protocol_flow_i64f64_bits", BITS, "null"),
    # ---------- what else an emission is shared by
    ("pre_is_emission_enabled", pa.bool_(), "null"),
    ("pre_is_owner_cut_enabled", pa.bool_(), "null"),
    ("pre_miner_burned_u96f32_bits", BITS, "null"),  # the part of miner incentive withheld
    ("miner_burned_u96f32_bits", BITS, "null"),
    # ---------- what the block paid, as the chain recorded it (not reset for non-candidates)
    ("pre_tao_in_emission_rao", pa.int64()),
    ("tao_in_emission_rao", pa.int64()),
    ("pre_alpha_in_emission_rao", pa.int64()),
    ("alpha_in_emission_rao", pa.int64()),
    ("pre_alpha_out_emission_rao", pa.int64()),
    ("alpha_out_emission_rao", pa.int64()),
    ("pre_excess_tao_rao", pa.int64(), "null"),
    ("excess_tao_rao", pa.int64(), "null"),  # TAO that bought alpha of the pool in this block
    ("root_sell_tao_rao", pa.int64(), "null"),  # TAO that claims of root sold alpha for in it
    # ---------- what injections could not place
    ("pre_tao_scrap_rao", pa.int64(), "null"),
    ("pre_alpha_scrap_rao", pa.int64(), "null"),
    ("pre_tao_reservoir_rao", pa.int64(), "null"),
    ("pre_alpha_reservoir_rao", pa.int64(), "null"),
    # ---------- what is set aside for the subnet's next epoch
    ("pre_last_mechanism_step_block", pa.int64()),
    ("last_mechanism_step_block", pa.int64()),  # the block itself where an epoch ran in it
    ("pre_pending_owner_cut_rao", pa.int64()),
    ("pending_owner_cut_rao", pa.int64()),
    ("pre_pending_emission_rao", pa.int64(), "null"),
    ("pending_emission_rao", pa.int64(), "null"),
    ("pre_pending_alpha_swapped_rao", pa.int64(), "null"),
    ("pending_alpha_swapped_rao", pa.int64(), "null"),
    ("pre_pending_root_divs_rao", pa.int64(), "null"),
    ("pending_root_divs_rao", pa.int64(), "null"),
    ("pre_pending_server_rao", pa.int64(), "null"),
    ("pending_server_rao", pa.int64(), "null"),
    ("pre_pending_validator_rao", pa.int64(), "null"),
    ("pending_validator_rao", pa.int64(), "null"),
    ("pre_pending_root_alpha_rao", pa.int64(), "null"),
    ("pending_root_alpha_rao", pa.int64(), "null"),
    # ---------- registration and user liquidity
    ("burn_rao", pa.int64()),  # as the block's extrinsics found it: it is adjusted before them
    ("pre_is_user_liquidity_enabled", pa.bool_(), "null"),
    ("is_user_liquidity_enabled", pa.bool_(), "null"),
    ("pre_fee_global_tao_u64f64_bits", BITS, "null"),
    ("fee_global_tao_u64f64_bits", BITS, "null"),
    ("pre_fee_global_alpha_u64f64_bits", BITS, "null"),
    ("fee_global_alpha_u64f64_bits", BITS, "null"),
)

CHAIN__POOL_TICKS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("tick_index", pa.int32()),
    ("pre_liquidity_net_i128", BITS),
    ("pre_liquidity_gross_u64", pa.int64()),
    ("pre_fees_out_tao_i64f64_bits", BITS),
    ("pre_fees_out_alpha_i64f64_bits", BITS),
)

CHAIN__POOL_POSITIONS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("position_id", BITS),
    ("owner_ss58", pa.string()),
    ("is_protocol", pa.bool_()),  # lent by the swap pallet's own account
    ("pre_tick_low", pa.int32()),
    ("pre_tick_high", pa.int32()),
    ("pre_liquidity_u64", pa.int64()),
    ("pre_fees_tao_i64f64_bits", BITS),
    ("pre_fees_alpha_i64f64_bits", BITS),
)

_U16S = pa.list_(pa.uint16())

_HYPERPARAMETERS = (
    ("tempo_blocks", pa.int64()),
    ("max_allowed_uids_count", pa.int64()),
    ("immunity_period_blocks", pa.int64()),
    ("max_allowed_validators_count", pa.int64()),
    ("min_allowed_weights_count", pa.int64()),
    ("activity_cutoff_blocks", pa.int64()),
    ("activity_cutoff_factor_milli", pa.int64(), "null"),
    ("kappa_u16", pa.int32()),
    ("bonds_penalty_u16", pa.int32()),
    ("bonds_moving_average_ppm", pa.int64()),
    ("is_yuma3", pa.bool_(), "null"),
    ("is_liquid_alpha", pa.bool_()),
    ("alpha_low_u16", pa.int32()),
    ("alpha_high_u16", pa.int32()),
    ("alpha_sigmoid_steepness", pa.int32(), "null"),  # null: before spec 283, another meaning
    ("liquid_alpha_consensus_mode", pa.int32(), "null"),
    ("is_commit_reveal", pa.bool_()),
    ("reveal_period_epochs", pa.int64()),
    ("recycle_or_burn", pa.int32(), "null"),  # 0 burn, 1 recycle
    ("mechanism_count", pa.int64(), "null"),
)

CHAIN__HYPERPARAMETERS = _schema(
    ("block_number", pa.int64()),  # the first block at the end of which this was read
    ("netuid", pa.int32()),
    ("is_first_of_day", pa.bool_()),  # what stood before the day's first snapshot: no change
    *_HYPERPARAMETERS,
)

CHAIN__EPOCHS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("spec_version", pa.int32()),
    ("place_in_block", pa.int64()),  # 1 for the first epoch of the block; they run by netuid
    ("pre_neuron_count", pa.int64()),
    ("neuron_count", pa.int64()),
    ("pre_tao_weight_u64", BITS),
    ("pre_stake_threshold_rao", pa.int64()),
    ("pre_owner_ss58", pa.string()),
    ("pre_owner_hotkey_ss58", pa.string()),
    ("pre_last_mechanism_step_block", pa.int64()),
    ("pre_emission_split_u16", _U16S, "null"),  # null: mechanisms share alike
    *((f"pre_{name}", *rest) for name, *rest in _HYPERPARAMETERS),
)

_EPOCH_KEY = (
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("mecid", pa.int32()),
    ("uid", pa.int32()),
)

_EPOCH_OUTPUTS = (
    ("is_active", pa.bool_(), "null"),
    ("is_validator_permitted", pa.bool_(), "null"),
    ("stake_weight_u16", pa.int32(), "null"),
    ("consensus_u16", pa.int32(), "null"),
    ("incentive_u16", pa.int32(), "null"),
    ("dividends_u16", pa.int32(), "null"),
    ("validator_trust_u16", pa.int32(), "null"),
    ("rank_u16", pa.int32(), "null"),  # null: not stored from spec 365 on, like the next two
    ("trust_u16", pa.int32(), "null"),
    ("pruning_score_u16", pa.int32(), "null"),
    ("emission_rao", pa.int64(), "null"),
)

CHAIN__EPOCH_NEURONS = _schema(
    *_EPOCH_KEY,
    ("spec_version", pa.int32()),
    # ---------- the neuron the epoch saw
    ("hotkey_ss58", pa.string(), "null"),  # null: nobody had the uid
    ("pre_coldkey_ss58", pa.string(), "null"),
    ("pre_registered_at_block", pa.int64(), "null"),
    ("is_registered_in_block", pa.bool_()),  # after the epoch: what it wrote is written over
    ("pre_last_update_block", pa.int64(), "null"),  # null: the vector is shorter
    ("pre_is_validator_permitted", pa.bool_(), "null"),
    # ---------- its stake: its own and its nominators', before what children hold of it
    ("pre_alpha_rao", pa.int64(), "null"),
    ("pre_root_rao", pa.int64(), "null"),
    ("pre_childkey_take_u16", pa.int32(), "null"),
    ("pre_delegate_take_u16", pa.int32(), "null"),
    # ---------- what the epoch wrote
    *_EPOCH_OUTPUTS,
    # ---------- what it paid to the nominators of the hotkey
    ("alpha_dividends_rao", pa.int64(), "null"),
    ("tao_dividends_rao", pa.int64(), "null"),  # null: not stored from spec 334 on
)

CHAIN__EPOCH_KIN = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("uid", pa.int32()),  # whose parent or child it is
    ("is_parent", pa.bool_()),
    ("kin_index", pa.int64()),  # place in the stored order
    ("kin_ss58", pa.string()),
    ("share_u64", BITS),  # of the parent's stake, parts of 2^64 - 1
    # ---------- of a parent: its own stake and its nominators', its take and its owner
    ("pre_alpha_rao", pa.int64(), "null"),
    ("pre_root_rao", pa.int64(), "null"),
    ("pre_delegate_take_u16", pa.int32(), "null"),
    ("pre_coldkey_ss58", pa.string(), "null"),
)

CHAIN__EPOCH_WEIGHTS = _schema(
    *_EPOCH_KEY,
    ("target_uids", _U16S),  # in stored order, zeros kept
    ("weights_u16", _U16S),
)

CHAIN__EPOCH_BONDS = _schema(
    *_EPOCH_KEY,
    ("pre_target_uids", _U16S, "null"),  # null: there was no row
    ("pre_bonds_u16", _U16S, "null"),
    ("target_uids", _U16S, "null"),
    ("bonds_u16", _U16S, "null"),
)

CHAIN__STAKE_EVENTS = _schema(
    ("block_number", pa.int64()),
    ("event_index", pa.int64()),
    ("extrinsic_index", pa.int64(), "null"),  # null: emitted by the block itself
    ("spec_version", pa.int32()),
    ("event_name", pa.string()),  # the chain's variant: StakeAdded, StakeRemoved, ...
    ("coldkey_ss58", pa.string(), "null"),
    ("hotkey_ss58", pa.string(), "null"),
    ("netuid", pa.int32(), "null"),
    ("dest_coldkey_ss58", pa.string(), "null"),
    ("dest_hotkey_ss58", pa.string(), "null"),
    ("dest_netuid", pa.int32(), "null"),
    ("tao_rao", pa.int64(), "null"),  # as the event says it
    ("alpha_rao", pa.int64(), "null"),  # as the event says it
    ("fee_rao", pa.int64(), "null"),  # as the event says it; null: this version has no fee field
    ("is_fee_in_alpha", pa.bool_(), "null"),
    ("is_pool_touching", pa.bool_()),  # a swap in the pool of `netuid` stands behind this event
    # TAO the swap put into the pool, fee left out; null: the event does not say (a registration)
    ("pool_tao_in_rao", pa.int64(), "null"),
    ("pool_tao_out_rao", pa.int64()),  # TAO the swap took out of the pool
    # ---------- of a change of user liquidity
    ("position_id", BITS, "null"),
    ("tick_low", pa.int32(), "null"),
    ("tick_high", pa.int32(), "null"),
    ("liquidity_u64", pa.int64(), "null"),
    ("fee_tao_rao", pa.int64(), "null"),
    ("fee_alpha_rao", pa.int64(), "null"),
)

RECOMPUTED__SUBNET_EMISSIONS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("emission_era", pa.string(), "null"),  # null: no rule is known for this spec
    ("block_emission_rao", pa.int64(), "null"),
    ("is_candidate", pa.bool_(), "null"),
    ("tao_emission_u96f32_bits", BITS, "null"),
    ("tao_emission_rao", pa.int64(), "null"),
    # root's weight over root's weight and the subnet's alpha; null: no rule of this spec reads it
    ("root_proportion_u96f32_bits", BITS, "null"),
    # ---------- what sharing by flow leaves; null: the chain has none
    ("ema_tao_flow_block_number", pa.int64(), "null"),
    ("ema_tao_flow_i64f64_bits", BITS, "null"),
    ("is_tao_flow_consumed", pa.bool_(), "null"),  # the block took SubnetTaoFlow into the EMA
    ("ema_protocol_flow_block_number", pa.int64(), "null"),
    ("ema_protocol_flow_i64f64_bits", BITS, "null"),
    ("is_protocol_flow_consumed", pa.bool_(), "null"),
    ("emission_gate_bar_u64f64_bits", BITS, "null"),  # of the whole block; null: no gate
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__SUBNET_INJECTIONS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("injection_era", pa.string(), "null"),
    ("is_candidate", pa.bool_(), "null"),
    ("tao_in_emission_rao", pa.int64(), "null"),
    ("excess_tao_rao", pa.int64(), "null"),  # TAO offered to the pool for alpha
    # what the pool took of that; null: the pool was not replayed, and pool_unexplained_reason why
    ("chain_buy_tao_rao", pa.int64(), "null"),
    ("recorded_excess_tao_rao", pa.int64(), "null"),  # SubnetExcessTao; null before spec 411
    ("alpha_in_emission_rao", pa.int64(), "null"),
    ("alpha_out_emission_rao", pa.int64(), "null"),
    ("unexplained_reason", pa.string(), "null"),
    ("pool_unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__SUBNET_FLOWS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("flow_era", pa.string(), "null"),
    ("tao_flow_rao", pa.int64(), "null"),  # SubnetTaoFlow at the end of the block
    ("protocol_flow_rao", pa.int64(), "null"),  # SubnetProtocolFlow
    ("unexplained_reason", pa.string(), "null"),
    ("protocol_unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__MOVING_PRICES = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("moving_price_era", pa.string(), "null"),
    ("moving_price_i96f32_bits", BITS, "null"),
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__POOL_PRICES = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("amm_era", pa.string(), "null"),
    ("pre_spot_price_u64f64_bits", BITS, "null"),  # TAO per alpha before the block
    ("spot_price_u64f64_bits", BITS, "null"),  # at the end of the block; null: no such pool
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__POOL_SWAPS = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("event_index", pa.int64()),
    ("amm_era", pa.string(), "null"),
    ("tao_rao", pa.int64(), "null"),  # as the event says it: with the fee where that is in TAO
    ("alpha_rao", pa.int64(), "null"),  # with the fee where that is in alpha
    ("fee_tao_rao", pa.int64(), "null"),
    ("fee_alpha_rao", pa.int64(), "null"),
    ("alpha_sqrt_price_u64f64_bits", BITS, "null"),  # after the swap
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__POOL_STATES = _schema(
    ("block_number", pa.int64()),
    ("netuid", pa.int32()),
    ("amm_era", pa.string(), "null"),
    # ---------- after the coinbase, before the block's extrinsics; known for more specs than the
    # end of the block is: unexplained_reason is of what follows where these are not null
    ("injected_tao_rao", pa.int64(), "null"),  # what the reserves received
    ("injected_alpha_rao", pa.int64(), "null"),
    ("chain_buy_tao_rao", pa.int64(), "null"),  # what the protocol paid for alpha, and got
    ("chain_buy_alpha_rao", pa.int64(), "null"),
    ("coinbase_spot_price_u64f64_bits", BITS, "null"),  # what the moving price takes in
    ("root_sale_tao_rao", pa.int64(), "null"),  # TAO that root's alpha was sold for in the block
    # at the end of the block
    ("tao_reserve_rao", pa.int64(), "null"),
    ("alpha_reserve_rao", pa.int64(), "null"),
    ("tao_provided_rao", pa.int64(), "null"),
    ("alpha_provided_rao", pa.int64(), "null"),
    ("alpha_out_rao", pa.int64(), "null"),
    ("alpha_sqrt_price_u64f64_bits", BITS, "null"),
    ("current_liquidity_u64", pa.int64(), "null"),
    ("current_tick", pa.int32(), "null"),
    ("pending_owner_cut_rao", pa.int64(), "null"),
    ("pending_emission_rao", pa.int64(), "null"),
    ("pending_alpha_swapped_rao", pa.int64(), "null"),
    ("pending_root_divs_rao", pa.int64(), "null"),
    ("pending_server_rao", pa.int64(), "null"),
    ("pending_validator_rao", pa.int64(), "null"),
    ("pending_root_alpha_rao", pa.int64(), "null"),
    # what the coinbase left to an epoch in this block; null: none ran, or it is not known
    ("drained_owner_cut_rao", pa.int64(), "null"),
    ("drained_emission_rao", pa.int64(), "null"),
    ("drained_alpha_swapped_rao", pa.int64(), "null"),
    ("drained_root_divs_rao", pa.int64(), "null"),
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__EPOCH_NEURONS = _schema(
    *_EPOCH_KEY,
    ("yuma_era", pa.string(), "null"),
    # ---------- the stake that was weighed, with parents and children
    ("alpha_stake_rao", pa.int64(), "null"),
    ("root_stake_rao", pa.int64(), "null"),
    ("stake_rao", pa.int64(), "null"),  # alpha + TAO on root x TaoWeight
    # TAO on root that epochs earlier in the block paid to the hotkey; where that was taken from
    ("root_gain_rao", pa.int64(), "null"),
    ("root_gain_source", pa.string(), "null"),  # recomputed or observed; null: first in its block
    # ---------- what the epoch should have written; emission is null where the pending alpha is
    # unknown
    *_EPOCH_OUTPUTS,
    ("server_emission_rao", pa.int64(), "null"),
    ("validator_emission_rao", pa.int64(), "null"),  # a proportion: parents, root and takes follow
    # ---------- and paid: incentive that is not withheld from the owner, takes and dividends
    ("incentive_paid_rao", pa.int64(), "null"),
    ("alpha_take_rao", pa.int64(), "null"),
    ("tao_take_rao", pa.int64(), "null"),
    ("alpha_dividends_rao", pa.int64(), "null"),
    ("tao_dividends_rao", pa.int64(), "null"),
    # withheld incentive that leaves SubnetAlphaOut: of the whole epoch, the same in every row
    ("recycled_alpha_rao", pa.int64(), "null"),
    ("unexplained_reason", pa.string(), "null"),
    ("payout_unexplained_reason", pa.string(), "null"),  # of emission and dividends alone
)

RECOMPUTED__EPOCH_BONDS = _schema(
    *_EPOCH_KEY,
    ("yuma_era", pa.string(), "null"),
    ("target_uids", _U16S, "null"),
    ("bonds_u16", _U16S, "null"),
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__EXIT_QUOTES = _schema(
    ("block_number", pa.int64()),  # the day's last snapshot; the pool is as this block left it
    ("netuid", pa.int32()),
    ("network_registered_at_block", pa.int64()),  # of the subnet whose pool it is
    ("alpha_out_rao", pa.int64()),  # all alpha outside the pool
    ("is_exact_price", pa.bool_()),  # the block is the day's last: no trade came after it
    ("asked_tao_rao", pa.int64(), "null"),  # a sale worth this at the spot price, or
    ("asked_slippage_ppm", pa.int64(), "null"),  # the largest sale within this slippage
    ("amm_era", pa.string(), "null"),
    ("alpha_in_rao", pa.int64(), "null"),  # with the fee where that is in alpha
    ("is_all_alpha", pa.bool_(), "null"),  # there is no more outside the pool to sell
    ("tao_out_rao", pa.int64(), "null"),
    ("fee_tao_rao", pa.int64(), "null"),
    ("fee_alpha_rao", pa.int64(), "null"),
    ("slippage_ppm", pa.int64(), "null"),  # below the spot price, fees apart, parts in 10^6, cut
    ("cost_ppm", pa.int64(), "null"),  # the same with the fee
    ("unexplained_reason", pa.string(), "null"),
)

RECOMPUTED__ERAS = _schema(
    ("mechanism", pa.string()),  # emission, injection, moving_price, ...
    ("era", pa.string()),  # the mechanics module, v233_price_ema
    ("first_spec_version", pa.int32()),
    ("last_spec_version", pa.int32(), "null"),  # null: the newest rule known
    ("first_block_number", pa.int64(), "null"),  # first finney block, where known
    ("rule", pa.string()),  # in one sentence
)

RAW_CHAIN__STAKES = _schema(
    ("block_number", pa.int64()),  # state at the END of this block
    ("spec_version", pa.int32()),
    ("key", pa.binary()),
    ("value", pa.binary(), "null"),  # null: the chain has no value at this key
)

CHAIN__STAKE_LEDGER = _schema(
    ("block_number", pa.int64()),
    ("entry_index", pa.int32()),  # order within the block
    ("kind", pa.string()),  # buy, sell, dividend, ... : orchestration/ledger/kinds.py
    ("coldkey_ss58", pa.string()),
    ("hotkey_ss58", pa.string()),
    ("netuid", pa.int32()),
    ("subnet_registered_at_block", pa.int64()),  # which subnet of that netuid; 0 for root
    ("alpha_rao", pa.int64()),  # what the coldkey's stake gains; negative: loses
    # what the coldkey receives for it, the fee taken off; negative: pays, the fee included;
    # null: what the end of the subnet paid is not known
    ("tao_rao", pa.int64(), "null"),
    ("fee_rao", pa.int64(), "null"),  # the swap's; from spec 290 a sale's is alpha of alpha_rao
    ("is_fee_in_alpha", pa.bool_(), "null"),
    ("fee_goes_to", pa.string(), "null"),  # pool, liquidity or block_author
    ("price_u64f64_bits", BITS, "null"),  # spot at the end of the block, where worth_rao needs it
    ("worth_rao", pa.int64(), "null"),  # of alpha that no TAO was paid or received for
    ("counterparty_ss58", pa.string(), "null"),  # the other coldkey of a transfer
    ("extrinsic_index", pa.int64(), "null"),
    ("event_index", pa.int64(), "null"),  # null: known from state, not from an event
    ("unattributed_reason", pa.string(), "null"),
    ("unpriced_reason", pa.string(), "null"),  # why what it is worth, or paid, is not known
)

CHAIN__STAKES_BY_DAY = _schema(
    ("coldkey_ss58", pa.string()),
    ("hotkey_ss58", pa.string()),
    ("netuid", pa.int32()),
    ("subnet_registered_at_block", pa.int64()),
    ("pre_block_number", pa.int64()),  # the last before the day, or the first of the books
    ("block_number", pa.int64()),  # the day's last
    ("pre_alpha_rao", pa.int64(), "null"),  # null: no rule is known for this spec
    ("alpha_rao", pa.int64(), "null"),
    ("unexplained_reason", pa.string(), "null"),
)

CHAIN__STAKE_POOLS_BY_DAY = _schema(
    ("hotkey_ss58", pa.string()),
    ("netuid", pa.int32()),
    ("subnet_registered_at_block", pa.int64()),
    ("pre_block_number", pa.int64()),  # the last before the day, or the first of the books
    ("block_number", pa.int64()),  # the day's last
    ("pre_alpha_rao", pa.int64()),  # TotalHotkeyAlpha: what all its stakes are shares of
    ("alpha_rao", pa.int64()),
)

_POSITION = (
    ("coldkey_ss58", pa.string()),
    ("netuid", pa.int32()),
    ("subnet_registered_at_block", pa.int64()),  # which subnet of that netuid; 0 for root
)

RECOMPUTED__REALIZED_PNL = _schema(
    ("block_number", pa.int64()),
    ("entry_index", pa.int64()),  # of chain__stake_ledger
    *_POSITION,
    ("kind", pa.string()),  # buy where a purchase restates what zero basis had realised
    ("alpha_rao", pa.int64()),  # sold or given up; 0 for a restatement
    ("tao_rao", pa.int64(), "null"),  # received for it; null: it is not known how much
    ("zero_basis_cost_rao", pa.int64(), "null"),  # null: what it cost is not known
    ("fair_value_cost_rao", pa.int64(), "null"),
    ("fifo_cost_rao", pa.int64(), "null"),
    ("unpriced_reason", pa.string(), "null"),
)

RECOMPUTED__POSITIONS_BY_DAY = _schema(
    *_POSITION,
    ("books_begin_at_block", pa.int64()),  # held then: entered at its worth
    ("block_number", pa.int64()),  # the day's last
    ("held_alpha_rao", pa.int64()),
    ("zero_basis_rao", pa.int64(), "null"),  # cost of what is held
    ("fair_value_basis_rao", pa.int64(), "null"),
    ("fifo_basis_rao", pa.int64(), "null"),
    # ---------- since the books began
    ("opened_alpha_rao", pa.int64()),
    ("opened_tao_rao", pa.int64(), "null"),
    ("bought_alpha_rao", pa.int64()),
    ("bought_tao_rao", pa.int64(), "null"),  # with the fee
    ("earned_alpha_rao", pa.int64()),
    ("earned_tao_rao", pa.int64(), "null"),  # worth when it came
    ("sold_alpha_rao", pa.int64()),
    ("sold_tao_rao", pa.int64(), "null"),
    ("lost_alpha_rao", pa.int64()),  # recycled or burned
    ("moved_out_alpha_rao", pa.int64()),
    ("moved_in_alpha_rao", pa.int64()),
    ("adjusted_alpha_rao", pa.int64()),  # roundings, and what nothing explains
    ("zero_basis_cost_rao", pa.int64(), "null"),  # of what was sold or lost
    ("fair_value_cost_rao", pa.int64(), "null"),
    ("fifo_cost_rao", pa.int64(), "null"),
    ("zero_basis_moved_in_rao", pa.int64(), "null"),  # cost that came with moves less what went
    ("fair_value_moved_in_rao", pa.int64(), "null"),
    ("fifo_moved_in_rao", pa.int64(), "null"),
    # ---------- entries whose TAO is not known; what they go into is null from then on
    ("unpriced_purchases_count", pa.int64()),  # bought, or held when the books begin
    ("unpriced_earnings_count", pa.int64()),
    ("unpriced_moves_count", pa.int64()),  # alpha that came with a cost that is not known
    ("unpriced_earned_moves_count", pa.int64()),  # the same, but for zero basis
    ("unpriced_sales_count", pa.int64()),
    # ---------- what zero basis goes on averaging
    ("average_alpha_rao", pa.int64()),
    ("average_tao_rao", pa.int64()),
    ("average_sold_alpha_rao", pa.int64()),
)

RECOMPUTED__POSITION_LOTS = _schema(
    *_POSITION,
    ("lot_index", pa.int64()),  # 0 is sold next
    ("acquired_block_number", pa.int64()),
    ("alpha_rao", pa.int64()),
    ("tao_rao", pa.int64(), "null"),  # what it cost; null: not known
)

RECOMPUTED__POSITION_EXITS = _schema(
    *_POSITION,
    # the day's last snapshot; the pool is as this block left it; null: there was none
    ("block_number", pa.int64(), "null"),
    ("is_exact_price", pa.bool_()),  # the block is the day's last: no trade came after it
    ("held_alpha_rao", pa.int64()),
    ("amm_era", pa.string(), "null"),
    ("tao_out_rao", pa.int64(), "null"),  # for all of it, the fee taken off
    ("unexplained_reason", pa.string(), "null"),
)

RAW_MARKET__TAO_PRICES = _schema(
    ("source_name", pa.string()),  # a file of the drop folder, or an address without its secrets
    ("line_number", pa.int64()),  # of the CSV, or the row of a Parquet file
    ("open_at", UTC_MS),
    ("close_at", UTC_MS),  # it lasts until just before
    ("open_usd", USD),  # for one TAO
    ("high_usd", USD),
    ("low_usd", USD),
    ("close_usd", USD),
    # false: the source has digits past the ninth decimal, which are cut, or keeps doubles
    ("is_exact", pa.bool_()),
)

TABLES: dict[str, pa.Schema] = {
    "raw_chain__blocks": RAW_CHAIN__BLOCKS,
    "raw_chain__storage": RAW_CHAIN__STORAGE,
    "raw_chain__epoch_storage": RAW_CHAIN__EPOCH_STORAGE,
    "raw_chain__events": RAW_CHAIN__EVENTS,
    "chain__blocks": CHAIN__BLOCKS,
    "chain__subnet_blocks": CHAIN__SUBNET_BLOCKS,
    "chain__pool_ticks": CHAIN__POOL_TICKS,
    "chain__pool_positions": CHAIN__POOL_POSITIONS,
    "chain__stake_events": CHAIN__STAKE_EVENTS,
    "chain__hyperparameters": CHAIN__HYPERPARAMETERS,
    "chain__epochs": CHAIN__EPOCHS,
    "chain__epoch_neurons": CHAIN__EPOCH_NEURONS,
    "chain__epoch_kin": CHAIN__EPOCH_KIN,
    "chain__epoch_weights": CHAIN__EPOCH_WEIGHTS,
    "chain__epoch_bonds": CHAIN__EPOCH_BONDS,
    "recomputed__subnet_emissions": RECOMPUTED__SUBNET_EMISSIONS,
    "recomputed__subnet_injections": RECOMPUTED__SUBNET_INJECTIONS,
    "recomputed__subnet_flows": RECOMPUTED__SUBNET_FLOWS,
    "recomputed__moving_prices": RECOMPUTED__MOVING_PRICES,
    "recomputed__pool_prices": RECOMPUTED__POOL_PRICES,
    "recomputed__pool_swaps": RECOMPUTED__POOL_SWAPS,
    "recomputed__pool_states": RECOMPUTED__POOL_STATES,
    "recomputed__epoch_neurons": RECOMPUTED__EPOCH_NEURONS,
    "recomputed__epoch_bonds": RECOMPUTED__EPOCH_BONDS,
    "recomputed__exit_quotes": RECOMPUTED__EXIT_QUOTES,
    "recomputed__eras": RECOMPUTED__ERAS,
    "raw_chain__stakes": RAW_CHAIN__STAKES,
    "raw_market__tao_prices": RAW_MARKET__TAO_PRICES,
    "chain__stake_ledger": CHAIN__STAKE_LEDGER,
    "chain__stakes_by_day": CHAIN__STAKES_BY_DAY,
    "chain__stake_pools_by_day": CHAIN__STAKE_POOLS_BY_DAY,
    "recomputed__realized_pnl": RECOMPUTED__REALIZED_PNL,
    "recomputed__positions_by_day": RECOMPUTED__POSITIONS_BY_DAY,
    "recomputed__position_lots": RECOMPUTED__POSITION_LOTS,
    "recomputed__position_exits": RECOMPUTED__POSITION_EXITS,
}
