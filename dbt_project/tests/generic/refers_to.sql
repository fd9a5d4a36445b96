{# Every key of a fact is one of the dimension's: of rows that satisfy a condition. #}
{% test refers_to(model, columns, dimension, condition='true') %}
select distinct {{ columns | join(', ') }}
from {{ model }}
where {{ condition }}
except
select {{ columns | join(', ') }}
from {{ dimension }}
{% endtest %}
