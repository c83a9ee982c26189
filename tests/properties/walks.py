"""Walks at random that go on until they have been everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

WALKS = 8
"""At most: one walk in ten by fresh examples leaves out a place that is far from the beginning."""


def everywhere(
    machine: type[RuleBasedStateMachine],
    reached: Counter[str],
    places: Sequence[str],
    *,
    examples: int,
    steps: int,
) -> None:
    """Run *machine* until it has counted each of *places* in *reached*.

    :raises AssertionError: it has not been everywhere, or what a walk itself has found.
    """
    for number in range(WALKS):
        if settings.default and settings.default.derandomize:
            # Else each walk would take the very way of the one before.
            seed(number)(machine)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        if all(reached[place] for place in places):
            break
    assert [place for place in places if not reached[place]] == [], reached
