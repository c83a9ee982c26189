"""What a developer gets wrong, each with one clear sentence or the right behavior."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader

from mfa import FlaskLoginAccounts, SetUpWrong, TwoStep
from mfa.errors import BadSetting
from mfa.settings import NAMES
from tests.mounted.hosts import PASSWORD, SETTINGS, Shop

AAGUIDS = ["ee882879-721c-4913-9775-3dfcce97072a"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        (
            {"SECRET_KEY": "short"},
            "with TESTING and with `flask run --debug` (app.run(debug=True) says it too late).",
        ),
        ({"MFA_KEYS": "one text"}, "MFA_KEYS must be a list of keys"),
        ({"MFA_KEYS": ["short"]}, "MFA_KEYS is too short"),
        ({"MFA_PRODUCT_NAME": "Shop: the best"}, "MFA_PRODUCT_NAME must be a name of 1 to 40"),
        ({"MFA_PRODUCT_NAME": "   "}, "MFA_PRODUCT_NAME must be"),
        ({"MFA_PRODUCT_NAME": 12}, "MFA_PRODUCT_NAME must be"),
        ({"MFA_ACCENT_COLOR": "blue"}, "MFA_ACCENT_COLOR must be a color like"),
        ({"MFA_RECOVERY_HASH_COST": "cheap"}, "MFA_RECOVERY_HASH_COST must be a cost"),
        ({"MFA_RECOVERY_HASH_COST": "t=9999,m=1048576,p=1"}, "MFA_RECOVERY_HASH_COST must be"),
        ({"MFA_MAIL_WORKER": "perhaps"}, "MFA_MAIL_WORKER must be"),
        ({"MFA_LIMIT_MAILS": "often"}, "MFA_LIMIT_MAILS must be one or more limits"),
        ({"MFA_LIMIT_REFUSED": "0 per minute"}, "MFA_LIMIT_REFUSED must be one or more limits"),
        ({"MFA_LIMIT_STORAGE_URI": "nope://"}, "MFA_LIMIT_STORAGE_URI must be database://"),
        ({"MFA_LIMIT_STORAGE_URI": "memcached://localhost"}, "MFA_LIMIT_STORAGE_URI must be"),
        ({"MFA_SERVER_NAME": "https://shop.example"}, "MFA_SERVER_NAME must be the host that"),
        ({"MFA_SUPPORT_ADDRESS": "the help desk"}, "MFA_SUPPORT_ADDRESS must be an e-mail address"),
        ({"MFA_SUPPORT_ADDRESS": "a@shop.example,b@shop.example"}, "MFA_SUPPORT_ADDRESS must be"),
        ({"MFA_SUPPORT_ADDRESS": 5}, "MFA_SUPPORT_ADDRESS must be"),
        ({"MFA_DATABASE_URI": "nonsense"}, "MFA_DATABASE_URI must be the address of a database"),
        ({"MFA_ACTIVITY_DAYS": 1}, "MFA_ACTIVITY_DAYS must be a number of days, from 30 to 3660."),
        ({"MFA_PASSKEY_RP_ID": "example.com"}, "MFA_PASSKEY_RP_ID must be the host of MFA_SERVER_NAME, or"),
        ({"MFA_PASSKEY_RP_ID": "op.example"}, "MFA_PASSKEY_RP_ID must be the host of MFA_SERVER_NAME, or"),
        ({"MFA_PASSKEY_RP_ID": "shop.example:443"}, "MFA_PASSKEY_RP_ID must be a domain"),
        ({"MFA_PASSKEY_RP_ID": "127.0.0.1"}, "MFA_PASSKEY_RP_ID must be a domain"),
        ({"MFA_PASSKEY_ORIGINS": "https://shop.example"}, "MFA_PASSKEY_ORIGINS must be a list of origins"),
        ({"MFA_PASSKEY_ORIGINS": ["https://shop.example/"]}, "MFA_PASSKEY_ORIGINS must be"),
        ({"MFA_PASSKEY_ORIGINS": ["https://shop.example:443"]}, "MFA_PASSKEY_ORIGINS must be"),
        ({"MFA_PASSKEY_ORIGINS": ["http://shop.example"]}, "MFA_PASSKEY_ORIGINS must be"),
        ({"MFA_PASSKEY_ORIGINS": ["https://SHOP.example"]}, "MFA_PASSKEY_ORIGINS must be"),
        ({"MFA_PASSKEY_SIGN_IN": "no"}, "MFA_PASSKEY_SIGN_IN must be true or false"),
        ({"MFA_PASSKEY_AAGUIDS": ["YubiKey"]}, "MFA_PASSKEY_AAGUIDS must be a list of AAGUIDs"),
        ({"MFA_PASSKEY_AAGUIDS": AAGUIDS}, "MFA_PASSKEY_ROOTS must be a folder with certificates"),
        (
            {"MFA_PASSKEY_AAGUIDS": AAGUIDS, "MFA_PASSKEY_ROOTS": "no-such-folder"},
            "MFA_PASSKEY_ROOTS must be a folder with certificates",
        ),
        ({"MFA_THROTTLE_DAYS": 0.5}, "MFA_THROTTLE_DAYS must be a number of days, from 1 to 3660."),
        ({"MFA_OWN_POOL": "False"}, "MFA_OWN_POOL must be true or false"),
        ({"MFA_COOKIE_PREFIX": "shop;"}, "MFA_COOKIE_PREFIX must be of letters"),
        ({"MFA_TRANSLATIONS": "no-such-folder"}, "MFA_TRANSLATIONS must be a folder"),
        ({"MFA_TRANSLATIONS": [5]}, "MFA_TRANSLATIONS must be a folder"),
    ],
)
def test_setting_that_can_not_work_stops_the_mounting(
    tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SetUpWrong, match=re.escape(sentence)):
        Shop(tmp_path, settings=settings)


@pytest.mark.parametrize("unset", [None, ""])
def test_setting_without_a_value_is_as_if_there_were_none(tmp_path: Path, unset: str | None) -> None:
    shop = Shop(tmp_path, settings={f"MFA_{name}": unset for name in NAMES})
    own = shop.app.extensions["mfa_settings"]
    assert (own.product_name, own.accent, own.cookie_prefix) == ("shop", "#3552bc", "two-step")


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("MFA_PRODUCTNAME", "MFA_PRODUCT_NAME"),
        ("MFA_LIMIT_REFUSE", "MFA_LIMIT_REFUSED"),
        ("MFA_ACCENT_COLOUR", "MFA_ACCENT_COLOR"),
        ("MFA_KEY", "MFA_KEYS"),
        ("MFA_SEVRER_NAME", "MFA_SERVER_NAME"),
    ],
)
def test_misspelled_setting_stops_the_mounting(tmp_path: Path, misspelled: str, meant: str) -> None:
    with pytest.raises(BadSetting) as said:
        Shop(tmp_path, settings={misspelled: None})
    assert str(said.value) == f"{misspelled} is not a setting. Did you mean {meant}?"


def test_setting_of_another_extension_is_left_alone(tmp_path: Path) -> None:
    theirs = {"MFA_TOTP_DIGITS": 6, "MFA_ENABLED": True, "PRODUCT_NAMES": [], "XMFA_KEY": ""}
    assert Shop(tmp_path, settings=theirs).app.extensions["two_step"]


# What the host names: it may come to have it after it was mounted

KNOWN = ["sign_in", "home", "forgot_password", "change_password", "change_email"]
NAMED: dict[str, tuple[dict[str, Any], str]] = {
    "a layout": (
        {"given": {"layout": "bas.html"}},
        "There is no template 'bas.html' to put the pages of two-step in: TwoStep(layout=…).",
    ),
    "one of its layouts": (
        {"given": {"layout": {"sign_in": "bas.html"}}},
        "There is no template 'bas.html' to put the pages of two-step in: TwoStep(layout=…).",
    ),
    "a page that is nearly one": (
        {"adapter": {"pages": {"forgot_pasword": "login"}}},
        "The adapter's pages name 'forgot_pasword', unknown to two-step. Did you mean 'forgot_password'?",
    ),
    "a page that is none": (
        {"adapter": {"pages": {"imprint": "login"}}},
        f"The adapter's pages name 'imprint', unknown to two-step. It knows {', '.join(KNOWN)}.",
    ),
    "an endpoint": (
        {"adapter": {"pages": {"home": "main.index"}}},
        "The adapter's pages name 'main.index' for 'home', but the application has no such endpoint.",
    ),
}


@pytest.mark.parametrize("named", NAMED)
def test_what_the_host_does_not_have_is_named_at_the_first_use(tmp_path: Path, named: str) -> None:
    options, sentence = NAMED[named]
    shop = Shop(tmp_path, settings={"TESTING": True}, **options)
    shop.add()
    visitor = shop.visitor()
    for use in (
        visitor.type_password,
        lambda: visitor.get("/page"),
        lambda: visitor.get(TAB),
        lambda: visitor.get(f"{TAB}/verify"),
    ):
        with pytest.raises(SetUpWrong) as said:
            use()
        assert str(said.value) == sentence
    with pytest.raises(SetUpWrong), shop.app.test_request_context():
        shop.two_step.challenge(shop.person(1))
    with pytest.raises(SetUpWrong), shop.app.test_request_context():
        shop.two_step.modal()


def test_login_view_that_is_no_endpoint_is_named(tmp_path: Path) -> None:
    shop = Shop(tmp_path, settings={"TESTING": True})
    shop.login_manager.login_view = "auth.logn"
    with pytest.raises(SetUpWrong, match=r"'auth\.logn' for 'sign_in', but"):
        shop.visitor().get(TAB)


def test_pages_and_layout_may_come_after_the_mounting(tmp_path: Path) -> None:
    shop = Shop(tmp_path, given={"layout": "late.html"}, adapter={"pages": {"home": "late"}})
    shop.app.add_url_rule("/late", "late", lambda: "late")
    shop.app.jinja_loader = DictLoader({"late.html": "{% block content %}{% endblock %}"})
    shop.add()
    visitor = shop.visitor()
    assert visitor.sign_in().headers["Location"] == "/late"
    assert "2-step verification is off" in visitor.get(TAB).text


def test_kind_of_layout_that_is_none_is_named() -> None:
    with pytest.raises(SetUpWrong, match="names \\['accounts'\\]: its kinds are account, sign_in, sheet"):
        TwoStep(layout={"accounts": "base.html"})


# What the mails need: an application may get these settings after it was mounted

TAB = "/account/two-step"
UNSET = {
    "MFA_SERVER_NAME is not set: give the host that mailed links lead to.": {
        "SERVER_NAME": None,
        "MFA_SERVER_NAME": None,
    },
    "MAIL_DEFAULT_SENDER is not set: give the address that mails come from.": {"MAIL_DEFAULT_SENDER": None},
}


@pytest.mark.parametrize("sentence", UNSET)
def test_tab_of_somebody_with_it_off_names_what_mails_lack(tmp_path: Path, sentence: str) -> None:
    shop = Shop(tmp_path, settings={"TESTING": True, **UNSET[sentence]})
    shop.add()
    visitor = shop.visitor()
    visitor.sign_in()
    with pytest.raises(BadSetting, match=f"^{re.escape(sentence)}$"):
        visitor.get(TAB)


@pytest.mark.parametrize("sentence", UNSET)
def test_wizard_does_not_begin_without_what_mails_need(
    tmp_path: Path, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop(tmp_path, settings={"SERVER_NAME": None, "MFA_SERVER_NAME": "shop.example"})
    shop.add()
    visitor = shop.visitor()
    visitor.sign_in()
    typed = {"csrf_token": visitor.token(TAB)}
    shop.app.config.update({"MFA_SERVER_NAME": "shop.example", **UNSET[sentence]})
    answer = visitor.post(f"{TAB}/enroll", typed)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "is not set" not in answer.text
    assert str(caplog.records[-1].exc_info[1]) == sentence  # type: ignore[index]


def test_who_has_it_on_needs_nothing_of_the_mails_to_sign_in(tmp_path: Path) -> None:
    shop = Shop(tmp_path, settings={"SERVER_NAME": None, "MAIL_DEFAULT_SENDER": None})
    phone = shop.protect(shop.add())
    visitor = shop.visitor()
    visitor.sign_in(phone.code)
    assert visitor.is_in
    assert "2-step verification is on" in visitor.get(TAB).text


@pytest.mark.parametrize("sentence", UNSET)
def test_upgrade_of_the_tables_names_what_mails_lack(tmp_path: Path, sentence: str) -> None:
    shop = Shop(tmp_path, settings=UNSET[sentence], is_upgraded=False)
    done = shop.app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"])
    assert done.exit_code == 0
    assert done.stderr == f"Nobody can turn 2-step verification on yet: {sentence}\n"


def test_upgrade_of_the_tables_has_no_warning_where_all_is_set(tmp_path: Path) -> None:
    done = Shop(tmp_path).app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"])
    assert done.stdout == "The tables of two-step are those of this version.\n"
    assert done.stderr == ""


def test_host_without_an_adapter_is_told_so() -> None:
    app = Flask("shop")
    app.config.update(SETTINGS)
    with pytest.raises(SetUpWrong, match="needs the host's accounts"):
        TwoStep().init_app(app)


def test_host_that_mounts_twice_is_told_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    with pytest.raises(SetUpWrong, match="mounted in this application already"):
        TwoStep(FlaskLoginAccounts(shop.db, object)).init_app(shop.app)


def test_weak_key_is_enough_while_a_host_is_tested(tmp_path: Path) -> None:
    assert Shop(tmp_path, settings={"SECRET_KEY": "dev", "TESTING": True}).app.extensions["two_step"]


def test_somebody_who_is_not_in_the_database_yet_is_named_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    with shop.app.app_context(), pytest.raises(SetUpWrong, match="a user without an id"):
        shop.two_step.is_on(shop.User(email="new@example.com"))


def test_login_view_may_be_a_path(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.login_manager.login_view = "/login"
    answer = shop.app.test_client().get("/account/two-step")
    assert answer.headers["Location"] == "/login?next=%2Faccount%2Ftwo-step"


def test_host_below_a_path_is_led_below_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.protect(shop.add())
    client, below = shop.app.test_client(), {"SCRIPT_NAME": "/shop"}
    answer = client.post(
        "/login?next=/shop/data",
        data={"email": "mina@example.com", "password": PASSWORD},
        environ_overrides=below,
    )
    assert answer.headers["Location"] == "/shop/account/two-step/verify"
    page = client.get("/account/two-step/verify", environ_overrides=below).text
    own = re.findall(r'(?:href|action|src)="(/[^"]*)"', page)
    assert own
    assert [url for url in own if not url.startswith("/shop/")] == []


def test_path_of_another_application_beside_it_is_no_way_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add()
    answer = shop.app.test_client().post(
        "/login?next=/other/page",
        data={"email": "mina@example.com", "password": PASSWORD},
        environ_overrides={"SCRIPT_NAME": "/shop"},
    )
    assert answer.headers["Location"] == "/shop/"
