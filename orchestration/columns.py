"""What the columns of the lake's tables mean, in words, for Dagster's UI and docs/tables.md.

Types stand in ``schemas.py``, the storage items behind columns in ``chain/layout.py``, and what a
table is in its asset.
"""

from functools import cache

from orchestration.chain import layout
from orchestration.chain.layout import StorageItem

EVERYWHERE = {
    # ---------- keys
    "block_number": "The block.",
    "netuid": "The subnet; 0 is root.",
    "uid": "The neuron's place in the subnet.",
    "mecid": "The mechanism of the subnet, 0 for the first.",
    "event_index": "Place of the event in the block.",
    "extrinsic_index": "Place of the extrinsic in the block; null: emitted by the block itself.",
    "entry_index": "Place of the entry in the block's ledger.",
    "spec_version": "The runtime that executed the block.",
    "coldkey_ss58": "The account that owns the stake.",
    "hotkey_ss58": "The account that is staked to.",
    "subnet_registered_at_block": "Which subnet of that netuid: the block that made it; 0: root.",
    # ---------- blocks
    "block_hash": "Hash of the block's header.",
    "parent_hash": "Hash of the block before.",
    "timestamp_ms": "The block's own time, milliseconds since 1970.",
    "block_at": "The block's own time, UTC.",
    "event_count": "Events of the block, of all pallets.",
    "is_snapshot": "Whether the state before and after the block was read; if not, state is null.",
    "total_issuance_rao": "TAO in existence.",
    "total_stake_rao": "TAO staked, as the chain counts it.",
    "tao_weight_u64": "What TAO on root counts beside alpha, parts of 2^64 - 1.",
    "subnet_moving_alpha_i96f32_bits": "The weight with which the moving price takes in the spot.",
    "subnet_owner_cut_u16": "The owner's share of the alpha out, parts of 65,535.",
    "stake_threshold_rao": "Stake below which a neuron may not be a validator.",
    "subnet_count": "Subnets there are, root left out.",
    "key": "Storage key, hashed as the chain keeps it.",
    "value": "The value as stored, SCALE; null: the chain has none at this key.",
    "events": "System.Events of the block as stored, SCALE.",
    # ---------- subnets
    "network_registered_at_block": "The block that made the subnet.",
    "token_symbol": "Symbol of the alpha token.",
    "owner_ss58": "Coldkey of the owner.",
    "owner_hotkey_ss58": "Hotkey of the owner.",
    "is_network_added": "Whether there is a subnet under the netuid.",
    "subnet_mechanism": "1: a pool with a price; 0: alpha is TAO.",
    "first_emission_block_number": "Block from which it gets emission; null: never started.",
    "is_subtoken_enabled": "Whether its alpha can be traded; null: this spec has no such switch.",
    "is_registration_allowed": "Whether neurons may register.",
    "is_pow_registration_allowed": "Whether neurons may register by proof of work.",
    "tempo_blocks": "Blocks from epoch to epoch; up to spec 422 one more.",
    "ema_price_halving_blocks": "How slowly the moving price takes in the spot.",
    "fee_rate_u16": "Fee of a swap, parts of 65,535.",
    "burn_rao": "What a registration costs, as the block's extrinsics found it.",
    "is_user_liquidity_enabled": "Whether users may lend to the pool.",
    # ---------- pools
    "tao_reserve_rao": "TAO in the pool, what is lent left out.",
    "alpha_reserve_rao": "Alpha in the pool, what is lent left out.",
    "alpha_out_rao": "Alpha out of the pool.",
    "tao_provided_rao": "TAO lent to the pool by users.",
    "alpha_provided_rao": "Alpha lent to the pool by users.",
    "alpha_sqrt_price_u64f64_bits": "Root of the price, TAO for an alpha.",
    "is_swap_v3_initialized": "Whether the pool is one of concentrated liquidity yet.",
    "current_liquidity_u64": "Liquidity at the current price.",
    "current_tick": "Tick of the current price.",
    "balancer_quote_weight_perquintill": "Weight of TAO in the balancer, parts of 10^18.",
    "subnet_volume_rao": "TAO that was ever swapped.",
    "fee_global_tao_u64f64_bits": "TAO fees for a unit of liquidity, ever.",
    "fee_global_alpha_u64f64_bits": "Alpha fees for a unit of liquidity, ever.",
    "tick_index": "The tick.",
    "tick_low": "Tick from which the position lends.",
    "tick_high": "Tick up to which the position lends.",
    "liquidity_net_i128": "What the liquidity changes by when the price rises over the tick.",
    "liquidity_gross_u64": "Liquidity of all positions that end at the tick.",
    "fees_out_tao_i64f64_bits": "TAO fees for a unit of liquidity on the tick's other side.",
    "fees_out_alpha_i64f64_bits": "Alpha fees for a unit of liquidity on the tick's other side.",
    "position_id": "The position of liquidity.",
    "is_protocol": "Whether the swap pallet's own account lends it.",
    "liquidity_u64": "Liquidity of the position.",
    "fees_tao_i64f64_bits": "TAO fees when the position was last touched.",
    "fees_alpha_i64f64_bits": "Alpha fees when the position was last touched.",
    "amm_era": "The rule of the pool that was used; null: none is known.",
    "spot_price_u64f64_bits": "TAO for an alpha.",
    "price_u64f64_bits": "Spot price at the end of the block, where the worth needs it.",
    # ---------- prices, flows and emission
    "moving_price_i96f32_bits": "The EMA of the price.",
    "moving_price_era": "The rule of the moving price that was used.",
    "tao_flow_rao": "TAO that users staked in the block less what they unstaked.",
    "ema_tao_flow_block_number": "Block at which the EMA of the flow was last moved.",
    "ema_tao_flow_i64f64_bits": "The EMA of the flow.",
    "tao_in_emission_rao": "TAO that the block put into the pool.",
    "alpha_in_emission_rao": "Alpha that the block put into the pool.",
    "alpha_out_emission_rao": "Alpha that the block minted for the subnet's participants.",
    "excess_tao_rao": "TAO of the block's emission that bought alpha of the pool.",
    "emission_era": "The rule of the subnets' shares that was used; null: none is known.",
    "injection_era": "The rule of injection that was used; null: none is known.",
    "block_emission_rao": "TAO that the block mints.",
    "is_candidate": "Whether the subnet shares in the block's TAO.",
    "tao_emission_u96f32_bits": "The subnet's part of the block's TAO, before it is floored.",
    "tao_emission_rao": "The subnet's part of the block's TAO.",
    # ---------- what waits for an epoch
    "last_mechanism_step_block": "The block of the last epoch.",
    "pending_owner_cut_rao": "Alpha of the owner that waits for the epoch.",
    "pending_emission_rao": "Alpha of miners and validators that waits for the epoch.",
    "pending_alpha_swapped_rao": "Alpha of root that was sold since the epoch.",
    "pending_root_divs_rao": "TAO of root that waits for the epoch.",
    "coinbase_spot_price_u96f32_bits": "The price that the moving price takes in: before the "
    "block's extrinsics.",
    "root_sale_tao_rao": "TAO that root's alpha was sold for in the block.",
    "drained_owner_cut_rao": "Alpha of the owner that the block's epoch was given; null: none ran.",
    "drained_emission_rao": "Alpha that the block's epoch was given to share out; null: none ran.",
    "drained_alpha_swapped_rao": "Alpha sold for root that the block's epoch was given.",
    "drained_root_divs_rao": "TAO of root that the block's epoch was given.",
    # ---------- hyperparameters
    "is_first_of_day": "What stood before the day's first snapshot, which is no change.",
    "max_allowed_uids_count": "Most neurons.",
    "immunity_period_blocks": "Blocks in which a new neuron is not replaced.",
    "max_allowed_validators_count": "Most permits.",
    "min_allowed_weights_count": "Fewest weights a validator may set.",
    "activity_cutoff_blocks": "Blocks after which a neuron that sets no weights is not active.",
    "activity_cutoff_factor_milli": "The same in thousandths of a tempo; null: before spec 423.",
    "kappa_u16": "Share of the stake that makes a consensus, parts of 65,535.",
    "bonds_penalty_u16": "How much of clipped weights bonds lose, parts of 65,535.",
    "bonds_moving_average_ppm": "How slowly bonds follow weights, parts of 10^6.",
    "is_yuma3": "Whether bonds are those of Yuma 3; null: this spec has no such switch.",
    "is_liquid_alpha": "Whether bonds move at a speed of their own.",
    "alpha_low_u16": "Lowest speed of liquid alpha, parts of 65,535.",
    "alpha_high_u16": "Highest speed of liquid alpha, parts of 65,535.",
    "alpha_sigmoid_steepness": "Steepness of liquid alpha; null: before spec 283.",
    "liquid_alpha_consensus_mode": "Whose consensus liquid alpha takes; null: not in this spec.",
    "is_commit_reveal": "Whether weights are sealed first.",
    "reveal_period_epochs": "Epochs after which sealed weights are revealed.",
    "mechanism_count": "Mechanisms of the subnet; null: this spec has none.",
    # ---------- epochs
    "place_in_block": "1 for the first epoch of the block; they run by netuid.",
    "neuron_count": "Neurons of the subnet.",
    "emission_split_u16": "Parts of the mechanisms in the emission; null: they share alike.",
    "registered_at_block": "The block in which the neuron registered.",
    "is_registered_in_block": "Whether the neuron registered in this block, after the epoch: then "
    "what the epoch wrote is written over.",
    "last_update_block": "The block of its last weights; null: the stored vector is shorter.",
    "is_validator_permitted": "Whether it holds a permit.",
    "alpha_rao": "Alpha.",
    "root_rao": "TAO on root, of the hotkey and its nominators.",
    "childkey_take_u16": "What it takes as a child, parts of 65,535.",
    "delegate_take_u16": "What it takes of its nominators, parts of 65,535.",
    "is_active": "Whether it set weights lately.",
    "stake_weight_u16": "Its share of the stake that counts, parts of 65,535.",
    "consensus_u16": "Weight that the consensus gives it, parts of 65,535.",
    "incentive_u16": "Its share as a miner, parts of 65,535.",
    "dividends_u16": "Its share as a validator, parts of 65,535.",
    "validator_trust_u16": "How much of its weights the consensus took, parts of 65,535.",
    "rank_u16": "Its rank, parts of 65,535; null: not stored from spec 365 on.",
    "trust_u16": "Its trust, parts of 65,535; null: not stored from spec 365 on.",
    "pruning_score_u16": "The lowest leaves first; null: not stored from spec 365 on.",
    "emission_rao": "Alpha the epoch gave the neuron.",
    "alpha_dividends_rao": "Alpha paid to the nominators of the hotkey.",
    "tao_dividends_rao": "TAO on root paid to the nominators; null: not stored from spec 334 on.",
    "is_parent": "A parent of the neuron; else a child.",
    "kin_index": "Place in the stored order.",
    "kin_ss58": "Hotkey of the parent or child.",
    "share_u64": "Share of the parent's stake, parts of 2^64 - 1.",
    "target_uids": "Whose weights or bonds these are, in the stored order.",
    "weights_u16": "Weights in that order, zeros kept.",
    "bonds_u16": "Bonds in that order.",
    "yuma_era": "The rule of the epoch that was used; null: none is known.",
    "alpha_stake_rao": "Alpha that was weighed, with parents and without what children hold.",
    "root_stake_rao": "TAO on root that was weighed, in the same way.",
    "stake_rao": "What was weighed: alpha, and TAO on root times TaoWeight.",
    "root_gain_rao": "TAO on root that epochs earlier in the block paid to the hotkey.",
    "root_gain_source": "Recomputed or observed; null: the first epoch of its block.",
    "server_emission_rao": "Alpha for its work as a miner.",
    "validator_emission_rao": "Alpha for its work as a validator, before parents, root and takes.",
    "incentive_paid_rao": "Incentive that is paid: of the owner's own hotkeys it may be withheld.",
    "alpha_take_rao": "Alpha that the hotkey's owner takes of dividends.",
    "tao_take_rao": "TAO that the hotkey's owner takes of root's dividends.",
    "unexplained_reason": "Why no rule gives a value; null where one does.",
    "payout_unexplained_reason": "Why no rule gives emission and dividends alone.",
    # ---------- stake events
    "event_name": "The chain's own name: StakeAdded, StakeRemoved, ...",
    "dest_coldkey_ss58": "The coldkey that receives.",
    "dest_hotkey_ss58": "The hotkey that receives.",
    "dest_netuid": "The subnet that receives.",
    "tao_rao": "TAO, as the event says it.",
    "fee_rao": "Fee, as the event says it; null: this version has none.",
    "is_fee_in_alpha": "Whether the fee is alpha.",
    "is_pool_touching": "Whether a swap in the pool of the subnet stands behind the event.",
    "pool_tao_in_rao": "TAO the swap put in, fee left out; null: the event does not say.",
    "pool_tao_out_rao": "TAO the swap took out.",
    "fee_tao_rao": "Fee in TAO.",
    "fee_alpha_rao": "Fee in alpha.",
    # ---------- exits
    "asked_tao_rao": "Worth at the spot price of the sale asked for; null: not asked by worth.",
    "asked_slippage_ppm": "The slippage that the largest sale was asked for, parts of 10^6; null: "
    "not asked by slippage.",
    "alpha_in_rao": "Alpha sold, with the fee where that is in alpha.",
    "tao_out_rao": "TAO paid for it, fee taken off.",
    "slippage_ppm": "Below the spot price, fee apart, parts of 10^6, cut.",
    "cost_ppm": "Below the spot price, with the fee, parts of 10^6, cut.",
    # ---------- eras
    "mechanism": "The mechanism: emission, injection, moving_price, ...",
    "era": "The module of the rule, in mechanics/.",
    "first_spec_version": "First spec of the rule.",
    "last_spec_version": "Last spec of the rule; null: the newest rule known.",
    "first_block_number": "First block of the rule on mainnet, where known.",
    "rule": "The rule in a sentence.",
    # ---------- prices of TAO
    "source_name": "A file of the prices folder, or the host of an address.",
    "line_number": "Line of the CSV, or row of the Parquet file.",
    "open_at": "When the candle opens, UTC.",
    "close_at": "When it ends, UTC: it lasts until just before.",
    "open_usd": "US dollars for a TAO when it opens.",
    "high_usd": "The most while it lasts.",
    "low_usd": "The least while it lasts.",
    "close_usd": "US dollars for a TAO when it ends.",
    "is_exact": "False where digits past the ninth decimal were cut, or the source keeps doubles.",
    # ---------- the ledger
    "kind": "What kind of entry: buy, sell, dividend, ... (docs/ledger.md).",
    "worth_rao": "Worth of alpha that no TAO was paid or received for.",
    "counterparty_ss58": "The other coldkey of a transfer.",
    "unattributed_reason": "Why nothing explains the entry.",
    "books_begin_at_block": "From where on the books know the position; held then: at its worth.",
    "held_alpha_rao": "Alpha held at the end of the day.",
    "zero_basis_cost_rao": "Cost of what was sold or lost, by zero_basis.",
    "fair_value_cost_rao": "Cost of what was sold or lost, by fair_value.",
    "fifo_cost_rao": "Cost of what was sold or lost, by fifo.",
    "zero_basis_rao": "Cost of what is held, by zero_basis.",
    "fair_value_basis_rao": "Cost of what is held, by fair_value.",
    "fifo_basis_rao": "Cost of what is held, by fifo.",
    "opened_alpha_rao": "Alpha held when the books began.",
    "opened_tao_rao": "Its worth then.",
    "bought_alpha_rao": "Alpha bought since the books began.",
    "bought_tao_rao": "TAO paid for it, fee included.",
    "earned_alpha_rao": "Alpha earned since the books began.",
    "earned_tao_rao": "Its worth when it came.",
    "sold_alpha_rao": "Alpha sold since the books began.",
    "sold_tao_rao": "TAO received for it.",
    "lost_alpha_rao": "Alpha recycled or burned.",
    "moved_out_alpha_rao": "Alpha that moves and transfers took away.",
    "moved_in_alpha_rao": "Alpha that moves and transfers brought.",
    "adjusted_alpha_rao": "Roundings, and what nothing explains.",
    "zero_basis_moved_in_rao": "Cost that came with moves less what went, by zero_basis.",
    "fair_value_moved_in_rao": "Cost that came with moves less what went, by fair_value.",
    "fifo_moved_in_rao": "Cost that came with moves less what went, by fifo.",
    "unpriced_entries_count": "Entries earned with no price known, counted as worth 0.",
    "average_alpha_rao": "Alpha that zero_basis goes on averaging.",
    "average_tao_rao": "TAO that zero_basis goes on averaging.",
    "average_sold_alpha_rao": "Alpha sold of what zero_basis goes on averaging.",
    "lot_index": "Place of the lot; 0 is sold next.",
    "acquired_block_number": "The block in which the lot came.",
}
"""By name, wherever a column of that name stands."""

IN_TABLE = {
    "raw_chain__storage": {"block_number": "The block at whose end this is the state."},
    "raw_chain__epoch_storage": {"block_number": "The block at whose end this is the state."},
    "raw_chain__stakes": {"block_number": "The block at whose end this is the state."},
    "chain__hyperparameters": {"block_number": "The first block at whose end this was read."},
    "chain__epoch_neurons": {"pre_alpha_rao": "Alpha of the hotkey and its nominators."},
    "chain__epoch_kin": {
        "uid": "The neuron whose parent or child it is.",
        "pre_alpha_rao": "Alpha of the parent and its nominators.",
    },
    "chain__stake_events": {"alpha_rao": "Alpha, as the event says it."},
    "recomputed__pool_swaps": {
        "tao_rao": "TAO, with the fee where that is in TAO.",
        "alpha_rao": "Alpha, with the fee where that is in alpha.",
        "alpha_sqrt_price_u64f64_bits": "Root of the price after the swap.",
    },
    "recomputed__exit_quotes": {"block_number": "The day's last snapshot, as it found the pool."},
    "recomputed__position_exits": {"block_number": "The day's last snapshot, as it left the pool."},
    "chain__stake_ledger": {
        "alpha_rao": "What the coldkey's stake gains; negative: loses.",
        "tao_rao": "What the coldkey receives for it; negative: pays, fee included.",
        "fee_rao": "Fee, as the event says it; a part of the TAO or the alpha.",
        "event_index": "The event that says so; null: known from state.",
    },
    "chain__stakes_by_day": {
        "pre_block_number": "The last block before the day, or the first of the books.",
        "block_number": "The last block of the day.",
        "pre_alpha_rao": "The stake at the end of the block before the day.",
        "alpha_rao": "The stake at the end of the day.",
    },
    "chain__stake_pools_by_day": {
        "pre_block_number": "The last block before the day, or the first of the books.",
        "block_number": "The last block of the day.",
        "pre_alpha_rao": "What all stakes to the hotkey are shares of, before the day.",
        "alpha_rao": "What all stakes to the hotkey are shares of, at the end of the day.",
    },
    "recomputed__realized_pnl": {
        "kind": "Kind of the entry; buy where a purchase restates what zero_basis had realised.",
        "alpha_rao": "Alpha sold or given up; 0 for a restatement.",
        "tao_rao": "TAO received for it.",
        "zero_basis_cost_rao": "Its cost by zero_basis.",
        "fair_value_cost_rao": "Its cost by fair_value.",
        "fifo_cost_rao": "Its cost by fifo.",
    },
    "recomputed__positions_by_day": {"block_number": "The last block of the day."},
    "recomputed__position_lots": {
        "alpha_rao": "Alpha of the lot that is left.",
        "tao_rao": "What that cost.",
    },
}
"""Where a column means something of its own in a table."""


def meaning(table: str, column: str) -> str:
    """What a column means, with the storage item it is of, where it is of one.

    Raises:
        KeyError: nobody has said it.
    """
    base = column.removeprefix("pre_")
    words = IN_TABLE.get(table, {}).get(column)
    if words is None:
        words = EVERYWHERE[base]
        if column != base:
            words += " At the end of the parent block."
    item = _items().get(base) if table.startswith("chain__") else None
    return f"{words} ({item.name})" if item else words


@cache
def _items() -> dict[str, StorageItem]:
    """The storage item that is decoded into a column of its name alone."""
    declared = [
        *layout.GLOBAL_ITEMS,
        *layout.SUBNET_ITEMS,
        *layout.HYPERPARAMETER_ITEMS,
        *layout.OUTPUT_VECTORS,
        layout.NEURON_COUNT,
        layout.LAST_UPDATE,
    ]
    return {
        column: item for item in declared for column in item.columns if column != "block_number"
    }
