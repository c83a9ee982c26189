"""Forms that wait for a verification: nothing of them is done before it, lost, or sent to another place.

A form that reaches a view too early is sealed and stored for 15 minutes; the page *Confirm it is you* has its
random id in its address. Once the person has confirmed, another page says that nothing was sent yet. Its
button posts the id, with a CSRF token of now, to the path that the form was sent to. There the decorator puts
the fields into ``request.form``, and the view goes on as if they had just come. So the fields, passwords too,
come to no page again, and the pages on the way can be reloaded, gone back to and opened in two tabs.

Only its person can send a form, in the session that it came from, and once: the request that deletes the row
has it. What can't be sent again as a plain form isn't stored: files, very long forms, and what another site
sent.

A form that came without a valid CSRF token isn't given one, as the host may have tokens of its own. Then the
view decides about the form as it would have at first.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import g, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict

from mfa.accounts import Person, accounts
from mfa.crypto.keys import UnknownKey, Unreadable
from mfa.database import affected, in_batches, run, transaction
from mfa.errors import Refusal
from mfa.requirement import statements
from mfa.ring import ring
from mfa.web import access, csrf, paths

FIELD = "two_step_form"
"""The field that names the form that is sent again."""
LIFETIME = timedelta(minutes=15)
MOST_BYTES = 64 * 1024
"""Of its fields, with their names."""
MOST_FORMS = 5
"""Of a person at once: an older one ends."""
_PURPOSE = "held-form"
_URLENCODED = "application/x-www-form-urlencoded"


class CannotBeHeld(Refusal):
    """The form that came can't be sent again later."""


class Ended(Refusal):
    """There is no such form of this person and session: it was sent already, or is too old."""


@dataclass(frozen=True)
class Held:
    """
    :param target: the path that it was sent to, with its query.
    :param fields: names and values, in their order.
    :param had_token: True if it came with a valid CSRF token.
    """

    id: str
    target: str
    fields: list[tuple[str, str]]
    had_token: bool


def hold(person: Person, now: datetime) -> str:
    """Store the form of the request at work; return its id.

    :raises CannotBeHeld: it is no form, holds a file or more than :data:`MOST_BYTES`, or is another site's.
    """
    target = _target()
    if request.method != "POST" or target is None or not _is_form() or not _is_of_this_site():
        raise CannotBeHeld
    told = {
        "target": target,
        "fields": list(request.form.items(multi=True)),
        "had_token": _has_token(),
    }
    plain = json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if len(plain) > MOST_BYTES:
        raise CannotBeHeld
    csrf.raw_half()  # it names the session, see _bound_to
    form_id = secrets.token_urlsafe(16)
    with transaction():
        run(statements.MAKE_ROOM, {"whose": person.id, "newest": MOST_FORMS - 1})
        run(
            statements.HOLD,
            {
                "id": form_id,
                "person_id": person.id,
                "sealed": ring().seal(_PURPOSE, plain, _bound_to(person, form_id)),
                "expires_at": now + LIFETIME,
            },
        )
    return form_id


def load(person: Person, form_id: str, now: datetime) -> Held:
    """Return a form that waits.

    :raises Ended: it does not.
    """
    if "\0" in form_id:  # PostgreSQL takes none in a text
        raise Ended
    found = run(statements.HELD, {"form_id": form_id, "whose": person.id, "now": now}).first()
    if found is None:
        raise Ended
    try:
        told = json.loads(ring().open(_PURPOSE, found.sealed, _bound_to(person, form_id)))
    except (UnknownKey, Unreadable) as error:
        raise Ended from error
    return Held(form_id, told["target"], [(name, value) for name, value in told["fields"]], told["had_token"])


def sent_again() -> str | None:
    """Return the id of the form that this request sends again; None if it is no such request."""
    # Not in what brings files, which the view may want to read by itself.
    is_ours = request.method == "POST" and request.mimetype == _URLENCODED
    return request.form.get(FIELD) if is_ours else None


def restore(person: Person, form_id: str, now: datetime) -> None:
    """Put the fields of a form that waits into the request at work, which must go where it was sent.

    :raises Ended: there is none, or it was sent elsewhere.
    :raises CSRFError: the request has no valid CSRF token.
    """
    access.with_token()
    held = load(person, form_id, now)
    if held.target != _target():
        raise Ended
    with transaction():
        if affected(statements.TAKE, {"form_id": form_id, "whose": person.id, "now": now}) != 1:
            raise Ended
    fields = held.fields
    if held.had_token:
        name = csrf.field_name()
        fields = [(one, csrf.token() if one == name else value) for one, value in fields]
    else:
        # That of this request is good for the button alone.
        g.pop("csrf_valid", None)
    request.form = ImmutableMultiDict(fields)
    request.values = CombinedMultiDict([request.args, request.form])


def forget_all(person_id: str) -> None:
    """Delete the forms of a person, as part of the caller's transaction."""
    affected(statements.FORGET_ALL, {"whose": person_id})


def forget_expired(now: datetime) -> Iterator[int]:
    """Delete the forms that are over, batch by batch."""
    return in_batches(statements.DELETE_EXPIRED, {"now": now})


def _target() -> str | None:
    """Return the path of the request at work with its query; None if a form can't be led there safely."""
    path = quote(request.root_path + request.path, safe="/!$&'()*+,;=:@~")
    query = request.query_string.decode("latin-1")
    return paths.local_path(f"{path}?{query}" if query else path)


def _is_form() -> bool:
    if request.mimetype not in (_URLENCODED, "multipart/form-data", ""):
        return False
    return not any(file.filename for file in request.files.values())


def _is_of_this_site() -> bool:
    try:
        access.same_site()
    except access.FromAnotherSite:
        return False
    return True


def _has_token() -> bool:
    try:
        access.with_token()
    except CSRFError:
        return False
    return True


def _bound_to(person: Person, form_id: str) -> bytes:
    token = session.get(csrf.field_name(), "")
    return "\0".join((form_id, person.id, accounts().session_id(), token)).encode()
