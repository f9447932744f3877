"""The HTML of a report. Everything that somebody wrote is escaped, and the page names no other address."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from bus_schemas.condition import incident_words
from bus_schemas.settings import region_words
from consumers.alerting.review.reviews import IncidentReview
from consumers.reports.content import BadMoment, Report, ReportIncident, ReportMinute, ReportPicture
from producer.times import clock_words

STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 24px auto; max-width: 1100px; padding: 0 16px; color: #16191c; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 28px; border-bottom: 1px solid #c6ccd2; }
h3 { font-size: 15px; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; } img { max-width: 100%; }
th, td { border: 1px solid #c6ccd2; padding: 3px 6px; text-align: left; vertical-align: top; }
th, td { overflow-wrap: break-word; }
section:last-of-type td { overflow-wrap: anywhere; }
.incident { color: #b3211c; font-weight: 600; } .ok { color: #086a4d; } .soft { color: #4f5862; }
figure { margin: 12px 0; } .row img { max-width: 32%; }
h2, h3 { break-after: avoid; } tr, img, .moment { break-inside: avoid; }
.moment { display: inline-block; max-width: 32%; margin: 4px 8px 0 0; vertical-align: top; } .moment p { margin: 0; }
@media screen { section { overflow-x: auto; } }
@media print { body { margin: 0; padding: 0; max-width: none; } a { color: inherit; } img { max-height: 22cm; } }
"""
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
IDS: Final = frozenset({"closed_by", "media", "last_3_media"})
"""Details that say nothing to people."""
UNITS: Final[Mapping[str, str]] = {"_s": "s", "_percentage": "%", "_bytes": "bytes", "_temp": "°C"}
VALUES: Final = (
    ("blackscreen_percentage", "Black %"),
    ("freeze_diffs", "Freeze differences"),
    ("quality_score", "Quality"),
    ("volume_percentage", "Volume %"),
    ("mean_volume_db", "Mean dB"),
)


def page(report: Report) -> str:
    asked = report.order.export
    title = escape(asked.report or "Report")
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
        _about(report),
        _section("Incidents", [_incident(report, one) for one in report.incidents]),
        _section("Alerts", [_alerts(report)] if report.alerts else []),
        _section("Notes", [_notes(report)] if report.notes else []),
        _section("Minutes", [_minute(report, one) for one in report.shown.minutes]),
        _section("Made of", [_inputs(report.inputs)] if report.inputs else []),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _about(report: Report) -> str:
    asked = report.order.export
    rows = [
        ("Site", report.site_name),
        ("Time", f"{_clock(report, asked.start)} to {_clock(report, asked.end)} ({report.zone})"),
        ("Asked for by", f"{asked.by}, {_clock(report, report.order.asked)}"),
        ("Devices", str(len(report.shown.devices))),
        ("Incidents", str(len(report.incidents))),
        ("Report", asked.export_id),
    ]
    shown = report.shown
    if shown.left_out:
        rows.append(("Left out", f"the pictures of {shown.left_out} of {len(shown.minutes)} minutes"))
    if shown.past:
        rows.append(("Older than a day", "few minutes still have a picture, and none its measured values"))
    return _table((), rows)


def _incident(report: Report, one: ReportIncident) -> str:
    row = one.row
    closed = _clock(report, row["closed"]) if row["closed"] else "still open"
    rows = [
        ("Level", row["level"]),
        ("Time", f"{_clock(report, row['opened'])} to {closed}"),
        ("Rule", incident_words(row["rule"])),
        *(_detail(report, name, value) for name, value in row["details"].items() if name not in IDS),
        ("Review", _review(one.review)),
        *((f"{said.by}, {_seconds(report, said.at)}", said.comment or "") for said in one.review.comments),
    ]
    pictures = "".join(_image(picture, "Picture of the incident") for picture in one.pictures)
    name = report.names.get(row["device"], row["device"])
    heading = f"<h3><bdi>{escape(name)}</bdi>: {escape(incident_words(row['type']))}</h3>"
    return f'<article>{heading}{_table((), rows)}<p class="row">{pictures}</p></article>'


def _detail(report: Report, name: str, value: object) -> tuple[str, str]:
    """With its unit, which stands in its name; devices and regions by what people call them."""
    if name == "devices" and isinstance(value, list):
        value = [report.names.get(str(one), str(one)) for one in value]
    if name == "regions" and isinstance(value, list):
        value = [region_words(str(one)) for one in value]
    if name == "share" and isinstance(value, float):
        return "Pictures affected", f"{100 * value:.0f} %"
    for ending, unit in UNITS.items():
        if name.endswith(ending) and isinstance(value, int | float):
            return _label(name.removesuffix(ending)), f"{_figure(value)} {unit}"
    return _label(name), _figure(value)


def _figure(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(_figure, value))
    return str(value)


def _review(review: IncidentReview) -> str:
    if review.by is None:
        return "nobody has reviewed it"
    return f"{review.state} by {review.by}" + (f": {review.reason}" if review.reason else "")


def _alerts(report: Report) -> str:
    rows = []
    for one in report.alerts:
        said = one["acknowledged"]
        by = "" if said is None else f"{said['by']}, {_clock(report, said['time'])} {said.get('comment', '')}"
        cleared = _clock(report, one["cleared"]) if one["cleared"] else "not cleared"
        rows.append((one["level"], one["message"], _clock(report, one["raised"]), cleared, by))
    return _table(("Level", "Alert", "Raised", "Cleared", "Acknowledged"), rows)


def _notes(report: Report) -> str:
    rows = [
        (_seconds(report, one.start), _named(report, one.devices) or "all", one.text, one.by) for one in report.notes
    ]
    return _table(("Time", "Devices", "Note", "By"), rows)


def _named(report: Report, devices: Iterable[str]) -> str:
    return ", ".join(report.names.get(device, device) for device in devices)


def _minute(report: Report, one: ReportMinute) -> str:
    at, found = _seconds(report, one.minute * 60), one.description
    if one.count > 1:
        at += f" to {_time(report, one.end * 60)}"
    state = escape(str(found["state"]))
    picture = "" if one.picture is None else _image(one.picture, f"All devices at {at}")
    moments: dict[str, list[BadMoment]] = {}
    for moment in one.moments:
        moments.setdefault(moment.device, []).append(moment)
    rows = [_device(report, device, moments.get(device["device_id"], ())) for device in found["devices"]]
    values = VALUES if any(device["analysis_json"] for device in found["devices"]) else ()
    table = _table(
        ("Device", "State", "What", *(title for _, title in values)), [row[: 3 + len(values)] for row in rows]
    )
    picture += "".join(_moment(report, moment) for moment in one.moments)
    heading = f'<h3>{at} <span class="{state}">{escape(_words(found["state"]))}</span></h3>'
    return f"<figure>{heading}{picture}{table}</figure>"


def _device(report: Report, device: dict[str, Any], moments: Sequence[BadMoment]) -> tuple[str, ...]:
    analysis = device["analysis_json"] or {}
    when = {kind: " and ".join(_when(report, one) for one in moments if one.type == kind) for kind in device["types"]}
    types = (f"{incident_words(kind)} {times}".rstrip() for kind, times in when.items())
    what = ", ".join(types) or ("" if device["status"] == "active" else device["status"])
    return (device["device_name"], _words(device["condition"]), what, *(_value(analysis.get(key)) for key, _ in VALUES))


def _moment(report: Report, one: BadMoment) -> str:
    """The picture of a moment that the picture of the minute may not show."""
    if one.picture is None:
        return ""
    about = f"{report.names.get(one.device, one.device)}, {incident_words(one.type)} {_when(report, one)}"
    return f'<div class="moment">{_image(one.picture, about)}<p class="soft">{escape(about)}</p></div>'


def _when(report: Report, one: BadMoment) -> str:
    if one.start == one.end:
        return f"at {_time(report, one.start)}"
    return f"from {_time(report, one.start)} to {_time(report, one.end)}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _inputs(inputs: Sequence[ReportPicture]) -> str:
    return _table(("Picture", "SHA-256"), [(one.name, one.sha256) for one in inputs])


def _section(title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts) or '<p class="soft">None.</p>'
    return f"<section><h2>{title}</h2>{body}</section>"


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """On paper its head stands on each page."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _image(picture: ReportPicture, about: str) -> str:
    return f'<img alt="{escape(about)}" src="data:image/jpeg;base64,{b64encode(picture.body).decode()}">'


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _label(name: object) -> str:
    words = _words(name)
    return words[:1].upper() + words[1:]


def _clock(report: Report, moment: datetime | str) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return clock_words(at.astimezone(report.zone))


def _time(report: Report, seconds: float) -> str:
    return clock_words(datetime.fromtimestamp(seconds, report.zone), "%H:%M:%S")


def _seconds(report: Report, seconds: float) -> str:
    return _clock(report, datetime.fromtimestamp(seconds, UTC))
