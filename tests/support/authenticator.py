"""An authenticator app that shares no code with the project: zxing reads, `cryptography` computes."""

from __future__ import annotations

import base64
import io
from urllib.parse import parse_qs, unquote, urlsplit

import zxingcpp
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from PIL import Image


def read_qr(png: bytes) -> str:
    """The text of the one QR code in a screenshot."""
    # Of all kinds, a text or the modules of the code itself may pass for another one.
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


class Authenticator:
    """The app on a phone, set up from an ``otpauth://`` address."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        values = {name: value for name, (value,) in parse_qs(parts.query).items()}
        self.label = unquote(parts.path).lstrip("/")
        self.issuer = values["issuer"]
        self.secret = values["secret"]
        assert int(values.get("digits", "6")) == 6
        assert int(values.get("period", "30")) == 30
        assert values.get("algorithm", "SHA1") == "SHA1"

    @classmethod
    def with_key(cls, key: str) -> Authenticator:
        """Set up by typing the key."""
        return cls(f"otpauth://totp/typed?issuer=typed&secret={key.replace(' ', '')}")

    def code(self, seconds: float) -> str:
        """The six digits that it shows at a Unix time."""
        padded = self.secret + "=" * (-len(self.secret) % 8)
        totp = TOTP(
            base64.b32decode(padded),
            6,
            SHA1(),
            30,
            enforce_key_length=False,
        )
        return totp.generate(int(seconds)).decode()
