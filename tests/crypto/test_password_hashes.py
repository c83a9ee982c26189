"""Hashes that other systems made: read, weighed, and compared as those systems do."""

from __future__ import annotations

import base64
import hashlib

import argon2
import bcrypt
import pytest
from werkzeug.security import generate_password_hash

from console.passwords import hashes as password_hashes
from console.passwords.rules import Hasher
from mfa.crypto.cost import Cost

PASSWORD = "lètmein in the rain"
HASHER = Hasher(Cost.parse("t=1,m=8,p=1"))
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(8)).decode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ab64(data: bytes) -> str:
    """base64 as passlib writes it."""
    return b64(data).rstrip("=").replace("+", ".")


def pbkdf2(kind: str, salt: bytes, rounds: int = 6_000, password: str = PASSWORD) -> bytes:
    return hashlib.pbkdf2_hmac(kind, password.encode(), salt, rounds)


def argon(kind: argon2.Type = argon2.Type.ID, **cost: int) -> str:
    costs = {"time_cost": 2, "memory_cost": 512, "parallelism": 2, **cost}
    return argon2.PasswordHasher(type=kind, **costs).hash(PASSWORD)


def django_scrypt(n: int = 4096, r: int = 8, p: int = 1) -> str:
    made = hashlib.scrypt(PASSWORD.encode(), salt=b"seasalt", n=n, r=r, p=p, maxmem=1 << 28, dklen=64)
    return f"scrypt${n}$seasalt${r}${p}${b64(made)}"


TAKEN = {
    "argon2id": argon(),
    "argon2i": argon(argon2.Type.I),
    "argon2d": argon(argon2.Type.D),
    "bcrypt 2b": BCRYPT,
    "bcrypt 2a": BCRYPT.replace("$2b$", "$2a$"),
    "bcrypt 2y": BCRYPT.replace("$2b$", "$2y$"),
    "django argon2": "argon2" + argon(),
    "django bcrypt": "bcrypt$" + BCRYPT,
    "django bcrypt_sha256": "bcrypt_sha256$"
    + bcrypt.hashpw(hashlib.sha256(PASSWORD.encode()).hexdigest().encode(), bcrypt.gensalt(8)).decode(),
    "django pbkdf2_sha256": f"pbkdf2_sha256$6000$seasalt${b64(pbkdf2('sha256', b'seasalt'))}",
    "django pbkdf2_sha1": f"pbkdf2_sha1$6000$seasalt${b64(pbkdf2('sha1', b'seasalt'))}",
    "django scrypt": django_scrypt(),
    "werkzeug scrypt": generate_password_hash(PASSWORD),
    "werkzeug pbkdf2 sha256": generate_password_hash(PASSWORD, "pbkdf2:sha256:6000"),
    "werkzeug pbkdf2 sha1": generate_password_hash(PASSWORD, "pbkdf2:sha1:6000"),
    "werkzeug pbkdf2 sha512": generate_password_hash(PASSWORD, "pbkdf2:sha512:6000"),
    "passlib pbkdf2 sha256": f"$pbkdf2-sha256$6000${ab64(b'sixteen bytes ok')}"
    f"${ab64(pbkdf2('sha256', b'sixteen bytes ok'))}",
    "passlib pbkdf2 sha512": f"$pbkdf2-sha512$6000${ab64(b'sixteen bytes ok')}"
    f"${ab64(pbkdf2('sha512', b'sixteen bytes ok'))}",
    "passlib pbkdf2 sha1": f"$pbkdf2$6000${ab64(b'sixteen bytes ok')}"
    f"${ab64(pbkdf2('sha1', b'sixteen bytes ok'))}",
}
PUBLISHED = {
    # Made by Django itself: the vectors of its own tests and of old versions.
    "pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=": "lètmein",
    "pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I=": "lètmein",
    "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwi"
    "te/Pw==": "lètmein",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw": "secret",
    "argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOE"
    "XXMocVrsJAtNSsKyfg": "secret",
    # By passlib.
    "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ": "password",
    # By OpenBSD's bcrypt.
    "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i": "abc",
}


@pytest.mark.parametrize("hashed", TAKEN.values(), ids=TAKEN)
def test_its_password_and_no_other_is_right(hashed: str) -> None:
    assert HASHER.verify(hashed, PASSWORD)
    assert not HASHER.verify(hashed, PASSWORD + "z")
    assert not HASHER.verify(hashed, "")


@pytest.mark.parametrize("hashed", TAKEN.values(), ids=TAKEN)
def test_it_is_taken_and_replaced_by_one_of_ours_at_the_next_sign_in(hashed: str) -> None:
    HASHER.check(hashed)
    assert HASHER.outdated(hashed)


@pytest.mark.parametrize("hashed", PUBLISHED)
def test_a_hash_that_the_other_system_published_opens_with_its_password(hashed: str) -> None:
    assert HASHER.verify(hashed, PUBLISHED[hashed])
    assert not HASHER.verify(hashed, "another")


def test_a_hash_of_our_own_is_read_too() -> None:
    assert HASHER.verify(HASHER.hash(PASSWORD), PASSWORD)


def test_one_like_ours_is_taken_however_cheap_we_make_them() -> None:
    HASHER.check(HASHER.hash(PASSWORD))


def test_a_password_is_tried_as_it_is_typed_because_others_do_not_compose_letters() -> None:
    decomposed = "le\u0300tmein in the rain"
    made = generate_password_hash(decomposed, "pbkdf2:sha256:6000")
    assert HASHER.verify(made, decomposed)


@pytest.mark.parametrize("tail", ["", "x", "anything at all"])
def test_of_a_long_password_bcrypt_has_seen_72_bytes(tail: str) -> None:
    hashed = bcrypt.hashpw(b"y" * 72, bcrypt.gensalt(8)).decode()
    assert HASHER.verify(hashed, "y" * 72 + tail)
    assert not HASHER.verify(hashed, "y" * 71 + tail)


def test_with_sha256_before_it_bcrypt_sees_all_of_a_long_password() -> None:
    long = "y" * 100
    prepared = hashlib.sha256(long.encode()).hexdigest().encode()
    hashed = "bcrypt_sha256$" + bcrypt.hashpw(prepared, bcrypt.gensalt(8)).decode()
    assert HASHER.verify(hashed, long)
    assert not HASHER.verify(hashed, long[:72])


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "letmein",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3",
        "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
        "!unusable",
        "$2x$" + BCRYPT[4:],
        BCRYPT[:-1],
        BCRYPT + "x",
        "pbkdf2:sha256$seasalt$" + "0" * 64,
        "pbkdf2:sha256:6000$seasalt$" + "0" * 62,
        "pbkdf2:md5:600000$seasalt$" + "0" * 32,
        "pbkdf2_sha256$6000$$" + b64(bytes(32)),
        "pbkdf2_sha256$6000$seasalt$" + b64(bytes(31)),
        "pbkdf2_sha256$6000$seasalt$not base64",
        "pbkdf2_sha256$-6000$seasalt$" + b64(bytes(32)),
        "pbkdf2_sha256$٦٠٠٠$seasalt$" + b64(bytes(32)),
        "$pbkdf2-sha512$6000$c2FsdA$" + ab64(bytes(32)),
        "scrypt$4095$seasalt$8$1$" + b64(bytes(64)),
        "scrypt:32768:8:1$seasalt$" + "0" * 64,
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA",
        "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 300,
        "$argon2id$v=999$m=512,t=2,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=512,t=2,p=0$c2FsdHNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=512,t=4,p=65$c2FsdHNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=512,t=2,p=1$c2FsdA$" + "A" * 43,
        # What OpenSSL computes for nobody.
        "scrypt$65536$seasalt$1$1$" + b64(bytes(64)),
        "scrypt:65536:1:1$seasalt$" + "0" * 128,
        "scrypt$2$seasalt$1000000$1$" + b64(bytes(64)),
        HASHER.hash("x") + "\n",
    ],
)
def test_what_is_no_slow_hash_is_refused_and_opens_with_nothing(hashed: str) -> None:
    with pytest.raises(password_hashes.UnknownKind):
        HASHER.check(hashed)
    assert not HASHER.verify(hashed, "letmein")


@pytest.mark.parametrize(
    "hashed",
    [
        "pbkdf2_sha256$4999$seasalt$" + b64(bytes(32)),
        "pbkdf2:sha512:1000$seasalt$" + "0" * 128,
        BCRYPT.replace("$08$", "$07$"),
        "scrypt$2048$seasalt$8$1$" + b64(bytes(64)),
        argon(memory_cost=256, time_cost=8),
        argon(memory_cost=512, time_cost=1),
        argon2.PasswordHasher(hash_len=8).hash("x"),
    ],
)
def test_a_hash_that_is_quickly_tried_is_refused(hashed: str) -> None:
    with pytest.raises(password_hashes.TooWeak):
        HASHER.check(hashed)


@pytest.mark.parametrize(
    "hashed",
    [
        "pbkdf2_sha256$3000001$seasalt$" + b64(bytes(32)),
        "$pbkdf2-sha512$9999999999$c2FsdA$" + ab64(bytes(64)),
        BCRYPT.replace("$08$", "$15$"),
        BCRYPT.replace("$08$", "$31$"),
        "scrypt$1048576$seasalt$8$1$" + b64(bytes(64)),
        "scrypt:32768:8:1000000$seasalt$" + "0" * 128,
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=65536,t=4000000,p=1$c2FsdHNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=262144,t=1,p=1000$c2FsdHNhbHQ$" + "A" * 43,
    ],
)
def test_a_hash_that_would_keep_the_server_busy_is_refused(hashed: str) -> None:
    with pytest.raises(password_hashes.TooCostly):
        HASHER.check(hashed)


def test_nobodys_hash_costs_what_others_do_and_is_another_each_time() -> None:
    one, other = HASHER.nobodys(), HASHER.nobodys()
    assert one != other
    assert not HASHER.outdated(one)
    assert not HASHER.verify(one, "")
