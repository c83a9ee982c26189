"""Commands from the operators' guides, word by word, so that tests run what people will copy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "operations"


def command(program: str, given: Mapping[str, str]) -> list[str]:
    """Return the words of the one command of *program* in the guide about back-ups.

    :param given: for each placeholder of the guide, the value to use here.
    """
    guide = (GUIDES / "backup.md").read_text()
    (found,) = re.findall(rf"^{re.escape(program)} .+$", guide, re.MULTILINE)
    words = shlex.split(found, comments=True)
    for general, here in given.items():
        assert any(general in word for word in words), f"{general} is not in: {found}"
        words = [word.replace(general, here) for word in words]
    return words
