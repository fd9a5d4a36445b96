{# What an epoch writes and pays, neuron by neuron: column and the chain's storage item. Bonds are compared row by row. #}
{% macro epoch_quantities() -%}
    {{ return([
        ('is_active', 'Active'),
        ('is_validator_permitted', 'ValidatorPermit'),
        ('stake_weight_u16', 'StakeWeight'),
        ('consensus_u16', 'Consensus'),
        ('incentive_u16', 'Incentive'),
        ('dividends_u16', 'Dividends'),
        ('validator_trust_u16', 'ValidatorTrust'),
        ('rank_u16', 'Rank'),
        ('trust_u16', 'Trust'),
        ('pruning_score_u16', 'PruningScores'),
        ('emission_rao', 'Emission'),
        ('alpha_dividends_rao', 'AlphaDividendsPerSubnet'),
        ('tao_dividends_rao', 'TaoDividendsPerSubnet')
    ]) }}
{%- endmacro %}

{# The unit of a quantity's residual. #}
{% macro epoch_unit(column) -%}
    {{ return('boolean' if column.startswith('is_') else column.split('_') | last) }}
{%- endmacro %}

{# The verdict on one quantity of a neuron; null where neither side has the item. Of a neuron that was not
   observed nothing is. #}
{% macro epoch_verdict(column) -%}
    case
        when not is_observed and (not is_recomputed or recomputed_{{ column }} is not null) then 'unobserved'
        when unexplained_reason is not null then 'unexplained'
        when observed_{{ column }} is null and recomputed_{{ column }} is null then null
        when observed_{{ column }} is null then 'unobserved'
        when recomputed_{{ column }} is null then 'unexplained'
        when observed_{{ column }} = recomputed_{{ column }} then 'exact'
        else 'differs'
    end
{%- endmacro %}
