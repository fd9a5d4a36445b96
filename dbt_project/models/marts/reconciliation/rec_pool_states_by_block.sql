{%- set quantities = pool_quantities() -%}

with

observed as (

    select * from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

recomputed as (

    select
        pools.* replace (
            cast(
                case
                    when recycled.block_number is null then pools.alpha_out_rao
                    else pools.alpha_out_rao - recycled.recycled_alpha_rao
                end
            as bigint) as alpha_out_rao,
            coalesce(
                pools.unexplained_reason,
                'what the epoch recycled is not known: ' || recycled.unexplained_reason
            ) as unexplained_reason
        )

    from {{ ref('stg_recomputed__pool_states') }} as pools
    -- the replay ends before the epoch is recomputed, which may take withheld incentive out again
    left join {{ ref('int_recycled_alpha_by_epoch') }} as recycled
        on pools.block_number = recycled.block_number
        and pools.netuid = recycled.netuid

),

joined as (

    select
        coalesce(observed.block_number, recomputed.block_number) as block_number,
        coalesce(observed.netuid, recomputed.netuid) as netuid,
        coalesce(observed.block_date, recomputed.block_date) as block_date,
        observed.block_number is not null as is_observed,
        observed.spec_version,
        recomputed.amm_era,
        case
            when recomputed.block_number is null then 'no recomputed row'
            else recomputed.unexplained_reason
        end as unexplained_reason
        {%- for column, item in quantities %},
        observed.{{ column }} as observed_{{ column }},
        observed.pre_{{ column }} as pre_{{ column }},
        recomputed.{{ column }} as recomputed_{{ column }}
        {%- endfor %}

    from observed
    full join recomputed
        on observed.block_number = recomputed.block_number
        and observed.netuid = recomputed.netuid

)

select
    block_number,
    netuid,
    block_date,
    spec_version,
    amm_era,
    case
        when not is_observed then 'unobserved'
        when unexplained_reason is not null then 'unexplained'
        when {% for column, item in quantities %}observed_{{ column }} is not distinct from recomputed_{{ column }}
            {%- if not loop.last %}
            and {% endif %}{% endfor %}
            then 'exact'
        else 'differs'
    end as verdict,
    unexplained_reason
    {%- for column, item in quantities %},
    observed_{{ column }},
    recomputed_{{ column }},
    {{ residual('observed_' ~ column, 'recomputed_' ~ column) }} as residual_{{ column }},
    {{ is_trivial('observed_' ~ column, 'pre_' ~ column) }} as is_trivial_{{ column }}
    {%- endfor %}

from joined
