{# Every row satisfies a condition; a row for which it is null does not. #}
{% test holds(model, condition) %}
select *
from {{ model }}
where ({{ condition }}) is not true
{% endtest %}
