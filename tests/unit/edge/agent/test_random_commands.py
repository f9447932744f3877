"""No value that reaches an agent stops it: random commands against devices that analyse what a sensor gives.

`python -m tests.random_agent` sends a hundred thousand.
"""

from pathlib import Path
from random import Random

import pytest
import structlog

from producer.ids import utc_now
from producer.outbox.outbox import Outbox
from tests.examples import times
from tests.random_agent import Agent, analysing, run
from tests.random_commands import command

COMMANDS, SEED = times(200), 1


@pytest.mark.thorough
def test_no_command_stops_an_agent_and_its_devices_go_on(tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))

    made = run(tmp_path, COMMANDS, SEED)

    assert made.wrong == []
    assert min(made.states["done"], made.states["failed"]) > COMMANDS / 10
    assert made.frames > COMMANDS / 10


@pytest.mark.thorough
def test_commands_come_while_the_devices_analyse_and_some_of_them_twice(tmp_path: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    chance = Random(SEED)
    with Outbox(tmp_path / "o.sqlite", utc_now) as outbox:
        agent = Agent(tmp_path, outbox)
        device = agent.devices["YARD", "TARGET"]
        with analysing(agent):
            for number in range(COMMANDS // 2):
                name, payload = command(chance, number)
                answer, now = agent.ask(name, payload), device.adjustable
                if chance.random() < 0.3:
                    assert agent.ask(name, payload) == answer
                    assert device.adjustable == now
        faults = list(agent.faults())

    assert faults == []
    assert agent.number > 0
