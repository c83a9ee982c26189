"""Where settings come from: the environment, files, and, in development, a key that is made once."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from console import private
from console.config.defaults import FROM_FILES, TEXTS
from console.config.errors import BadSetting
from mfa.settings import meant


def texts() -> dict[str, str]:
    """Return those of the environment that are taken as they stand."""
    return {name: os.environ[f"MFA_{name}"] for name in TEXTS if f"MFA_{name}" in os.environ}


def files() -> dict[str, Any]:
    """Return those that the environment names a file for.

    :raises BadSetting: a file that can't be read, or a setting that is there as well.
    """
    found: dict[str, Any] = {}
    for name in FROM_FILES:
        path = os.environ.get(f"MFA_{name}_FILE")
        if path and os.environ.get(f"MFA_{name}"):
            raise BadSetting(f"MFA_{name} and MFA_{name}_FILE are both set: remove one of them.")
        if path:
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                raise BadSetting(f"MFA_{name}_FILE names a file that can't be read.") from error
            if name == "SECRET_KEY_FALLBACKS":
                # A list, as in the environment; what is none is refused later.
                with suppress(ValueError):
                    found[name] = json.loads(found[name])
    return found


def refuse_misspelled(known: set[str]) -> None:
    """Refuse a variable whose name is almost that of a setting.

    :raises BadSetting: names both.
    """
    # What resembles no setting may be there for another reason: Kubernetes names its services so.
    for variable in sorted(os.environ):
        name = variable.removeprefix("MFA_")
        if name == variable or name.partition("__")[0] in known:
            continue
        ours = meant(name, known)
        if ours:
            raise BadSetting(f"{variable} is not a setting. Did you mean MFA_{ours}?")


def development_key(instance: Path) -> str:
    """Return the key in the folder *instance*, made now if there is none."""
    path = instance / "development.key"
    with suppress(FileExistsError):
        private.create(path, secrets.token_hex(32))
    private.make(path)
    return path.read_text().strip()
