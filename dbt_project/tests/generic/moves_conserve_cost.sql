{# Over all positions of a day, what transfers brought of cost is what they took, where all
   of it is known. #}
{% test moves_conserve_cost(model) %}
select block_date
from {{ model }}
group by block_date
having
    count(*) = count(fair_value_moved_in_cost_rao + fifo_moved_in_cost_rao + zero_basis_moved_in_cost_rao)
    and (
        sum(zero_basis_moved_in_cost_rao) <> 0
        or sum(fair_value_moved_in_cost_rao) <> 0
        or sum(fifo_moved_in_cost_rao) <> 0
    )
{% endtest %}
