"""A secret's value, carried without being shown, and handed over to whoever is to write it.

Nothing that prints, logs, compares or pickles things gets at it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import NoReturn

from fleetkit.core import FleetkitError, Redactor, SettingsError, remember_secret
from fleetkit.secrets._quiet import no_debug_logs

__all__ = ["Secret"]


class Secret:
    """A value that does not print itself.

    From the moment it is made, `fleetkit.core.Redactor` takes it out of every text.

    Parameters
    ----------
    content
        The value.
    name
        What it is called wherever it is spoken of: its reference.

    Raises
    ------
    SettingsError
        When it is so short that it could not be taken out of texts; the message does not show it.
    """

    __slots__ = ("_content", "name")

    def __init__(self, content: bytes, *, name: str) -> None:
        self._content = content
        self.name = name
        # Some tools show what stands in the frames of a traceback.
        del content
        if refused := self._remember():
            raise SettingsError(
                f"the secret {name} cannot be used",
                seen=refused,
                hint="make it longer: a value that short could be guessed, too",
            )

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError(f"a secret is neither copied nor pickled: {self.name}")

    def deliver(self, write: Callable[[bytes], object]) -> None:
        """Call ``write`` with the value; what it returns is dropped, and what it raises is told without the value.

        Raises
        ------
        FleetkitError
            What ``write`` raised: as it is where it is an error of fleetkit's that does not name the value.
        """
        failure = self._hand_over(write)
        # Raised out here, so that neither the first error nor a frame that holds the value hangs on to this one.
        if failure is not None:
            raise failure

    def _hand_over(self, write: Callable[[bytes], object]) -> Exception | None:
        try:
            with no_debug_logs():
                write(self._content)
        except Exception as error:  # noqa: BLE001 -- whatever it is may repeat the value, and is told again without it
            return self._tell(error)
        return None

    def _tell(self, error: Exception) -> FleetkitError:
        said = str(error)
        if isinstance(error, FleetkitError) and Redactor().redact(said) == said:
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)
        kind = type(error).__name__
        return FleetkitError(
            f"the secret {self.name} could not be handed over", seen=f"{kind}: {Redactor().redact(said)[:400]}"
        )

    def protect(self, protect: Callable[[list[str]], object]) -> None:
        """Tell somebody else, such as a run, which texts to keep out of what is written.

        Parameters
        ----------
        protect
            Called once with the value as texts, as `fleetkit.runs.Run.protect` takes them.
        """
        protect(self._texts())

    def fingerprint(self, key: bytes) -> str:
        """Return what tells whether the value is the one it was before, and nothing else of it.

        Parameters
        ----------
        key
            At least 16 bytes that only those know who may compare: without them a short value could be guessed from
            its hash.

        Raises
        ------
        ValueError
            When the key is shorter.
        """
        if len(key) < 16:
            raise ValueError(f"a fingerprint is made with a key of 16 bytes or more, and this one has {len(key)}")
        return hmac.new(key, self._content, hashlib.sha256).hexdigest()

    def _remember(self) -> str:
        """Have the value taken out of texts from now on; return why that cannot be, else nothing."""
        try:
            for text in self._texts():
                remember_secret(text)
        except ValueError as error:
            return str(error)
        return ""

    def _texts(self) -> list[str]:
        """Return the value as texts that may be looked for; one that is no text, as programs write it down."""
        try:
            return [self._content.decode("utf-8")]
        except UnicodeDecodeError:
            told = self._content.hex()
            return [base64.b64encode(self._content).decode("ascii"), told, told.upper(), repr(self._content)[2:-1]]
