"""Days and times in times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel.dates import format_date, format_time
from flask import Flask

from mfa import times

MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)  # of a leap year


def test_the_english_of_the_code_names_each_day_as_babel_does(app: Flask) -> None:
    days = [MIDNIGHT + timedelta(days=number) for number in range(366)]
    with app.test_request_context():
        assert [times.day(day) for day in days] == [format_date(day, "long", "en") for day in days]


def test_the_english_of_the_code_tells_each_minute_as_babel_does(app: Flask) -> None:
    minutes = [MIDNIGHT + timedelta(minutes=number) for number in range(24 * 60)]
    with app.test_request_context():
        said = [times.moment(minute) for minute in minutes]
    assert said == [f"January 1, 2024, {format_time(minute, 'short', locale='en')} UTC" for minute in minutes]
