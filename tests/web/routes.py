"""Walking all routes."""

from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter


def path_of(rule: Rule) -> str:
    """A path that this rule matches."""
    values = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        values[name] = next(iter(converter.items)) if isinstance(converter, AnyConverter) else 1
    built = rule.build(values, append_unknown=False)
    assert built is not None, rule
    return built[1]
