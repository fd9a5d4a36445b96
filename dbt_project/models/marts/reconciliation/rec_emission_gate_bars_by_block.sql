-- The bar is one for the whole block: every subnet's row says it again.
with

observed as (

    select * from {{ ref('stg_chain__blocks') }}
    where emission_gate_bar_u64f64_bits is not null

),

recomputed as (

    select
        block_number,
        min(block_date) as block_date,
        max(emission_era) as emission_era,
        max(emission_gate_bar_u64f64_bits) as emission_gate_bar_u64f64_bits,
        max(unexplained_reason) as unexplained_reason

    from {{ ref('stg_recomputed__subnet_emissions') }}
    group by block_number

),

joined as (

    select
        coalesce(observed.block_number, recomputed.block_number) as block_number,
        coalesce(observed.block_date, recomputed.block_date) as block_date,
        observed.spec_version,
        recomputed.emission_era,
        observed.emission_gate_bar_u64f64_bits as observed_u64f64_bits,
        observed.pre_emission_gate_bar_u64f64_bits as pre_u64f64_bits,
        recomputed.emission_gate_bar_u64f64_bits as recomputed_u64f64_bits,
        case
            when recomputed.block_number is null then 'no recomputed row'
            when recomputed.emission_gate_bar_u64f64_bits is null then recomputed.unexplained_reason
        end as unexplained_reason

    from observed
    full join recomputed on observed.block_number = recomputed.block_number

)

select
    block_number,
    block_date,
    spec_version,
    emission_era,
    observed_u64f64_bits,
    recomputed_u64f64_bits,
    {{ residual('observed_u64f64_bits', 'recomputed_u64f64_bits') }} as residual_u64f64_bits,
    {{ verdict('observed_u64f64_bits', 'recomputed_u64f64_bits') }} as verdict,
    {{ is_trivial('observed_u64f64_bits', 'pre_u64f64_bits') }} as is_trivial,
    unexplained_reason

from joined
where observed_u64f64_bits is not null or recomputed_u64f64_bits is not null
