"""How templates are compiled."""

from typing import Any

import flask.templating
from flask import Flask, has_request_context
from jinja2 import FunctionLoader, Template, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

# The macros in it show nothing but their arguments.
PIECES = "_macros/ui.html"


class Shared(Template):
    """A template whose macros are put together once, whoever imports them.

    Jinja compares the names of all globals at each import, for templates that were given globals of their own. None is
    here, and a page has some twenty imports: together they took a twelfth of its time.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module(None)


class Environment(flask.templating.Environment):
    """Works out what every answer has in common while a template is compiled, once; while developing at every use."""

    template_class = Shared

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        if has_request_context() and not self.app.debug:
            _Constants(self).visit(source)
        return super()._generate(source, *args, **kwargs)


def hold(app: Flask) -> None:
    """Read all templates now: an upgrade puts others in their place while this process still serves.

    While developing they are read as they change.
    """
    on_disk = app.jinja_loader
    if app.debug or on_disk is None:
        return
    held = {name: on_disk.get_source(app.jinja_env, name)[:2] for name in on_disk.list_templates()}
    app.jinja_loader = FunctionLoader(lambda name: (*held[name], lambda: True) if name in held else None)


class _Constants(NodeTransformer):
    """Puts addresses of static files, and ``PIECES`` that are given only constants, into the template as words."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._pieces: dict[str, str] = {}

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:
        if isinstance(node.template, nodes.Const) and node.template.value == PIECES:
            for name in node.names:
                piece, called = name if isinstance(name, tuple) else (name, name)
                self._pieces[called] = piece
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        # What is called has a block and is no constant; its arguments and the block may hold some.
        self.generic_visit(node.call)
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return node
        try:
            args = [each.as_const() for each in node.args]
            kwargs = {each.key: each.value.as_const() for each in node.kwargs}
        except nodes.Impossible:
            return node
        name = node.node.name
        if name == "url_for" and args == ["static"]:
            address: Any = self._environment.globals["url_for"]
            made = address(*args, **kwargs)
        elif name in self._pieces:
            made = getattr(self._environment.get_template(PIECES).module, self._pieces[name])(*args, **kwargs)
        else:
            return node
        return nodes.Const(made, lineno=node.lineno)
