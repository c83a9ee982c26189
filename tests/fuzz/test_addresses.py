"""E-mail addresses: refused, or of one form in which no two people's become one."""

from __future__ import annotations

import contextlib
import unicodedata

import idna
from hypothesis import example, given, strategies as st

from console.accounts import addresses
from console.accounts.addresses import Address, BadAddress
from mfa.notices.addresses import in_ascii
from tests.fuzz.inputs import QUICK, tampered, texts

GENUINE = ("mina.park@example.com", "Mina+tag@Bücher.example", "o'neil@xn--bcher-kva.example")
DOMAINS = [
    "example.com",
    "EXAMPLE.com",
    "example。com",
    "bücher.example",
    "bu\u0308cher.example",
    "BÜCHER.example",
    "xn--bcher-kva.example",
    "buecher.example",
    "bucher.example",
    "straße.example",
    "strasse.example",
    "ex\u0430mple.com",
]
LOCALS = [
    "mina",
    "Mina",
    "MINA",
    "mina.park",
    "Mina.Park",
    "minapark",
    "mina+x",
    "mina_",
    "m\u0131na",
    "mi\u0308na",
]
LABEL = st.text(st.sampled_from("abcXYZ019-éßıİſKöαſ例え\u0301\u200d。．"), min_size=1, max_size=8)
DOMAIN = st.one_of(
    st.lists(LABEL, min_size=1, max_size=3).map(".".join),
    LABEL.map(lambda label: f"xn--{label}.example"),
    st.sampled_from(DOMAINS),
)
LOCAL = st.one_of(
    st.sampled_from(LOCALS),
    st.text(st.sampled_from("abAB01.+-_'\"\\ ,;<>()ıſK\u0301"), min_size=1, max_size=12),
)
NEAR = st.tuples(LOCAL, DOMAIN).map("@".join)
ALIKE = st.tuples(st.sampled_from(LOCALS), st.sampled_from(DOMAINS)).map("@".join)
TYPED = st.one_of(NEAR, texts(), tampered(*GENUINE))


def parsed(typed: str) -> Address | None:
    """The address, None for a bad one; any other exception is one too many."""
    with contextlib.suppress(BadAddress):
        return addresses.parse(typed)
    return None


def meant(typed: str) -> tuple[str, str]:
    """Whose mail it is: the local part but for ASCII case, and the domain as the name servers know it.

    Marks that nobody sees came along with a paste.
    """
    seen = "".join(letter for letter in typed if unicodedata.category(letter) != "Cf")
    local, _, domain = seen.strip().rpartition("@")
    lower = "".join(letter.lower() if letter.isascii() else letter for letter in local)
    return lower, idna.encode(domain, uts46=True).decode().lower()


@QUICK
@given(TYPED)
@example("a@b@c.example")
@example("x" * 60_000 + "@example.com")
@example("=?utf-8?q?x?=@example.com")
@example("mina@e\u200dxample.com")
@example("a@" + "b." * 30_000 + "com")
def test_an_address_is_refused_or_parses_to_itself(typed: str) -> None:
    address = parsed(typed)
    assert address is None or parsed(address.text) == address


@QUICK
@given(st.one_of(TYPED, st.tuples(NEAR, st.sampled_from("\r\n,\0;"), NEAR).map("".join)))
@example("mina@example.com\r\nBcc: x@example.com")
@example("mina@example.com,x@example.com")
@example("mina@example.com，x@example.com")
def test_no_address_holds_what_ends_a_header_or_begins_another_recipient(typed: str) -> None:
    address = parsed(typed)
    assert address is None or not set("\r\n,\0;<> ") & set(address.text)
    assert address is None or address.text.count("@") == 1


@QUICK
@given(st.one_of(st.tuples(ALIKE, ALIKE), st.tuples(NEAR, NEAR)))
def test_two_peoples_addresses_never_share_a_key(typed: tuple[str, str]) -> None:
    one, other = map(parsed, typed)
    if one and other:
        assert (one.key == other.key) == (meant(typed[0]) == meant(typed[1]))


@QUICK
@given(TYPED)
@example("mina@straße.example")
@example("mina@βόλος.example")
@example("mina@ẞ.example")
@example("mina@Ꭰ.example")
def test_mail_goes_to_the_domain_of_the_key(typed: str) -> None:
    address = parsed(typed)
    if address:
        assert in_ascii(address.text).partition("@")[2] == address.key.partition("@")[2]


@QUICK
@given(TYPED)
def test_what_an_address_is_compared_by_is_ascii(typed: str) -> None:
    address = parsed(typed)
    assert address is None or (address.key.isascii() and address.key == address.key.lower())
