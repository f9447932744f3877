"""What a run says of the processors is what they did meanwhile."""

from tests.eventually import eventually
from tools.processors import ProcessorTimes, now, processor_use


def test_busy_and_idle_seconds_are_those_of_the_run_and_idle_ones_of_each_step() -> None:
    times = iter([ProcessorTimes(100, 50), ProcessorTimes(160, 50), ProcessorTimes(190, 80)])
    said = ProcessorTimes(196, 84)
    with processor_use(0.001, lambda: next(times, said)) as use:
        eventually(lambda: len(use.times) >= 3)

    text = use.summary()
    assert text.startswith("the processors were busy for 96 s and idle for 34 s; idle minute by minute: 0 50")
    assert text.endswith(" %")


def test_the_machine_is_asked() -> None:
    before = now()

    assert eventually(lambda: now().busy_s > before.busy_s)
    assert now().idle_s >= before.idle_s
