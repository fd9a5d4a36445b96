{# A reconciliation has exactly the (block, netuid) pairs of both its sides: nothing is filtered. #}
{% test keeps_every_row_of(model, observed, recomputed) %}
with

pairs as (

    select block_number, netuid from {{ observed }}
    where netuid <> 0
    union
    select block_number, netuid from {{ recomputed }}

),

kept as (

    select block_number, netuid from {{ model }}

)

(select * from pairs except select * from kept)
union all
(select * from kept except select * from pairs)
{% endtest %}
