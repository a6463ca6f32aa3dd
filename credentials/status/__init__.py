"""Status lists: publish one, and look up what a list says about a credential.

`check_status` reads every kind of entry that a credential may carry; each kind has a module of its
own. `check_token_status` does the same for tokens that are no JSON-LD credentials. What cannot be
fetched is `CannotCheck`: never "not cancelled".
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from credentials.status.checking import check_status
from credentials.status.result import LIST_LENGTH, StatusResult

if TYPE_CHECKING:
    from credentials.status.bitstring import status_entry, status_list_credential
    from credentials.status.token_status_list import check_token_status

__all__ = [
    "LIST_LENGTH",
    "StatusResult",
    "check_status",
    "check_token_status",
    "status_entry",
    "status_list_credential",
]
_FOUND_IN = {
    "check_token_status": "token_status_list",
    "status_entry": "bitstring",
    "status_list_credential": "bitstring",
}


def __getattr__(name: str) -> Any:
    """Give what only those need who read or publish lists (PEP 562)."""
    if name not in _FOUND_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)
