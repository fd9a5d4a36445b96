{# Joins to a subnet's day (`ends`) the rows of what happened to it in the blocks whose state was read: after
   the state it began with, up to the last. #}
{% macro join_of_the_day(rows) -%}
    inner join {{ rows }}
        on ends.block_date = {{ rows }}.block_date
        and ends.netuid = {{ rows }}.netuid
        and {{ rows }}.block_number > ends.pre_block_number
        and {{ rows }}.block_number <= ends.last_block_number
{%- endmacro %}
