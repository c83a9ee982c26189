"""What the operator's guide says, word by word, so that tests try what people will copy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

_GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def command(program: str, given: Mapping[str, str]) -> list[str]:
    """The words of the one command of *program* that the guide holds.

    :param given: what stands in the guide for what differs everywhere, each with what it is here.
    """
    (found,) = re.findall(rf"^{re.escape(program)} .+$", _GUIDE.read_text(), re.MULTILINE)
    words = shlex.split(found, comments=True)
    for general, here in given.items():
        assert any(general in word for word in words), f"{general} is not in: {found}"
        words = [word.replace(general, here) for word in words]
    return words
