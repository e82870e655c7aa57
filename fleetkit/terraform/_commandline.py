"""Command lines of Terraform, built by python-terraform: the only file that imports it.

Only its builder is used. It starts nothing here, because its own runner waits for the end of the
program before it shows a line, logs standard error, and reads state files of its own accord.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["FLAG", "PYTHON_TERRAFORM_VERSION", "CommandLine", "Option"]

PYTHON_TERRAFORM_VERSION = "0.10.1"
"""The version whose private parts this file relies upon; a test compares it with what is installed."""


class _Flag:
    def __repr__(self) -> str:
        return "FLAG"


FLAG = _Flag()
"""Value of an option that stands alone: ``json=FLAG`` becomes ``-json``."""

Option = str | int | bool | Sequence[str] | _Flag | None
"""What an option may be; None leaves it out, a sequence repeats it."""


class CommandLine:
    """Builds the command lines of one Terraform.

    Parameters
    ----------
    program
        Path of the program, the first word of every command line.
    """

    def __init__(self, program: str) -> None:
        self._builder = _new_builder(program)

    def build(self, command: str, *arguments: str, **options: Option) -> list[str]:
        """Return the words of ``command`` with its options before its arguments.

        Parameters
        ----------
        command
            ``"plan"``, or several words as in ``"state rm"``.
        arguments
            What follows the options, unchanged.
        options
            Names with underscores in place of hyphens: ``lock_timeout="5s"`` becomes ``-lock-timeout=5s``.
        """
        from python_terraform import IsFlagged

        translated: dict[str, Any] = {}
        for name, value in options.items():
            if isinstance(value, _Flag):
                translated[name] = IsFlagged
            elif value is None or isinstance(value, (str, int)):
                translated[name] = value
            else:
                # Only a real list is repeated by the builder; a mapping would make it write a file with the values.
                translated[name] = list(value)
        words: list[str] = self._builder.generate_cmd_string(command, *arguments, **translated)
        return words


def _new_builder(program: str) -> Any:
    from python_terraform import Terraform

    class Builder(Terraform):  # type: ignore[misc]  # the library ships no types
        def read_state_file(self, file_path: str | None = None) -> None:
            """Leave the state alone: the original opens ``terraform.tfstate`` of the current folder."""

    return Builder(terraform_bin_path=program)
