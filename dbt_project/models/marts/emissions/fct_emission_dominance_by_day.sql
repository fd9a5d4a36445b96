with

subnets as (

    select * from {{ ref('fct_subnet_emissions_by_day') }}

),

-- dominance is of all subnets or of none: a day with an unknown share has no figure
known_days as (

    select block_date
    from subnets
    group by block_date
    having count(*) = count(tao_emission_rao)

),

ordered as (

    select
        subnets.*,
        row_number() over (
            partition by subnets.block_date
            order by subnets.tao_emission_rao desc, subnets.netuid, subnets.subnet_generation
        ) as place,
        sum(subnets.tao_emission_rao) over (
            partition by subnets.block_date
            order by subnets.tao_emission_rao desc, subnets.netuid, subnets.subnet_generation
            rows unbounded preceding
        ) as leading_rao,
        sum(subnets.tao_emission_rao) over (partition by subnets.block_date) as whole_rao

    from subnets
    inner join known_days on subnets.block_date = known_days.block_date
    where subnets.tao_emission_rao > 0

)

select
    block_date,
    bool_and(is_every_block_of_day_read) as is_every_block_of_day_read,
    count(*) as emitting_subnets_count,
    {{ exact_sum('tao_emission_rao') }} as tao_emission_rao,
    {{ share('sum(case when place = 1 then tao_emission_rao else 0 end)', 'sum(tao_emission_rao)') }} as top_1_share,
    {{ share('sum(case when place <= 10 then tao_emission_rao else 0 end)', 'sum(tao_emission_rao)') }} as top_10_share,
    -- a day mints no more than 7,200 TAO: its square times 10^12 is 5.2 x 10^37 and fits 128 bits
    {{ share('sum(cast(tao_emission_rao as hugeint) * cast(tao_emission_rao as hugeint))', 'cast(sum(tao_emission_rao) as hugeint) * cast(sum(tao_emission_rao) as hugeint)') }} as herfindahl_hirschman_index,
    cast(min(case when 2 * leading_rao > whole_rao then place end) as bigint) as nakamoto_subnets_count

from ordered
group by block_date
