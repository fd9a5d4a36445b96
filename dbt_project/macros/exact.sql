{# Exact arithmetic. A sum of BIGINT is HUGEINT in DuckDB, which Parquet would store as DOUBLE, and
   `/` makes a DOUBLE of any two integers: neither may appear outside these macros. #}

{% macro exact_sum(expression, over=none) -%}
    cast(sum({{ expression }}) {%- if over %} over {{ over }} {%- endif %} as decimal(38, 0))
{%- endmacro %}

{# A sum of which every part is known: null where one part is not, and never the sum of the rest. #}
{% macro all_or_null(expression, over=none) -%}
    {%- set over_rows = ' over ' ~ over if over else '' -%}
    case
        when count(*) {{ over_rows }} = count({{ expression }}) {{ over_rows }}
            then {{ exact_sum(expression, over) }}
    end
{%- endmacro %}

{# Whether all of some amounts is known, or an entry's TAO was not. #}
{% macro cost_verdict(condition) -%}
    case when {{ condition }} then 'unpriced' else 'priced' end
{%- endmacro %}

{# Whole quotient of two non-negative exact numbers; null for a zero divisor. #}
{% macro exact_quotient(numerator, denominator) -%}
    {{ adapter.dispatch('exact_quotient', 'taobooks')(numerator, denominator) }}
{%- endmacro %}

{% macro duckdb__exact_quotient(numerator, denominator) -%}
    cast(cast({{ numerator }} as hugeint) // nullif(cast({{ denominator }} as hugeint), 0) as decimal(38, 0))
{%- endmacro %}

{% macro spark__exact_quotient(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(38, 0)) div nullif(cast({{ denominator }} as decimal(38, 0)), 0) as decimal(38, 0))
{%- endmacro %}

{# A part of a whole with 12 decimals, cut; null when the whole is 0. #}
{% macro share(part, whole) -%}
    cast({{ exact_quotient('cast(' ~ part ~ ' as hugeint) * 1000000000000', whole) }} * 0.000000000001 as decimal(38, 12))
{%- endmacro %}

{# rao as TAO or alpha, for reading. #}
{% macro readable(rao) -%}
    cast({{ rao }} * 0.000000001 as decimal(38, 9))
{%- endmacro %}

{# A U64F64 price as TAO per alpha with 9 decimals, cut; null above 10^9 TAO per alpha. #}
{% macro price_tao(bits) -%}
    case
        when {{ bits }} < 18446744073709551616000000000
            then {{ readable(exact_quotient('cast(' ~ bits ~ ' as hugeint) * 1000000000', '18446744073709551616')) }}
    end
{%- endmacro %}

{# What an amount of alpha is worth at a U64F64 price, in rao of TAO, cut; null where 38 digits do
   not hold the product. #}
{% macro worth_rao(bits, alpha_rao) -%}
    case
        when {{ alpha_rao }} = 0
            then cast(0 as decimal(38, 0))
        when cast({{ bits }} as hugeint) <= {{ exact_quotient('99999999999999999999999999999999999999', alpha_rao) }}
            then {{ exact_quotient('cast(' ~ bits ~ ' as hugeint) * cast(' ~ alpha_rao ~ ' as hugeint)', '18446744073709551616') }}
    end
{%- endmacro %}

{# rao of TAO in US dollars at a price of so many for one TAO: nine decimals, cut towards 0; null where
   38 digits do not hold the product. The price is above nought. #}
{% macro usd(rao, price_usd) -%}
    case
        when cast(abs({{ rao }}) as hugeint) <= {{ exact_quotient('99999999999999999999999999999999999999', 'cast(' ~ price_usd ~ ' * 1000000000 as hugeint)') }}
            then cast(sign({{ rao }}) * {{ exact_quotient('cast(abs(' ~ rao ~ ') as hugeint) * cast(' ~ price_usd ~ ' * 1000000000 as hugeint)', '1000000000') }} * 0.000000001 as decimal(38, 9))
    end
{%- endmacro %}

{# Whether there was a price for it. #}
{% macro usd_verdict(amount_usd) -%}
    case when {{ amount_usd }} is null then 'no_price' else 'priced' end
{%- endmacro %}
