"""What mfa.web.inputs replaces in WTForms changes no input: each is the same with it and without it."""

from __future__ import annotations

import pytest
from flask import Flask
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from mfa.web import forms, inputs


class EveryInput(forms.Form):
    text = StringField(
        "Text", [InputRequired(), Length(2, 9)], render_kw={"class_": "a", "spellcheck": "false"}
    )
    password = PasswordField("Password", [InputRequired()])
    hidden = forms.hidden()
    box = BooleanField("Box", default=True)
    empty_box = BooleanField("Box")


def written() -> list[str]:
    form = EveryInput(
        formdata=None, data={"text": "\"<b>'&", "hidden": "ü\n", "password": "secret", "box": True}
    )
    given = {"data_said_here": 1, "aria_label": '"', "autofocus": True, "readonly": False, "class_": "b"}
    return [str(field(**each)) for field in form for each in ({}, given)]


def test_inputs_are_the_same_without_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context("/"):
        quick = written()
        monkeypatch.setattr(inputs, "ON", False)
        assert quick == written()
    assert 'value="&#34;&lt;b&gt;&#39;&amp;"' in quick[0]
