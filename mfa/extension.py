"""The extension object: what a host makes, mounts and calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, current_app, has_request_context, request
from markupsafe import Markup
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mfa import (
    accounts as adapters,
    at_work,
    clock,
    database,
    engines,
    host_pages,
    i18n,
    keys,
    people_data,
    pool,
    ring,
    schema,
    settings,
    tidying,
)
from mfa.accounts import Accounts, Person
from mfa.attempts import hashing
from mfa.commands import group
from mfa.crypto.keys import KeyRing
from mfa.database import transaction
from mfa.enrollment import link, rules, slot, wizard
from mfa.errors import SetUpWrong
from mfa.factors import kinds as factors
from mfa.here import Here
from mfa.host_pages import HostPages
from mfa.manage import authenticators, browsers, check_up, codes, disable, revocation, tab
from mfa.notices import background, messages, worker
from mfa.notices.addresses import in_ascii
from mfa.notices.office import Message, Office, by_name
from mfa.people import recoveries, required as requirement
from mfa.recovery import routes as recovery, rules as recovery_rules
from mfa.requirement import guard, step_up
from mfa.sign_in import asking, browser, remembered, routes as sign_in, rules as sign_in_rules
from mfa.sign_in.challenges import Asked
from mfa.sign_in.forms import PasskeySignInForm
from mfa.sign_in.rules import Passed
from mfa.web import (
    access,
    assets,
    devices,
    embed,
    errors,
    headers,
    layouts,
    nonce as nonces,
    posted,
    ranges,
    templates,
    visitor,
)
from mfa.web.host import Host, host
from mfa.web.paths import local_path

NAME = "two_step"
"""Of the extension, its blueprint, and the one global that templates of the host get."""
_CHECKED = "mfa_checked"
P = ParamSpec("P")
R = TypeVar("R")


def _closing(
    method: Callable[Concatenate[TwoStep, P], R],
) -> Callable[Concatenate[TwoStep, P], R]:
    """Give the connection of the extension's own session back at the end of *method*.

    Its own pages do so when they are answered; a host calls from anywhere.
    """

    @functools.wraps(method)
    def closing(self: TwoStep, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        finally:
            if not (has_request_context() and NAME in request.blueprints):
                database.close()

    return closing


class TwoStep:
    """2-step verification for the people of a Flask application.

    :param accounts: the host's accounts; may be given to :meth:`init_app` instead.
    :param session: returns the host's own database session, to be shared: then a change of the second step
        and what the host does at it are one transaction. Without it the extension has its own.
    :param url_prefix: the path below which the pages of the extension stand.
    :param verify_prefix: the path of the second step at sign-in; ``url_prefix/verify`` if None.
    :param layout: a template of the host around the pages, or one each for the kinds ``account``, ``sign_in``
        and ``sheet`` (a sheet for the printer); without it they are whole pages of their own.
    :param layout_block: the block of that layout that takes the content; None if it prints ``content``.
    :param nonce: returns the nonce of the answer at work, for a host whose Content-Security-Policy names one;
        without it the extension has its own, for its own pages.
    :param required: returns True for a person who must have 2-step verification on: they can't turn it off,
        and are told by when to turn it on. A :class:`~mfa.Required` in place of True says more. See
        :meth:`reminder` and :meth:`guard`.
    :param grace: how long somebody who must may put it off, from the first time that they are told.
    :param remember: False, or a function that returns False for a person, whose second step is asked for at
        each sign-in: no page offers to leave it out in a browser, and none does that was remembered before.
    :param stands_alone: False in a host that sets the security headers and answers the errors of all its
        routes itself: then the extension does neither on its own.
    """

    def __init__(
        self,
        accounts: Accounts | None = None,
        *,
        session: Callable[[], Session] | None = None,
        url_prefix: str = "/account/two-step",
        verify_prefix: str | None = None,
        layout: str | Mapping[str, str] | None = None,
        layout_block: str | None = "content",
        nonce: Callable[[], str] | None = None,
        required: Callable[[Person], bool | requirement.Required] | None = None,
        grace: timedelta = timedelta(0),
        remember: bool | Callable[[Person], bool] = True,
        stands_alone: bool = True,
    ) -> None:
        self._accounts, self._session = accounts, session
        self._url_prefix = "/" + url_prefix.strip("/")
        self._verify_prefix = verify_prefix or f"{self._url_prefix}/verify"
        self._layouts = layout if isinstance(layout, Mapping) else {"account": layout, "sign_in": layout}
        if unknown := self._layouts.keys() - layouts.KINDS:
            raise SetUpWrong(
                f"TwoStep(layout=…) names {sorted(unknown)}: its kinds are {', '.join(layouts.KINDS)}."
            )
        self._layout_block, self._nonce = layout_block, nonce
        self._stands_alone = stands_alone
        self._required, self._grace = required, grace
        self._remember = remember

    def init_app(
        self,
        app: Flask,
        accounts: Accounts | None = None,
        *,
        office: Office | None = None,
        language: Callable[[], str] = i18n.language,
        required: Callable[[Person], bool | requirement.Required] | None = None,
        remember: Callable[[Person], bool] | None = None,
    ) -> None:
        """Mount the extension in *app*.

        What is given to :class:`TwoStep` may be given here instead, where a host makes that before the rest.

        :param office: how mails are written and sent; by default by Flask-Mail's settings.
        :param language: returns the code of the language that a page is in, where the host knows more of them
            than the extension.
        :param required: in place of that of :class:`TwoStep`.
        :param remember: likewise.
        :raises SetUpWrong: something that it needs is missing; the text says what.
        """
        accounts = accounts or self._accounts
        if accounts is None:
            raise SetUpWrong("Two-step needs the host's accounts: TwoStep(accounts=…).")
        if NAME in app.extensions:
            raise SetUpWrong("Two-step is mounted in this application already.")
        own = settings.Settings.of(app)
        made = keys.make(app)
        ring.use(app, made)
        app.extensions[NAME] = self
        adapters.use(app, accounts)
        settings.use(app, own)
        requirement.use(app, requirement.Requirement(required or self._required, self._grace))
        remembered.use(app, remember or self._remember)
        _count_by_network(app, own)
        hashing.use(app, hashing.Line(own.hashes_at_once, waiting=own.hashes_waiting))
        if self._session:
            # Who answers for all its routes itself also says by itself that the tables are missing.
            shared = functools.partial(engines.shared, self._session) if self._stands_alone else self._session
            database.use(app, shared, is_hosts=True)
            in_use = functools.partial(engines.of_session, self._session)
        else:
            database.use_own(app, functools.partial(engines.of_own, accounts))
            in_use = functools.partial(engines.find, app, accounts)
        pages = self.pages(accounts)
        self._host(own, accounts, made, language).take_in(app)
        if self._nonce:
            nonces.use(app, self._nonce)
        (office or _office(own, pages, ends_sessions=accounts.ends_other_sessions)).open(app)
        background.set_up(app, tidying.tidy, is_at_once=lambda: app.testing or pool.is_single(in_use()))
        app.register_blueprint(self._blueprint())
        app.cli.add_command(group)
        if NAME in app.jinja_env.globals:
            raise SetUpWrong(f"The templates of this application have a global {NAME} already.")
        app.jinja_env.globals[NAME] = self

    def _host(
        self, own: settings.Settings, accounts: Accounts, made: KeyRing, language: Callable[[], str]
    ) -> Host:
        return Host(
            product=own.product_name,
            ring=made,
            language=language,
            posted_cookie=f"{own.cookie_prefix}-posted",
            endpoints=self.pages(accounts),
            layouts={kind: name for kind, name in self._layouts.items() if name},
            block=self._layout_block,
            support_address=own.support_address,
            support_url=f"mailto:{in_ascii(own.support_address)}" if own.support_address else "",
            accent=own.accent,
            logo=own.logo,
            has_partials=not self._stands_alone,
            ends_sessions=accounts.ends_other_sessions,
            sign_in_url=accounts.sign_in_url,
        )

    def _blueprint(self) -> Blueprint:
        parent = Blueprint(NAME, "mfa")
        parent.before_request(_check)
        if self._stands_alone:
            parent.before_request(access.same_site)
            parent.before_request(access.forms_alone)
            parent.after_request(headers.add)
            errors.handle(parent, onward=sign_in.way_on)
            posted.forget(parent)
        parent.before_request(access.with_token)
        parent.before_request(worker.start)
        parent.before_request(_let_in)
        parent.after_request(devices.write)
        parent.teardown_request(visitor.forget_owner)
        parent.teardown_request(database.close)
        for room, below in (
            (tab.blueprint, ""),
            (authenticators.blueprint, ""),
            (codes.blueprint, "/reissue"),
            (disable.blueprint, "/disable"),
            (browsers.blueprint, "/browsers"),
            (check_up.blueprint, "/check-up"),
            (revocation.blueprint, "/revoke"),
            (wizard.blueprint, "/enroll"),
            (link.blueprint, "/enroll/link"),
            (step_up.blueprint, "/confirm"),
            (recovery.blueprint, "/recover"),
            (assets.blueprint, ""),
        ):
            parent.register_blueprint(room, url_prefix=f"{self._url_prefix}{below}")
        parent.register_blueprint(sign_in.blueprint, url_prefix=self._verify_prefix)
        return parent

    def engine(self) -> Engine:
        """Return the engine of the database that has the extension's tables, in the application at work.

        :raises SetUpWrong: the host has told of none.
        """
        return engines.find(current_app, adapters.accounts())

    def upgrade_tables(self) -> None:
        """Make the extension's tables, or bring them to the newest version: ``flask two-step db upgrade``.

        Call it inside an application context, after the host has committed its own work: in the set-up of a
        host's tests, for example.

        :raises SetUpWrong: no database, or one in memory with work that is not committed.
        """
        with database.not_in_use(self.engine()).begin() as connection:
            schema.upgrade(connection)

    @staticmethod
    def pages(accounts: Accounts) -> Mapping[str, str]:
        """Return the endpoints that mails link to, for an :class:`~mfa.notices.office.Office` of the host."""
        return HostPages(accounts)

    # In a template of the host

    def button(self, label: str | None = None, *, class_: str = "") -> Markup:
        """Return the link that opens the dialog, for the host's profile menu.

        :param label: its text; "2-Step Verification" in the language of the request if None.
        :param class_: classes of the host, so that it looks like what stands beside it.
        """
        _check()
        return embed.button(label, class_)

    @_closing
    def modal(self, title: str | None = None, *, nonce: str | None = None) -> Markup:
        """Return the dialog, for the end of the host's body; nothing if nobody is signed in.

        :param title: of the dialog; "Account Management" in the language of the request if None.
        :param nonce: of the host's Content-Security-Policy; not needed where ``TwoStep(nonce=…)`` says it.
        """
        _check()
        return embed.modal(title, nonce) if visitor.is_signed_in() else Markup("")

    @_closing
    def reminder(self, *, class_: str = "") -> Markup:
        """Return a sentence with a link that says by when the visitor must turn 2-step verification on.

        Nothing if they need not, if it is on, if nobody is signed in, and on the pages of the extension,
        which say it themselves. The ``grace`` of a person begins when they are told for the first time.

        :param class_: classes of the host for the paragraph.
        """
        return embed.reminder(class_)

    @_closing
    def passkey_sign_in(self, next: str | None = None, *, nonce: str | None = None) -> Markup:  # noqa: A002 (the trade's name)
        """Return the button **Sign in with a passkey**, for the host's sign-in page, below its form.

        Nothing if somebody is signed in, if ``MFA_PASSKEY_SIGN_IN`` is False, and where the site has no
        domain. Browsers without passkeys don't show it. A text field of the page with
        ``autocomplete="username webauthn"`` offers passkeys, too.

        :param next: the path of this application where they want to go; another one is left out.
        :param nonce: of the host's Content-Security-Policy; not needed where ``TwoStep(nonce=…)`` says it.
        """
        _check()
        ceremony = None if visitor.is_signed_in() else asking.passkey_sign_in()
        if ceremony is None:
            return Markup("")
        return embed.passkey_sign_in(ceremony, PasskeySignInForm(formdata=None), local_path(next), nonce)

    # Sign-in

    @_closing
    def sign_in(
        self,
        user: object,
        next: str | None = None,  # noqa: A002 (the trade's name)
        *,
        remember: bool = False,
        failures: int = 0,
        swap: bool = False,
    ) -> Response:
        """Answer a login whose password was right: ask for the second step, or begin the host's session.

        It is not asked for where it is off, and in a browser that is remembered.

        What the host has flashed before is shown once the person is signed in, and not by the page that asks.

        :param user: the host's object for somebody, or a :class:`~mfa.accounts.Person`.
        :param next: the path of this application where they want to go; another one is left out.
        :param remember: passed on to :meth:`~mfa.accounts.Accounts.log_in`.
        :param failures: how many wrong passwords were typed before.
        :param swap: to htmx, answer with the form that asks for the code, to be swapped in place of the
            login form; else with a redirect of the window.
        """
        _check()
        person = adapters.identify(user)
        asked = Asked(local_path(next) or "", remember, failures)
        slot.clear()
        let_in = browser.begin(person, asked)
        if let_in is None:
            return sign_in.show_challenge(swap=swap)
        return browser.enter(let_in.owner, asked, let_in.passed)

    @_closing
    def challenge(
        self,
        user: object,
        next: str | None = None,  # noqa: A002 (the trade's name)
        *,
        remember: bool = False,
        failures: int = 0,
    ) -> str | None:
        """Begin the second step of a login, for a host that answers with data instead of a page.

        Return the address of the page that asks for it; None if the password was enough: then that is noted
        in the session, and the host begins to sign them in itself. The parameters are those of
        :meth:`sign_in`.
        """
        _check()
        person = adapters.identify(user)
        asked = Asked(local_path(next) or "", remember, failures)
        slot.clear()
        if browser.begin(person, asked) is not None:
            adapters.accounts().note_proof(person)
            return None
        return sign_in.address()

    @contextmanager
    def hashing(self, user: object | None = None) -> Iterator[None]:
        """Check or make a password's hash inside, in the line in which recovery codes are hashed.

        So many are hashed at once in a process, a few requests wait, and the rest are told to try again:
        pages are served and memory is bounded while hundreds sign in. Count an attempt inside, not before.

        :param user: whose password it is; None if nobody's. People on a device that they know come first.
        :raises hashing.Busy: there is no place, and too many wait: :class:`mfa.Busy` has the ``sentence`` to
            show, the ``status`` and the ``headers``.
        """
        known = user is not None and self._comes_by_known_device(user)
        with hashing.place(devices.device(), known=known):
            yield

    @_closing
    def _comes_by_known_device(self, user: object) -> bool:
        return devices.is_known(lambda: adapters.identify(user).id)

    @property
    def passed(self) -> Passed:
        """How the person at sign-in was verified, for ``log_in``."""
        return browser.passed()

    def is_known_device(self, user: object) -> bool:
        """Return True, in ``log_in``, if the person has signed in on this device before."""
        return browser.is_known_device(adapters.identify(user).id)

    @_closing
    def is_signing_in(self) -> bool:
        """Return True if a password was right in this browser and the second step is still to come."""
        return browser.challenge() is not None

    @_closing
    def cancel_sign_in(self) -> None:
        """End the sign-in of this browser that waits for its second step, if there is one."""
        browser.end_challenge()

    @_closing
    def onward(self) -> Response | None:
        """Return the way on for somebody who posts a login form a second time; None if there is none."""
        return sign_in.onward()

    # What a host's own routes ask for

    def verified(self, within: timedelta) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
        """Ask, before a view of the host, for the second step again if the last time is too long ago.

        Somebody whose 2-step verification is off is asked for the password. They are led to the page that
        asks, and back. A form that they posted waits meanwhile: a page offers to send it, and only then the
        view gets it. A script that is no htmx gets 401 as JSON with the address of the page that asks.

        :param within: for how long one verification is enough.
        """
        return functools.partial(step_up.verified, within=within)

    def protected(self, view: Callable[P, Any]) -> Callable[P, Any]:
        """Let only people whose 2-step verification is on into a view of the host; others are led to it."""
        return step_up.protected(view)

    def guard(self, app: Flask, *, exempt: tuple[str, ...] = (), verification: bool = True) -> None:
        """Watch every route of *app*: the one thing here that is about the whole application.

        Somebody who is signed in without having shown a second step that is on (by a remembered login, or
        since before it was on) is asked for it. Somebody for whom ``required`` is True is led into the wizard
        once ``grace`` is over, and to nothing else until it is on.

        :param exempt: endpoints that stay open all the same, like the sign-out.
        :param verification: False in a host that begins every session by :meth:`sign_in` and ends the others
            when the second step is turned on: then ``required`` alone is watched, and it costs nothing for
            people of whom nothing is required.
        """
        guard.watch(app, exempt, verification=verification)

    # The state of a person

    @_closing
    def is_on(self, user: object) -> bool:
        """Return True if the person's 2-step verification is on."""
        return factors.is_on(adapters.identify(user).id)

    @_closing
    def account_changed(
        self, user: object, *, session: Session | None = None, forget_devices: bool = True
    ) -> None:
        """Tell that the password or the address of a person was changed.

        What was begun before it, in a wizard or at sign-in, ends, and no browser is remembered any more.

        :param session: the host's own, to be part of its transaction: nothing is committed then. Call it
            before the host's own change, so that everybody waits for rows in the same order.
        :param forget_devices: make every device a new one.
        """
        person_id = adapters.identify(user).id
        with _in(session):
            sign_in_rules.account_changed(person_id, forget_devices=forget_devices)

    @_closing
    def forget_devices(self, user: object, *, session: Session | None = None) -> None:
        """Make every device of a person a new one, remember no browser, and end the sign-ins that wait.

        Call it where the host ends sessions from afar: the device may be in other hands.

        :param session: as in :meth:`account_changed`.
        """
        with _in(session):
            sign_in_rules.forget_devices(adapters.identify(user).id)

    @_closing
    def forget_browsers(self, user: object, *, session: Session | None = None) -> int:
        """Forget every remembered browser of a person: the next sign-in asks for the second step again.

        Return how many there were.

        :param session: as in :meth:`account_changed`.
        """
        with _in(session):
            return remembered.forget_every(adapters.identify(user).id, Here(clock.now()))

    @_closing
    def reset(self, user: object, by: str, reason: str, *, session: Session | None = None) -> bool:
        """Turn 2-step verification off for somebody who has lost everything; they are told by mail.

        Return False if it was off. Nothing here proves who asks: that is the operator's part.

        :param by: who does it; the people who run the host know the name.
        :param reason: shown to the person, 1 to 200 characters.
        :param session: as in :meth:`account_changed`.
        :raises rules.NoReason: no reason, or a longer one.
        """
        person = adapters.identify(user)
        with _in(session):
            return rules.reset(person, by=by, reason=reason, here=Here(clock.now()))

    @_closing
    def help(self, user: object, by: str, reason: str, *, session: Session | None = None) -> None:
        """Help somebody back who has lost every second step, without seeing or setting a secret of theirs.

        They are mailed a link that is good for 24 hours. On its page they type their password (or a mailed
        number, if they have none); only then the old second step is turned off, every session ends, and they
        have to set up a new one before anything else: :meth:`guard` leads them to it.

        Their other addresses (``other_addresses`` of the adapter) and their open pages are told, and each
        can stop it by one press. It also ends when they show their second step after all, and when their
        password, address or second step is changed. Helped again, the earlier link ends.

        Nothing here proves who asks: that is the part of the person who helps.

        :param by: who does it; the people who run the host know the name.
        :param reason: shown to the person, 1 to 200 characters.
        :param session: as in :meth:`account_changed`.
        :raises rules.NoReason: no reason, or a longer one.
        :raises NoAddress: the person has no address that a link could be mailed to.
        :raises IsOff: their 2-step verification is off.
        """
        person = adapters.identify(user)
        with _in(session):
            recovery_rules.help_back(person, by=by, reason=reason, here=Here(clock.now()))

    @_closing
    def stop_recovery(self, user: object, *, session: Session | None = None) -> bool:
        """Stop the way back of a person that is open: :meth:`help`, or the wait that they began themselves.

        Return False if none is. The person is told by mail.

        :param session: as in :meth:`account_changed`.
        """
        person = adapters.identify(user)
        with _in(session):
            return recovery_rules.stop_open(person, Here(clock.now()), recoveries.HOST)

    @_closing
    def recovery_notice(self, *, class_: str = "") -> Markup:
        """Return a notice with one press, **This wasn't me**, while a way back into the visitor's account is
        open; else nothing. It asks the database once a page.

        :param class_: classes of the host for the notice.
        """
        _check()
        return recovery.notice(class_)

    @_closing
    def forget(self, user: object, *, session: Session | None = None) -> None:
        """Delete the second step of a person whose account the host deletes, their events and their counts.

        A host must not leave it out: where it gives an id again, as plain SQLite does, the next person would
        have the second step of this one.

        What stays is their id with two counts, so that nothing that was begun before can be completed after
        it, and the mails in the outbox, which still tell this person what happened.

        :param session: as in :meth:`account_changed`.
        """
        with _in(session):
            people_data.forget(adapters.identify(user).id)


def _count_by_network(app: Flask, own: settings.Settings) -> None:
    ranges.use(
        app,
        storage_uri=own.limit_storage_uri,
        refused=own.limit_refused,
        mails=own.limit_mails,
        is_known=devices.is_known,
    )


@contextmanager
def _in(session: Session | None) -> Iterator[None]:
    """Work in a transaction of our own, or as part of the one that the host has in *session*."""
    if session is None:
        with transaction():
            yield
    else:
        engines.check(session)
        with database.within(session):
            yield


def _check() -> None:
    """Refuse, at the first use, templates and endpoints that the host has named and does not have by then."""
    if _CHECKED not in at_work.app().extensions:
        host_pages.check(adapters.accounts())
        layouts.check(host().layouts.values())
        current_app.extensions[_CHECKED] = True


def _let_in() -> Response | None:
    view = at_work.app().view_functions.get(at_work.request().endpoint or "")
    if getattr(view, "is_public", False) or visitor.is_signed_in():
        return None
    return visitor.to_sign_in()


def _office(own: settings.Settings, pages: Mapping[str, str], *, ends_sessions: bool) -> Office:
    return Office(
        product=own.product_name,
        notices=by_name(messages.NOTICES),
        render=templates.render,
        pages=pages,
        support_address=own.support_address,
        accent=own.accent,
        notify=_notify,
        ends_sessions=ends_sessions,
    )


def _notify(person_id: str, message: Message) -> bool:
    person = adapters.find(person_id)
    return person is not None and adapters.accounts().notify(person, message)
