"""A notebook's parameters: read from its parameters cell, and checked before anything runs.

The parameters cell holds plain assignments of literals, each with a comment that explains it.
The literal gives the type: a value of another type is refused, as is a name that the cell lacks.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleetkit.core import MASK, NotFoundError, Redactor, SettingsError, parse_reference

__all__ = ["Parameter", "check_parameters", "parse_parameters", "read_parameters", "refuse_secrets"]

_SECRET_NAMES = re.compile(r"(?i)passw(or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|credential")
_AWS_SECRET_KEY = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9/+=]{40}")

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list, as [1, 2]",
    dict: "a mapping, as {'key': 'value'}",
    tuple: "a list, as (1, 2)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a notebook.

    Attributes
    ----------
    default
        The literal in the parameters cell; its type is the parameter's type.
    comment
        What the cell says about it.
    """

    name: str
    default: Any
    comment: str = ""

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return _KINDS.get(type(self.default), "a Python literal")


def read_parameters(notebook: Any) -> tuple[Parameter, ...]:
    """Return the parameters of a notebook, in the order of its cell tagged ``parameters``.

    Raises
    ------
    SettingsError
        When the cell holds anything but assignments of literals.
    """
    tagged = (cell for cell in notebook["cells"] if "parameters" in cell.get("metadata", {}).get("tags", []))
    cell = next(tagged, None)
    if cell is None:
        return ()
    source = cell["source"]
    lines = source.splitlines()
    parameters = []
    for statement in ast.parse(source).body:
        name, value = _assignment(statement)
        comment = lines[statement.end_lineno - 1][statement.end_col_offset :] if statement.end_lineno else ""
        parameters.append(Parameter(name=name, default=value, comment=comment.strip().lstrip("#").strip()))
    return tuple(parameters)


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    target: ast.expr | None = None
    value: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign):
        target, value = statement.target, statement.value
    if isinstance(target, ast.Name) and value is not None:
        with contextlib.suppress(ValueError):  # refused below, with every statement that assigns no literal
            return target.id, ast.literal_eval(value)
    raise SettingsError(
        "a parameters cell holds assignments of plain literals alone", seen=ast.unparse(statement).split("\n", 1)[0]
    )


def parse_parameters(pairs: Sequence[tuple[str, str]], *, known: Sequence[Parameter]) -> dict[str, Any]:
    """Turn ``-p name value`` pairs of text into values of the parameters' types.

    Raises
    ------
    NotFoundError
        When a name is unknown; lists the known ones.
    SettingsError
        When a text cannot be read as its parameter's type.
    """
    by_name = {parameter.name: parameter for parameter in known}
    return {name: _parse(text, _lookup(name, by_name)) for name, text in pairs}


def check_parameters(values: Mapping[str, Any], *, known: Sequence[Parameter]) -> dict[str, Any]:
    """Return ``values`` once each is known, of its parameter's type, and no secret.

    Raises
    ------
    NotFoundError
        When a name is unknown; lists the known ones.
    SettingsError
        When a value has the wrong type, or looks like a secret.
    """
    by_name = {parameter.name: parameter for parameter in known}
    for name, value in values.items():
        _check_type(value, _lookup(name, by_name))
    refuse_secrets(values)
    return dict(values)


def refuse_secrets(values: Mapping[str, Any]) -> None:
    """Refuse parameters that look like secrets: the record keeps parameters as they are.

    Raises
    ------
    SettingsError
        When one does; the message does not show it.
    """
    for name, value in values.items():
        _refuse_secret(name, value)


def _lookup(name: str, by_name: Mapping[str, Parameter]) -> Parameter:
    if name not in by_name:
        raise NotFoundError(f"the notebook has no parameter {name!r}", known=by_name)
    return by_name[name]


def _parse(text: str, parameter: Parameter) -> Any:
    kind = type(parameter.default)
    if kind is str:
        return text
    if kind is bool:
        if text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        raise _wrong_type(text, parameter)
    try:
        value = float(text) if kind is float else ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        if parameter.default is None:
            return text
        raise _wrong_type(text, parameter) from error
    _check_type(value, parameter)
    return value


def _check_type(value: Any, parameter: Parameter) -> None:
    default = parameter.default
    if default is None:
        return
    legal: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    # True is an int to Python, but not to a person who was asked for a number.
    if not isinstance(value, legal) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise _wrong_type(value, parameter)


def _wrong_type(value: object, parameter: Parameter) -> SettingsError:
    # The value may be a secret that was put in the wrong place, so its text is held against the shapes.
    return SettingsError(
        f"parameter {parameter.name!r} must be {parameter.expected}",
        seen=Redactor().redact(repr(value)),
        hint=f"its default is {parameter.default!r}",
    )


def _refuse_secret(name: str, value: Any) -> None:
    texts = [str(item) for item in _leaves(value)]
    named = bool(_SECRET_NAMES.search(name)) and any(text and not _is_reference(text) for text in texts)
    shaped = any(Redactor().redact(text) != text or _AWS_SECRET_KEY.fullmatch(text) for text in texts)
    if named or shaped:
        raise SettingsError(
            f"the value of parameter {name!r} looks like a secret, and parameters are kept in the record",
            seen=MASK,
            hint="pass a reference in its place: env:NAME, file:/PATH, ssm:NAME, secretsmanager:NAME or "
            "vault:MOUNT/PATH#FIELD",
        )


def _is_reference(text: str) -> bool:
    try:
        parse_reference(text)
    except SettingsError:
        return False
    return True


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [] if isinstance(value, (bool, type(None))) else [value]
