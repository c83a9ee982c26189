"""``flask --app app passwords …``: what hashing passwords costs."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from console.config import cores
from console.passwords import speed
from mfa.crypto.cost import Cost

group = AppGroup("passwords", help="The hashes of passwords.")
_HEADS = ("cost", "one alone", "sign-ins a second", "memory of each", "")


class _CostType(click.ParamType[Cost]):
    name = "cost"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Cost:
        try:
            return Cost.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@group.command()
@click.argument("costs", nargs=-1, type=_CostType())
@click.option(
    "--seconds", type=click.FloatRange(min=0.01), default=2.0, show_default=True, help="For each measurement."
)
def cost(costs: tuple[Cost, ...], seconds: float) -> None:
    """Measure how many sign-ins a second this machine can hash, at COSTS like t=3,m=65536,p=1.

    Without COSTS, at the one that is set, and at those that RFC 9106 and OWASP recommend. Nothing else should
    run meanwhile.
    """
    own = Cost.parse(current_app.config["PASSWORD_HASH_COST"])
    named = dict.fromkeys(costs, "") if costs else {choice: name for name, choice in speed.CHOICES.items()}
    wanted = dict.fromkeys([own, *named])
    places = cores()
    click.echo(f"On {places} cores, with as many hashes at once; {seconds:g} s for each measurement.")
    click.echo(_row(_HEADS))
    for one in wanted:
        found = speed.measure(one, places, seconds)
        notes = [*(["MFA_PASSWORD_HASH_COST"] if one == own else []), *filter(None, [named.get(one)])]
        figures = (f"{1000 * found.alone:.0f} ms", f"{found.rate:.1f}", f"{one.memory_kib / 1024:.0f} MiB")
        click.echo(_row((str(one), *figures, "; ".join(notes))))


def _row(cells: tuple[str, ...]) -> str:
    first, *figures, last = cells
    return (f"{first:<18}" + "".join(f"{figure:>19}" for figure in figures) + f"   {last}").rstrip()
