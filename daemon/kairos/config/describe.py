"""The settings, described from their own source: the text of `etc/kairos.toml` and `docs/settings.md`.

The docstring under a field is the only place its meaning is written; tests hold both files to it.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from kairos.config import schema
from kairos.config.schema import CommandTemplate, Expectation, Reminder, Settings, WebhookTemplate

_HEAD = """\
# KAIROS settings. Every key is here with its default, commented out: uncomment what you change.
# Later files in kairos.d/*.toml win over this one, KAIROS_GROUP__KEY in the environment over those,
# and `--set group.key=value` over all. `kairos settings` prints this file.
"""
_LISTS: tuple[tuple[str, type[Any]], ...] = (
    ("act.commands.NAME", CommandTemplate),
    ("act.webhooks.NAME", WebhookTemplate),
    ("expect", Expectation),
    ("remind", Reminder),
)


@dataclass(frozen=True)
class Field:
    """One setting as its source has it."""

    name: str
    default: Any
    meaning: str


def fields(group: type[Any]) -> Iterator[Field]:
    """The fields of a settings struct with the docstrings under them."""
    meanings = _meanings(group)
    for field in msgspec.structs.fields(group):
        default = field.default if field.default is not msgspec.NODEFAULT else ...
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        yield Field(field.encode_name, default, meanings.get(field.name, ""))


@cache
def _meanings(group: type[Any]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(group))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = inspect.cleandoc(ast.literal_eval(after.value))
    return found


def groups() -> Iterator[tuple[str, str, type[Any]]]:
    """`(table, what it is for, struct)` of every group that is a table of its own."""
    for field in msgspec.structs.fields(Settings):
        struct = field.default.__class__ if isinstance(field.default, msgspec.Struct) else None
        if struct is not None:
            yield field.name, inspect.getdoc(struct) or "", struct
    for table, struct in _LISTS:
        yield table, inspect.getdoc(struct) or "", struct


def toml() -> str:
    """The text of `etc/kairos.toml`."""
    blocks = [_HEAD]
    for table, purpose, struct in groups():
        mark = "[[{}]]" if table in ("expect", "remind") else "[{}]"
        commented = "# " if struct in dict(_LISTS).values() else ""
        lines = [f"# {purpose}", f"{commented}{mark.format(table)}"]
        for field in fields(struct):
            if isinstance(field.default, dict):
                continue
            lines += textwrap.wrap(field.meaning, 98, initial_indent="# ", subsequent_indent="# ")
            lines.append(f"#{field.name} = {_value(field)}")
        blocks.append("\n".join(lines) + "\n")
    blocks.append('# A plugin\'s own settings: see its README.\n# [plugin.logwatch]\n#files = ["/var/log/syslog"]\n')
    return "\n".join(blocks)


def markdown() -> str:
    """The text of `docs/settings.md`."""
    rows = ["# Settings", "", schema.__doc__.splitlines()[0] if schema.__doc__ else "", ""]
    rows += ["This page and `etc/kairos.toml` are made from the source by `kairos settings`; a test holds them to it.", ""]
    for table, purpose, struct in groups():
        rows += [f"## `{table}`", "", purpose, "", "| key | default | meaning |", "|---|---|---|"]
        for field in fields(struct):
            value = "required" if field.default is ... else f"`{_value(field)}`"
            rows.append(f"| `{field.name}` | {value} | {field.meaning.replace('|', chr(92) + '|')} |".replace("\n", " "))
        rows.append("")
    return "\n".join(rows)


def _value(field: Field) -> str:
    if field.default is ...:
        return '"…"'
    if isinstance(field.default, tuple):
        items: tuple[Any, ...] = field.default
        return "[" + ", ".join(json.dumps(item) for item in items) + "]"
    if isinstance(field.default, str) and "\\" in field.default:
        return _literal(field.default)
    return json.dumps(field.default)


def _literal(text: str) -> str:
    """A string TOML reads back as it is, backslashes and all."""
    return f"'''{text}'''" if "'" in text else f"'{text}'"
