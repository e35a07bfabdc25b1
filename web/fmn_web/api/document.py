"""Document: all preferences at once, as ``fmn user export`` writes them."""

from __future__ import annotations

from fmn_core.store.documents import UserPart
from fmn_core.store.exchange import document, user_of
from fmn_web.exchange import take_in

from .operation import Answer, Call, Operation


def get(call: Call) -> Answer:
    """Return all preferences as one document."""
    return Answer(document(call.parts.store.preferences.user(call.user)))


def put(call: Call) -> Answer:
    """Put a document in the place of the preferences that it names."""
    take_in(call.parts, call.user, user_of(call.body))
    return get(call)


OPERATIONS = (
    Operation("document", "GET", "/document", "All your preferences as one document", get, UserPart),
    Operation(
        "put_document", "PUT", "/document", "Put a document in the place of the preferences that it names", put,
        UserPart, UserPart, writes=True,
    ),
)  # fmt: skip
