{# Over all positions of a day, what transfers brought of cost is what they took. #}
{% test moves_conserve_cost(model) %}
select block_date
from {{ model }}
group by block_date
having
    sum(zero_basis_moved_in_cost_rao) <> 0
    or sum(fair_value_moved_in_cost_rao) <> 0
    or sum(fifo_moved_in_cost_rao) <> 0
{% endtest %}
