"""Status lists: publish one, and look up what a list says about a credential.

`check_status` reads every kind of entry that a credential may carry; each kind has a module of its
own. `check_token_status` does the same for tokens that are no JSON-LD credentials. What cannot be
fetched is `CannotCheck`: never "not cancelled".
"""

from credentials.status.bits import LIST_LENGTH
from credentials.status.bitstring import status_entry, status_list_credential
from credentials.status.checking import check_status
from credentials.status.looking import StatusResult
from credentials.status.token_status_list import check_token_status

__all__ = [
    "LIST_LENGTH",
    "StatusResult",
    "check_status",
    "check_token_status",
    "status_entry",
    "status_list_credential",
]
