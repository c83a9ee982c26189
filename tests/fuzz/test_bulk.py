"""Files from other systems: whatever stands in them, a row is taken or refused, and nothing breaks."""

from __future__ import annotations

import contextlib
import csv
import io

import bcrypt
from flask import Flask
from hypothesis import given, strategies as st
from werkzeug.security import generate_password_hash

from console.bulk import files, otpauth, rows, rules
from console.passwords import hashes as password_hashes
from mfa import clock
from mfa.crypto import totp
from tests.fuzz.inputs import QUICK, THROUGH_APP, raw, tampered, texts

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHES = (
    generate_password_hash("x", "scrypt:4096:8:1"),
    generate_password_hash("x", "pbkdf2:sha256:5000"),
    bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode(),
    "argon2$argon2id$v=19$m=512,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw",
    "pbkdf2_sha256$5000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
    "$pbkdf2-sha256$5000$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ",
)
URIS = (
    KEY,
    f"otpauth://totp/Acme:mina@example.com?secret={KEY}&issuer=Acme&algorithm=SHA1&digits=6&period=30",
)


@QUICK
@given(st.one_of(texts(), tampered(*HASHES)))
def test_a_hash_is_taken_or_refused_and_what_is_taken_can_be_compared(hashed: str) -> None:
    try:
        kept = password_hashes.read(hashed)
    except password_hashes.UnknownKind:
        return
    assert len(hashed) <= password_hashes.MAX_LENGTH
    if not kept.costly:
        kept.matches("another password")


@QUICK
@given(st.one_of(texts(), tampered(*URIS)))
def test_a_secret_is_refused_or_gives_six_digits(text: str) -> None:
    with contextlib.suppress(otpauth.UnusableSecret):
        secret = otpauth.read(text)
        assert totp.LEAST_SECRET_BYTES <= len(secret) <= otpauth.MOST_BYTES
        assert len(totp.code_at(secret, 1)) == 6


@QUICK
@given(raw, st.sampled_from([b"", b"email\n", b"email,name,totp\n"]))
def test_any_bytes_are_rows_or_no_file(content: bytes, header: bytes) -> None:
    with contextlib.suppress(files.UnusableFile):
        for record in files.read(io.BytesIO(header + content)):
            assert record.broken or record.cells.keys() >= {"email"}


@THROUGH_APP
@given(st.lists(st.fixed_dictionaries({}, optional={name: texts() for name in rows.COLUMNS}), max_size=4))
def test_whatever_stands_in_cells_every_row_is_accounted_for(app: Flask, cells: list[dict[str, str]]) -> None:
    records = [files.Record(line, {"email": "", **row}) for line, row in enumerate(cells, 2)]
    records.append(files.Record(99, {"email": "good@example.com"}))
    with app.app_context():
        (batch,) = rules.take_over(records, clock=clock.now, size=10)
    assert batch.made + len(batch.there) + len(batch.refused) == len(records)
    assert 99 not in [record.line for record, _ in batch.refused] or "good" in str(cells)


@THROUGH_APP
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), min_size=1, max_size=5))
def test_what_is_written_is_read_again(values: list[str]) -> None:
    text = io.StringIO(newline="")
    files.Writer(text, ("email", "name")).write_header()
    files.Writer(text, ("email", "name")).write({"email": "x", "name": value} for value in values)
    read = [record.cells["name"] for record in files.read(io.BytesIO(text.getvalue().encode()))]
    assert read == values
    assert len(list(csv.reader(io.StringIO(text.getvalue())))) == len(values) + 1
