"""Every route of the console: what it is called by, who may, and whether a call has got in."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any
from unittest.mock import patch

from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule


class Who(Enum):
    """Who gets into a route."""

    ANYBODY = "anybody"
    SIGNED_IN = "who is signed in"
    MANAGES = "owners and administrators"


ROUTES = {
    Who.ANYBODY: """
        static
        accounts.sign_in accounts.check_password
        accounts.sign_up accounts.mail_sign_up_link accounts.create_account accounts.open_account
        accounts.forgot_password accounts.mail_reset_link accounts.reset_password accounts.set_password
        email_change.undoing email_change.undo
        invitation.show invitation.accept
        health.alive health.ready metrics.show reports.take
        mailbox.index mailbox.letter
        sessions.sign_out
        two_step.assets.file
        two_step.link.page two_step.link.confirm
        two_step.revocation.page two_step.revocation.revoke
        two_step.sign_in.verify two_step.sign_in.complete
        two_step.sign_in.by_passkey two_step.sign_in.enter_by_passkey
        two_step.sign_in.send_confirmation two_step.sign_in.confirmation two_step.sign_in.confirm
        two_step.recovery.page two_step.recovery.send_number two_step.recovery.finish
        two_step.recovery.stopping two_step.recovery.stop two_step.recovery.stop_here
        two_step.recovery.lost two_step.recovery.begin_wait two_step.recovery.send_wait_number
    """,
    Who.SIGNED_IN: """
        console.home
        accounts.profile accounts.change_profile accounts.password accounts.change_password
        activity.tab
        deletion.ask deletion.delete
        help.stop
        email_change.ask email_change.send email_change.confirmation email_change.confirm
        personal_data.ask personal_data.download
        sessions.tab sessions.end sessions.end_others
        two_step.manage.tab
        two_step.authenticators.add two_step.authenticators.adding_proof
        two_step.authenticators.prove_for_adding two_step.authenticators.send_number_to_add
        two_step.authenticators.add_verify two_step.authenticators.open_adding
        two_step.authenticators.rename two_step.authenticators.complete_rename
        two_step.authenticators.move two_step.authenticators.begin_move
        two_step.authenticators.send_number_to_move
        two_step.authenticators.move_verify two_step.authenticators.open_move
        two_step.authenticators.remove two_step.authenticators.begin_remove
        two_step.authenticators.send_number_to_remove
        two_step.authenticators.remove_verify two_step.authenticators.complete_remove
        two_step.browsers.forget two_step.browsers.forget_all
        two_step.check_up.prove two_step.check_up.dismiss
        two_step.codes.reissue two_step.codes.begin two_step.codes.send_number
        two_step.codes.new_codes two_step.codes.complete two_step.codes.file two_step.codes.paper
        two_step.disable.disable two_step.disable.begin two_step.disable.send_number
        two_step.disable.verify two_step.disable.complete
        two_step.step_up.ask two_step.step_up.confirm two_step.step_up.send two_step.step_up.send_number
        two_step.wizard.enroll two_step.wizard.start two_step.wizard.cancel two_step.wizard.choose_method
        two_step.wizard.password two_step.wizard.prove_password
        two_step.wizard.email two_step.wizard.send two_step.wizard.confirm_number two_step.wizard.wait
        two_step.wizard.scan two_step.wizard.scanned two_step.wizard.code two_step.wizard.confirm_code
        two_step.wizard.passkey two_step.wizard.create_passkey two_step.wizard.name_passkey
        two_step.wizard.name two_step.wizard.complete_adding
        two_step.wizard.recovery two_step.wizard.recovery_file two_step.wizard.recovery_paper
        two_step.wizard.complete two_step.wizard.done two_step.wizard.added two_step.wizard.moved
    """,
    Who.MANAGES: """
        organization.members.tab organization.members.one organization.members.download
        organization.members.ask organization.members.do
        organization.invitations.index organization.invitations.ask organization.invitations.invite
        organization.invitations.send_again organization.invitations.withdraw
        organization.help.ask_approve organization.help.approve
        organization.help.ask_withdraw organization.help.withdraw
        organization.security.tab organization.security.save
        organization.audit.tab organization.audit.choose organization.audit.ask organization.audit.export
    """,
}
"""Every route, by who gets in. A route does more than let in: a form token, a step-up, a link's own token."""

WHO = {endpoint: who for who, endpoints in ROUTES.items() for endpoint in endpoints.split()}

SOMEBODY = 2
"""The id of an account that a route may name."""


@dataclass(frozen=True)
class Call:
    endpoint: str
    method: str
    path: str


def calls(app: Flask) -> Iterator[Call]:
    """Each method of each route, with each of the words that its path may have."""
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for values in _values(rule):
            path = adapter.build(rule.endpoint, values)
            for method in sorted(rule.methods or ()):
                yield Call(rule.endpoint, method, path)


def _values(rule: Rule) -> Iterator[dict[str, Any]]:
    names = sorted(rule.arguments - set(rule.defaults or {}))
    for values in product(*(_choices(rule._converters[name]) for name in names)):
        yield {**(rule.defaults or {}), **dict(zip(names, values, strict=True))}


def _choices(converter: Any) -> list[Any]:
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)
    return [SOMEBODY] if isinstance(converter, IntegerConverter) else ["none"]


@contextmanager
def noting(app: Flask, *, instead: Collection[str] = ()) -> Iterator[set[str]]:
    """The endpoints whose views are called inside: who is refused before that isn't in there.

    :param instead: endpoints whose views do nothing, because nobody could go on after them.
    """
    entered: set[str] = set()

    def noted(endpoint: str, view: Any) -> Any:
        @functools.wraps(view)
        def call(**values: Any) -> Any:
            entered.add(endpoint)
            return "" if endpoint in instead else view(**values)

        return call

    views = {endpoint: noted(endpoint, view) for endpoint, view in app.view_functions.items()}
    with patch.dict(app.view_functions, views):
        yield entered
