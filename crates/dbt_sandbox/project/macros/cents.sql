{% macro cents(column) %}round(100 * {{ column }}){% endmacro %}
