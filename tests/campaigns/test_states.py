import pytest

from alphasms_async.campaigns.states import MOVES, Cause, RowState, Verdict, next_state

PICTURE = """
               planned  dialing    accepted  done     refused  uncertain  skipped  dropped
claim          dialing  .          .         .        .        .          .        .
accepted       accepted accepted   .         .        .        accepted   .        .
refused        .        refused    .         .        .        refused    .        .
not_sent       .        planned    .         .        .        .          .        .
put_back       .        planned    .         .        .        .          .        .
uncertain      .        uncertain  .         .        .        .          .        .
event          done     done       done      .        .        done       .        .
redial_policy  .        .          .         planned  .        .          .        .
redial         .        .          .         .        .        planned    .        .
drop           .        .          .         .        .        dropped    .        .
skip           skipped  .          .         .        .        .          .        .
"""
"""From the state above, by the cause on the left; a dot is no move."""


def drawn() -> dict[tuple[str, str], str]:
    """Return what the picture shows, by state and cause."""
    head, *lines = PICTURE.strip().splitlines()
    states = head.split()
    return {
        (state, cause): target
        for cause, *targets in (line.split() for line in lines)
        for state, target in zip(states, targets, strict=True)
    }


DRAWN = drawn()
FINAL = (RowState.DONE, RowState.REFUSED, RowState.SKIPPED, RowState.DROPPED)


def reached(*begin: RowState, without: set[Cause]) -> set[RowState]:
    """Return every state that rows get to when some causes never come."""
    found, new = set[RowState](), set(begin)
    while new:
        found |= new
        new = {
            target
            for (state, cause), target in MOVES.items()
            if state in found and cause not in without
        } - found
    return found


def test_the_picture_is_whole() -> None:
    """Every state and every cause there is stands in the picture once."""
    assert set(DRAWN) == {(state, cause) for state in RowState for cause in Cause}
    assert len(PICTURE.strip().splitlines()) == 1 + len(Cause)


@pytest.mark.parametrize("state", RowState)
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_leads_where_the_picture_says(state: RowState, cause: Cause) -> None:
    """Each state with each cause: one target, or none."""
    target = next_state(state, cause)
    assert ("." if target is None else str(target)) == DRAWN[state, cause]


@pytest.mark.parametrize("state", FINAL)
def test_a_final_state_stays(state: RowState) -> None:
    """Nothing leads away from it, but for the redial of somebody who was not reached."""
    ways = {cause for cause in Cause if next_state(state, cause) is not None}
    assert ways == ({Cause.REDIAL_POLICY} if state is RowState.DONE else set())


def test_an_uncertain_one_is_dialled_again_by_a_person_alone() -> None:
    """Without a person and without a redial policy, no way leads from uncertain to a call."""
    ways = reached(RowState.UNCERTAIN, without={Cause.REDIAL, Cause.REDIAL_POLICY})
    assert not ways & {RowState.PLANNED, RowState.DIALING}
    assert RowState.PLANNED in reached(RowState.UNCERTAIN, without={Cause.REDIAL_POLICY})


def test_a_call_that_may_have_rung_is_not_repeated() -> None:
    """From dialing back to planned leads a proof that nothing rang, and nothing else."""
    proofs = {Cause.NOT_SENT, Cause.PUT_BACK}
    decisions = {Cause.REDIAL, Cause.REDIAL_POLICY}
    assert RowState.PLANNED not in reached(RowState.DIALING, without=proofs | decisions)
    for proof in proofs:
        assert next_state(RowState.DIALING, proof) is RowState.PLANNED


def test_every_state_is_reached_from_planned() -> None:
    """A list begins as planned, or skipped; no state is there for nothing."""
    assert reached(RowState.PLANNED, without=set()) == set(RowState)


def test_every_verdict_is_a_cause() -> None:
    """How an attempt ended always says where its row may go."""
    assert {str(verdict) for verdict in Verdict} <= {str(cause) for cause in Cause}


def test_the_table_cannot_be_changed() -> None:
    """Nobody adds a move at run time."""
    with pytest.raises(TypeError):
        MOVES[RowState.DONE, Cause.CLAIM] = RowState.DIALING  # type: ignore[index]  # the claim
