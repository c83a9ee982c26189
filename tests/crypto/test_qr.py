"""QR codes, in numbers; that a camera reads them is shown in the browser's journeys."""

from __future__ import annotations

from mfa.crypto import qr, totp

URI = totp.uri(b"x" * 20, account="somebody.with.a.name@example.com", issuer="Twostep")


def test_the_picture_is_small() -> None:
    assert len(qr.svg(URI, label="QR code")) < 4_000


def test_the_label_is_quoted() -> None:
    assert "aria-label='a&lt;b\"'" in qr.svg(URI, label='a<b"')


def test_the_picture_holds_no_style() -> None:
    assert "style" not in qr.svg(URI, label="QR code")
