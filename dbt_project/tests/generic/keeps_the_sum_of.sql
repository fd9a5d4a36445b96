{# A column adds up to what its source holds: nothing is lost on the way. #}
{% test keeps_the_sum_of(model, column, source, source_column, condition) %}
select *
from (
    select
        (select coalesce(sum({{ column }}), 0) from {{ model }}) as kept,
        (select coalesce(sum({{ source_column }}), 0) from {{ source }} where {{ condition }}) as held
) as sums
where kept <> held
{% endtest %}
