{# The one place where observed meets recomputed. #}

{% macro residual(observed, recomputed) -%}
    cast({{ recomputed }} as decimal(38, 0)) - cast({{ observed }} as decimal(38, 0))
{%- endmacro %}

{% macro verdict(observed, recomputed) -%}
    case
        when {{ observed }} is null then 'unobserved'
        when {{ recomputed }} is null then 'unexplained'
        when {{ observed }} = {{ recomputed }} then 'exact'
        else 'differs'
    end
{%- endmacro %}

{# Whether a figure is one that no rule is needed for: 0, or what stood before. An exact count is only as
   good as the part of it that is not. #}
{% macro is_trivial(observed, before) -%}
    coalesce({{ observed }} = 0, false) or coalesce({{ observed }} = {{ before }}, false)
{%- endmacro %}

{# A rec_ model: one quantity of chain__subnet_blocks against the table that recomputes it.
   `recomputed_column` and `reason_column` where they are named otherwise than usual; `with_column`
   is one that must agree too, published beside it. With `only_stated`, a row stands where the chain or
   the rules state the quantity: before and after the specs that have it, neither does. #}
{% macro reconciled(
    recomputed_model, quantity_column, era_column, unit,
    recomputed_column=none, reason_column='unexplained_reason', with_column=none, only_stated=false
) %}
{%- set recomputed_column = recomputed_column or quantity_column -%}
with

observed as (

    select
        *,
        pre_is_network_added and is_network_added and not is_same_subnet as is_replaced
    from {{ ref('stg_chain__subnet_blocks') }}
    where netuid <> 0

),

recomputed as (

    select * from {{ ref(recomputed_model) }}

),

joined as (

    select
        coalesce(observed.block_number, recomputed.block_number) as block_number,
        coalesce(observed.netuid, recomputed.netuid) as netuid,
        coalesce(observed.block_date, recomputed.block_date) as block_date,
        observed.spec_version,
        recomputed.{{ era_column }},
        observed.{{ quantity_column }} as observed_{{ unit }},
        observed.pre_{{ quantity_column }} as pre_{{ unit }},
        case when observed.is_replaced is not true then recomputed.{{ recomputed_column }} end as recomputed_{{ unit }},
{%- if with_column %}
        observed.{{ with_column }} as observed_{{ with_column }},
        case when observed.is_replaced is not true then recomputed.{{ with_column }} end as recomputed_{{ with_column }},
{%- endif %}
        case
            when recomputed.block_number is null then 'no recomputed row'
            when observed.is_replaced then 'another subnet was made under this netuid in this block'
            when recomputed.{{ recomputed_column }} is null then recomputed.{{ reason_column }}
        end as unexplained_reason

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
    {{ era_column }},
    observed_{{ unit }},
    recomputed_{{ unit }},
    {{ residual('observed_' ~ unit, 'recomputed_' ~ unit) }} as residual_{{ unit }},
{%- if with_column %}
    observed_{{ with_column }},
    recomputed_{{ with_column }},
    case
        when observed_{{ unit }} = recomputed_{{ unit }}
            and observed_{{ with_column }} is distinct from recomputed_{{ with_column }}
            then 'differs'
        else {{ verdict('observed_' ~ unit, 'recomputed_' ~ unit) }}
    end as verdict,
{%- else %}
    {{ verdict('observed_' ~ unit, 'recomputed_' ~ unit) }} as verdict,
{%- endif %}
    {{ is_trivial('observed_' ~ unit, 'pre_' ~ unit) }} as is_trivial,
    unexplained_reason

from joined
{%- if only_stated %}
where observed_{{ unit }} is not null or recomputed_{{ unit }} is not null
{%- endif %}
{% endmacro %}
