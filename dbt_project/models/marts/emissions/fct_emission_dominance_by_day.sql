with

subnets as (

    select * from {{ ref('fct_subnet_emissions_by_day') }}
    where tao_in_emission_rao > 0

),

ordered as (

    select
        *,
        row_number() over (
            partition by block_date
            order by tao_in_emission_rao desc, netuid, subnet_generation
        ) as place,
        sum(tao_in_emission_rao) over (
            partition by block_date
            order by tao_in_emission_rao desc, netuid, subnet_generation
            rows unbounded preceding
        ) as leading_rao,
        sum(tao_in_emission_rao) over (partition by block_date) as whole_rao

    from subnets

)

select
    block_date,
    count(*) as emitting_subnets_count,
    {{ exact_sum('tao_in_emission_rao') }} as tao_in_emission_rao,
    {{ share('sum(case when place = 1 then tao_in_emission_rao else 0 end)', 'sum(tao_in_emission_rao)') }} as top_1_share,
    {{ share('sum(case when place <= 10 then tao_in_emission_rao else 0 end)', 'sum(tao_in_emission_rao)') }} as top_10_share,
    cast(sum(cast(observed_share as decimal(14, 12)) * cast(observed_share as decimal(14, 12))) as decimal(38, 24)) as herfindahl_hirschman_index,
    cast(min(case when 2 * leading_rao > whole_rao then place end) as bigint) as nakamoto_subnets_count

from ordered
group by block_date
