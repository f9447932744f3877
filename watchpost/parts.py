"""The body of each process: imports its package only when it runs, so that an agent alone needs no hub installed."""

from pathlib import Path

from watchpost.runtime import Runtime, stop_event


def edge(runtime: Runtime, node: str) -> None:
    from edge.node import run

    run(node, runtime.config.nodes()[node], runtime.data, runtime.broker, stop_event())


def ingest(runtime: Runtime) -> None:
    from consumers.ingest import run

    run(runtime.config.hub, runtime.data, runtime.broker, stop_event())


def consume(runtime: Runtime, names: list[str]) -> None:
    from consumers.run import run

    run(names, runtime.config, runtime.data, runtime.broker, stop_event())


def gateway(runtime: Runtime, port: int | None) -> None:
    from gateway.server import run

    run(runtime.config, runtime.data, runtime.broker, port)


def schema(kind: str) -> str:
    from bus_schemas.documents import document

    return document(kind)


def bench(cases: list[str], output: Path | None) -> None:
    from tests.bench.run import run

    run(cases, output)


def consumer_names() -> tuple[str, ...]:
    from consumers import CONSUMERS

    return tuple(consumer.name for consumer in CONSUMERS)
