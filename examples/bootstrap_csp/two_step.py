from mfa import FlaskLoginAccounts, TwoStep

from .extensions import csp_nonce, db
from .models import User

two_step = TwoStep(
    FlaskLoginAccounts(
        db,
        User,
        check_password=User.check_password,
        pages={"forgot_password": "auth.forgot", "home": "notes.index"},
    ),
    layout="base.html",
    nonce=csp_nonce,
)
