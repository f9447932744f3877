"""Spoils pictures and sound by filters of ffmpeg: of each frame it is known what is wrong with it.

What the detectors of the edge say of them is counted as precision and recall.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from random import Random
from typing import Final

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from bus_schemas.settings import PictureSettings
from consumers.engine.frame_faults import FRAME_FAULTS, answers
from consumers.engine.partial import VerdictsPart
from edge.analysis.audio import level
from edge.analysis.picture import PictureAnalyser
from edge.analysis.pictures import Pictures, detail
from tests.builders import at
from tests.recordings import recording

FPS: Final = 5
KINDS: Final = ("blackscreen", "freeze", "corrupt_rows", "macroblocks", "zap")
LASTS_S: Final = {"blackscreen": 8, "freeze": 8, "corrupt_rows": 6, "macroblocks": 6, "zap": 4}
GOOD_S: Final = 7
FREEZE_S: Final = PictureSettings().freeze_seconds
BEHIND_CLOCK: Final = "freeze behind a clock"
BEHIND_CLOCK_S, STANDS_S = 10.0, 18
"""Seconds after which such a freeze is said, and for which one lasts here."""
SOUND_RATE: Final = 16_000

Filter = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault from one frame to another, the last one included."""

    kind: str
    first: int
    last: int

    @property
    def enabled(self) -> str:
        return f"enable='between(n,{self.first},{self.last})'"


@dataclass(slots=True)
class Score:
    """How often a detector was right (`found`), wrong (`false`), or silent about a fault (`missed`)."""

    found: int = 0
    false: int = 0
    missed: int = 0

    def add(self, truth: bool, said: bool) -> None:
        self.found += truth and said
        self.false += said and not truth
        self.missed += truth and not said

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 0.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 0.0


Scores = dict[str, Score]


def schedule(
    frames: int, seed: int, kinds: Sequence[str] = KINDS, lasts_s: Mapping[str, int] = LASTS_S
) -> list[Injected]:
    """One fault after the other, in another order for each seed, with good pictures between them."""
    chance, begin, found = Random(seed), GOOD_S * FPS, list[Injected]()
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            end = begin + lasts_s[kind] * FPS
            if end + FPS > frames:
                return found
            found.append(Injected(kind, begin, end - 1))
            begin = end + GOOD_S * FPS


def recorded(name: str) -> Iterator[VideoFrame]:
    """The frames of a recording, `FPS` of them a second."""
    with av.open(str(recording(name))) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or FPS)
        yield from islice(container.decode(stream), 0, None, max(1, round(rate / FPS)))


def spoiled(frames: Iterable[VideoFrame], faults: Sequence[Injected], seed: int) -> Iterator[VideoFrame]:
    given = iter(frames)
    first = next(given)
    graph = _graph(first, faults, Random(seed))
    waiting = 0
    for number, frame in enumerate(chain([first], given)):
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        graph.vpush(frame)
        waiting += 1
        for ready in _ready(graph):
            waiting -= 1
            yield ready
    graph.vpush(None)
    yield from islice(_ready(graph), waiting)


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (BlockingIOError, EOFError):
            return


class _Chain:
    """Filters in a row; a part of the picture may be spoiled beside it and laid over it."""

    def __init__(self, graph: Graph, head: FilterContext) -> None:
        self._graph = graph
        self.head = head

    def add(self, name: str, args: str) -> None:
        self.head = self._linked(self.head, name, args)

    def lay_over(self, part: Sequence[Filter], args: str, name: str = "overlay") -> None:
        split = self._linked(self.head, "split", "2")
        side, slot = split, 1
        for filter_name, filter_args in part:
            side, slot = self._linked(side, filter_name, filter_args, slot), 0
        both = self._graph.add(name, args)
        split.link_to(both, 0, 0)
        side.link_to(both, slot, 1)
        self.head = both

    def _linked(self, head: FilterContext, name: str, args: str, slot: int = 0) -> FilterContext:
        node = self._graph.add(name, args)
        head.link_to(node, slot, 0)
        return node


def _graph(first: VideoFrame, faults: Sequence[Injected], chance: Random) -> Graph:
    graph = Graph()
    size = first.width, first.height
    line = _Chain(
        graph, graph.add_buffer(width=size[0], height=size[1], format=first.format, time_base=Fraction(1, FPS))
    )
    line.add("format", "yuv420p")
    for fault in faults:
        _spoil(line, fault, size, chance)
    line.add("buffersink", "")
    graph.configure()
    return graph


def _spoil(line: _Chain, fault: Injected, size: tuple[int, int], chance: Random) -> None:
    width, height = size
    match fault.kind:
        case "blackscreen":
            line.add("drawbox", f"t=fill:color=black:{fault.enabled}")
            line.add("noise", f"all_seed={chance.randrange(1000)}:c0_strength=3:c0_flags=t:{fault.enabled}")
        case "freeze":
            line.lay_over((), f"first={fault.first}:last={fault.last}:replace={fault.first - 1}", "freezeframes")
        case "corrupt_rows":
            top = round(chance.uniform(0.3, 0.7) * height)
            smeared = [("crop", f"{width}:2:0:{top}"), ("scale", f"{width}:{height - top}:flags=neighbor")]
            line.lay_over(smeared, f"0:{top}:{fault.enabled}")
        case "macroblocks":
            _break(line, fault, size, chance)
        case "zap":
            top, high = round(0.78 * height), round(0.16 * height)
            line.add("drawbox", f"t=fill:color=black:{fault.enabled}")
            line.add("drawbox", f"0:{top}:{width}:{high}:t=fill:color=0x404040:{fault.enabled}")
            cell = round(width / 20)
            line.add(
                "drawbox", f"{2 * cell}:{top + high // 4}:{10 * cell}:{high // 2}:t=fill:color=white:{fault.enabled}"
            )
            for letter in range(3, 12):
                left = letter * cell - chance.randrange(cell // 3)
                line.add(
                    "drawbox", f"{left}:{top + high // 3}:{cell // 2}:{high // 3}:t=fill:color=black:{fault.enabled}"
                )


def _break(line: _Chain, fault: Injected, size: tuple[int, int], chance: Random) -> None:
    """Blocks of one colour in most of the picture, or the colour of missing chroma, or of nothing, in a part of it."""
    width, height = size
    wide, high = (round(chance.uniform(0.6, 0.95) * side) // 16 * 16 for side in size)
    left, top = chance.randrange(0, (width - wide) // 2 + 1) * 2, chance.randrange(0, (height - high) // 2 + 1) * 2
    if chance.random() < 0.3:
        colour = chance.choice(("lime", "magenta", "0x828282"))
        line.add("drawbox", f"{left}:{top}:{wide // 2}:{high}:t=fill:color={colour}:{fault.enabled}")
    else:
        side = chance.choice((8, 16))
        part = [("crop", f"{wide}:{high}:{left}:{top}"), ("pixelize", f"w={side}:h={side}")]
        line.lay_over(part, f"{left}:{top}:{fault.enabled}")


def behind_clock(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """The time written into each, after what a fault has made of it."""
    for number, frame in enumerate(frames):
        picture = frame.to_ndarray(format="bgr24")
        scale, line = frame.height / 480, frame.height // 12
        cv2.putText(picture, f"{at(number / FPS):%Y-%m-%d %H:%M:%S}", (6, line), 0, scale, (255, 255, 255), 1)
        yield VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")


def behind_clock_scores(name: str, frames: int, seed: int) -> Scores:
    """Of pictures that stand while the time in them goes on."""
    faults = schedule(frames, seed, ("freeze",), {"freeze": STANDS_S})
    shown = behind_clock(spoiled(recorded(name), faults, seed))
    return {BEHIND_CLOCK: scores(shown, faults, BEHIND_CLOCK_S)["freeze"]}


def scores(frames: Iterable[VideoFrame], faults: Sequence[Injected], freeze_s: float = FREEZE_S) -> Scores:
    """Of each detector, over all frames: what is wrong with one must not be taken for another."""
    analyser, pictures = PictureAnalyser(), Pictures()
    found = {kind: Score() for kind in KINDS}
    for number, frame in enumerate(frames):
        small = pictures.small(frame)
        state = analyser.analyse(small.y, at(number / FPS), detail(frame, small))
        verdicts = VerdictsPart(
            state.black.blackscreen, state.freeze.frozen, state.damage.corrupt_rows, state.damage.macroblocks
        )
        said: dict[str, bool | None] = {"zap": state.black.zap}
        said.update(zip(FRAME_FAULTS, answers(verdicts), strict=True))
        fault = next((one for one in faults if one.first <= number <= one.last), None)
        for kind, score in found.items():
            is_so = fault is not None and fault.kind == kind
            if kind == "freeze" and is_so and fault is not None and number - fault.first < freeze_s * FPS:
                # Too short to be one yet.
                continue
            score.add(is_so, bool(said[kind]))
    return found


def sound_scores(seconds: int, seed: int) -> Scores:
    """Of the detector of silence, second by second: noise of changing loudness that is cut off now and then."""
    chance = Random(seed)
    silent = {second for second in range(seconds) if chance.random() < 0.3}
    cut = "+".join(f"between(t,{second},{second + 0.999})" for second in sorted(silent)) or "0"
    graph, score = Graph(), Score()
    source = graph.add("anoisesrc", f"r={SOUND_RATE}:d={seconds}:c=pink:a=0.1:s={seed}:nb_samples={SOUND_RATE}")
    tremor = graph.add("volume", "volume='0.3+0.2*sin(t)':eval=frame")
    muted = graph.add("volume", f"volume=0:enable='{cut}'")
    plain, sink = graph.add("aformat", "sample_fmts=s16"), graph.add("abuffersink", "")
    for one, other in ((source, tremor), (tremor, muted), (muted, plain), (plain, sink)):
        one.link_to(other)
    graph.configure()
    for second in range(seconds):
        frame = graph.pull()
        assert isinstance(frame, AudioFrame)
        score.add(second in silent, level(np.asarray(frame.to_ndarray())).audio is False)
    return {"audio_loss": score}


def added(parts: Iterable[Scores]) -> Scores:
    found: Scores = {}
    for part in parts:
        for kind, score in part.items():
            total = found.setdefault(kind, Score())
            total.found, total.false, total.missed = (
                total.found + score.found, total.false + score.false, total.missed + score.missed,
            )  # fmt: skip
    return found
