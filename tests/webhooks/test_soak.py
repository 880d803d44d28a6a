"""kill -9 in the middle of it: what Lever told is stored and handled once, and the mirror is what Lever says."""

from pathlib import Path

import pytest

from bench.webhooks import soak


@pytest.mark.flow
def test_killed_again_and_again_nothing_is_lost_doubled_or_wrong(tmp_path: Path) -> None:
    soaked = soak.run(tmp_path, seconds=7, kill_every=2.5, acts_a_second=6, candidates=15)
    assert soaked.kills >= 1
    assert soaked.sent >= 10
    assert soaked.states == {"done": soaked.sent}
    assert soaked.differences == []
