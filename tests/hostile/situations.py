"""The table of all misbehaviours."""

from . import (
    bodies,
    cut_answers,
    early_answers,
    framings,
    hang_ups,
    redirects,
    reuse,
    silences,
    slow_answers,
    statuses,
    tls,
    unreachable,
)
from .situation import Situation

SITUATIONS: tuple[Situation, ...] = (
    *unreachable.SITUATIONS,
    *tls.SITUATIONS,
    *hang_ups.SITUATIONS,
    *silences.SITUATIONS,
    *cut_answers.SITUATIONS,
    *slow_answers.SITUATIONS,
    *framings.SITUATIONS,
    *early_answers.SITUATIONS,
    *statuses.SITUATIONS,
    *bodies.SITUATIONS,
    *redirects.SITUATIONS,
    *reuse.SITUATIONS,
)
"""From those that prove nothing was sent to those that answer in good order."""
