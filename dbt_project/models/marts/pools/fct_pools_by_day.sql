with

subnet_blocks as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0 and is_network_added

),

prices as (

    select * from {{ ref('stg_recomputed__pool_prices') }}

),

generations as (

    select * from {{ ref('int_subnet_generations') }}

),

blocks as (

    select
        subnet_blocks.*,
        generations.subnet_generation,
        prices.pre_spot_price_u64f64_bits,
        prices.spot_price_u64f64_bits

    from subnet_blocks
    inner join generations
        on subnet_blocks.netuid = generations.netuid
        and subnet_blocks.network_registered_at_block = generations.registered_at_block
    left join prices
        on subnet_blocks.block_number = prices.block_number
        and subnet_blocks.netuid = prices.netuid

),

days as (

    select
        block_date,
        netuid,
        subnet_generation,
        count(*) as snapshot_blocks_count,
        max(block_number) as last_block_number,
        -- a pool made in the block has no price before it, whatever its netuid had
        min_by(
            case when is_same_subnet then pre_spot_price_u64f64_bits else spot_price_u64f64_bits end,
            block_number
        ) as open_price_u64f64_bits,
        max(greatest(
            spot_price_u64f64_bits,
            case when is_same_subnet then pre_spot_price_u64f64_bits else spot_price_u64f64_bits end
        )) as high_price_u64f64_bits,
        min(least(
            spot_price_u64f64_bits,
            case when is_same_subnet then pre_spot_price_u64f64_bits else spot_price_u64f64_bits end
        )) as low_price_u64f64_bits,
        max_by(spot_price_u64f64_bits, block_number) as close_price_u64f64_bits,
        max_by(moving_price_i96f32_bits, block_number) as moving_price_i96f32_bits,
        max_by(tao_reserve_rao, block_number) as tao_reserve_rao,
        max_by(alpha_reserve_rao, block_number) as alpha_reserve_rao,
        max_by(alpha_out_rao, block_number) as alpha_out_rao,
        cast(
            max_by(subnet_volume_rao, block_number)
            - min_by(case when is_same_subnet then pre_subnet_volume_rao else 0 end, block_number)
        as decimal(38, 0)) as volume_rao

    from blocks
    group by block_date, netuid, subnet_generation

),

valued as (

    select
        *,
        {{ worth_rao('close_price_u64f64_bits', 'alpha_reserve_rao + alpha_out_rao') }} as market_cap_rao,
        {{ worth_rao('close_price_u64f64_bits', '21000000000000000') }} as fully_diluted_value_rao

    from days

)

select
    block_date,
    netuid,
    subnet_generation,
    snapshot_blocks_count,
    last_block_number,
    open_price_u64f64_bits,
    high_price_u64f64_bits,
    low_price_u64f64_bits,
    close_price_u64f64_bits,
    {{ price_tao('open_price_u64f64_bits') }} as open_price_tao,
    {{ price_tao('high_price_u64f64_bits') }} as high_price_tao,
    {{ price_tao('low_price_u64f64_bits') }} as low_price_tao,
    {{ price_tao('close_price_u64f64_bits') }} as close_price_tao,
    moving_price_i96f32_bits,
    tao_reserve_rao,
    alpha_reserve_rao,
    alpha_out_rao,
    volume_rao,
    market_cap_rao,
    fully_diluted_value_rao,
    {{ readable('tao_reserve_rao') }} as tao_reserve_tao,
    {{ readable('volume_rao') }} as volume_tao,
    {{ readable('market_cap_rao') }} as market_cap_tao,
    {{ readable('fully_diluted_value_rao') }} as fully_diluted_value_tao

from valued
