"""Prometheus and Grafana are given only figures that `/metrics` has, and no secret."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from gateway.http.device_metrics import CONDITIONS
from gateway.http.metrics import Metrics

FOLDER = Path("deploy/monitoring")
PROMETHEUS_S_OWN = {"up": {"job", "instance"}}
ADDED = {"job", "instance", "le"}


def figures() -> dict[str, set[str]]:
    """By the name of each sample, its labels."""
    names = Metrics().registry._collector_to_names
    return {
        name: set(collector._labelnames) | ADDED
        for collector, those in names.items()
        if isinstance(collector, MetricWrapperBase)
        for name in those
    }


def rules() -> dict[str, str]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text())
    return parsed


def expressions() -> Iterator[tuple[str, str, str]]:
    """Where each stands, what it is, and the text that is shown beside it."""
    for rule in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]:
        yield rule["alert"], rule["expr"], rule["annotations"]["summary"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


@pytest.mark.parametrize(("place", "expression", "shown"), list(expressions()))
def test_an_expression_asks_for_figures_and_labels_that_there_are(place: str, expression: str, shown: str) -> None:
    known = figures() | PROMETHEUS_S_OWN
    asked = re.findall(r"(watchpost_\w+|\bup)(?:\{([^}]*)\})?", expression)
    assert asked, place

    labels: set[str] = set()
    for name, selector in asked:
        assert name in known, place
        labels |= known[name]
        for label, value in re.findall(r'(\w+)\s*=~?\s*"([^"]*)"', selector):
            assert label in known[name], place
            assert label != "condition" or set(value.split("|")) <= set(CONDITIONS), place
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    assert {word.strip() for words in grouped for word in words.split(",")} <= labels, place
    assert set(re.findall(r"\{\{\s*(?:\$labels\.)?([a-z]\w*)\s*\}\}", shown)) <= labels, place


def test_every_figure_of_a_device_is_on_the_dashboard() -> None:
    asked = " ".join(expression for _, expression, _ in expressions())

    assert {name for name in figures() if name.startswith("watchpost_device_") and name not in asked} == set()


def test_panels_of_the_dashboard_do_not_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


def test_prometheus_is_told_the_token_by_a_file_and_the_rules_that_are_delivered() -> None:
    reported = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (scrape,) = reported["scrape_configs"]

    assert scrape["authorization"] == {"type": "Bearer", "credentials_file": "/etc/prometheus/watchpost.token"}
    assert scrape["metrics_path"] == "/metrics"
    assert [FOLDER / name for name in reported["rule_files"]] == [FOLDER / "alerts.yml"]
    assert 'up{job="watchpost"} == 0' in rules().values()
    assert scrape["job_name"] == "watchpost"
