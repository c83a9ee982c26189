"""Organization Management: its rooms below one address, closed to everybody but those who manage."""

from __future__ import annotations

from flask import Blueprint, abort
from flask_login import current_user

from console.organization.audit import routes as audit
from console.organization.help import routes as help_routes
from console.organization.invitations import routes as invitations
from console.organization.members import routes as members
from console.organization.security import routes as security

blueprint = Blueprint("organization", __name__, url_prefix="/organization")


@blueprint.before_request
def _managers_alone() -> None:
    """Answer members with 404; people who are not signed in were led to sign-in before this."""
    if not current_user.role.manages:
        abort(404)


for room in (members, help_routes, invitations, security, audit):
    blueprint.register_blueprint(room.blueprint)
