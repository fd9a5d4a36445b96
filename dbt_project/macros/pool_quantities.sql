{# What the replay of a pool gives at the end of a block: column, the chain's storage item. #}
{% macro pool_quantities() -%}
    {{ return([
        ('tao_reserve_rao', 'SubnetTAO'),
        ('alpha_reserve_rao', 'SubnetAlphaIn'),
        ('tao_provided_rao', 'SubnetTaoProvided'),
        ('alpha_provided_rao', 'SubnetAlphaInProvided'),
        ('alpha_out_rao', 'SubnetAlphaOut'),
        ('alpha_sqrt_price_u64f64_bits', 'AlphaSqrtPrice'),
        ('current_liquidity_u64', 'CurrentLiquidity'),
        ('current_tick', 'CurrentTick'),
        ('pending_owner_cut_rao', 'PendingOwnerCut'),
        ('pending_emission_rao', 'PendingEmission'),
        ('pending_alpha_swapped_rao', 'PendingAlphaSwapped'),
        ('pending_root_divs_rao', 'PendingRootDivs'),
        ('pending_server_rao', 'PendingServerEmission'),
        ('pending_validator_rao', 'PendingValidatorEmission'),
        ('pending_root_alpha_rao', 'PendingRootAlphaDivs')
    ]) }}
{%- endmacro %}
