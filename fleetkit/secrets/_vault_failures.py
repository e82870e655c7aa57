"""What hvac and requests raise, turned into our error; what they carry along is left behind.

Their errors hold the request, and so the token or the secret id that went with it: none of ours hangs on to one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetkit.core import NotFoundError, Redactor, ServiceError, VaultError

if TYPE_CHECKING:
    import hvac.exceptions
    import requests

__all__ = ["asking_vault"]

_SEALED = "somebody must unseal it: vault operator unseal"
_BY_STATUS: dict[str, tuple[bool, str]] = {
    "InvalidRequest": (False, "check the login: its mount, its role and its secret id or signature"),
    "Unauthorized": (False, "sign in again: vault login"),
    "Forbidden": (False, "the token is wrong or has ended, or its policies do not let it read this path"),
    "RateLimitExceeded": (True, "repeat in a while"),
    "InternalServerError": (True, "look at Vault's own log, and repeat"),
    "BadGateway": (True, "what Vault itself asks does not answer: repeat"),
    "VaultNotInitialized": (False, _SEALED),
    "VaultDown": (True, _SEALED),
}


def asking_vault(what: str, call: Callable[[], Any], *, address: str) -> Any:
    """Call Vault, and return its answer as JSON, or None where it has no body.

    Parameters
    ----------
    what
        What is asked for, as a noun.
    call
        A call of hvac's.
    address
        Where Vault is, for the message.

    Raises
    ------
    VaultError
        When it refuses or cannot be reached.
    NotFoundError
        When it has no such thing.
    """
    answer, failure = _call(what, call, address)
    if failure is not None:
        raise failure
    return answer


def _call(what: str, call: Callable[[], Any], address: str) -> tuple[Any, ServiceError | NotFoundError | None]:
    import hvac.exceptions
    import requests

    try:
        answer = call()
    except hvac.exceptions.InvalidPath as error:
        return None, NotFoundError(
            f"Vault does not have {what}",
            seen=_clean(", ".join(error.errors or ())) or "no such path, or that version was deleted",
            hint="check mount, path, version and namespace",
        )
    except hvac.exceptions.VaultError as error:
        return None, _refused(what, error, address)
    except requests.RequestException as error:
        return None, _unreached(what, error, address)
    if isinstance(answer, dict) or answer.status_code == 204:
        return (answer if isinstance(answer, dict) else None), None
    return None, _odd(what, answer, address)


def _refused(what: str, error: hvac.exceptions.VaultError, address: str) -> VaultError:
    transient, hint = _BY_STATUS.get(type(error).__name__, (False, f"look at what answers at {address}"))
    said = ", ".join(error.errors or ()) or type(error).__name__
    return VaultError(f"Vault at {address} refused {what}", seen=_clean(said), transient=transient, hint=hint)


def _unreached(what: str, error: requests.RequestException, address: str) -> VaultError:
    import requests

    kinds: tuple[tuple[type[Exception], bool, str, str], ...] = (
        (
            requests.exceptions.SSLError,
            False,
            "its certificate is not trusted, or not for this name",
            "name the authority of its certificate: VAULT_CACERT; it is never left unchecked",
        ),
        (requests.exceptions.ProxyError, True, "the proxy does not answer", "check HTTPS_PROXY and NO_PROXY"),
        (requests.exceptions.ConnectTimeout, True, "no connection in time", "check the address and the network"),
        (requests.exceptions.ReadTimeout, True, "no answer in time", "repeat; look at Vault's own log"),
        (requests.exceptions.ConnectionError, True, "nothing answers there", "check the address and the network"),
    )
    transient, seen, hint = next(
        (row[1:] for row in kinds if isinstance(error, row[0])), (False, type(error).__name__, "check the address")
    )
    return VaultError(f"cannot ask Vault at {address} for {what}", seen=seen, transient=transient, hint=hint)


def _odd(what: str, answer: requests.Response, address: str) -> VaultError:
    sent_on = answer.is_redirect
    return VaultError(
        f"Vault at {address} gave no answer about {what}",
        seen=f"it answered {answer.status_code}{', and sends us elsewhere' if sent_on else ' without JSON'}",
        hint="give the address of the active server or of the balancer before it" if sent_on else "is it Vault?",
    )


def _clean(said: str) -> str:
    return " ".join(Redactor().redact(said).split())[:300]
