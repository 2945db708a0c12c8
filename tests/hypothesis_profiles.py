"""Profiles of hypothesis: how many examples a law is tried on.

`default` tries the same 25 each time, as a test run must not fail by luck. `all`, which
`make test-all` chooses by `--hypothesis-profile=all`, draws 300 new ones each time.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def register() -> None:
    """Register the profiles and load `default`; a busy machine is no failure in either."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("default", patient, max_examples=25, derandomize=True)
    settings.register_profile("all", patient, max_examples=300)
    settings.load_profile("default")


def profile_examples(factor: float) -> int:
    """Return how many examples a law is tried on that needs more than others, or can have fewer."""
    return max(1, round(settings().max_examples * factor))
