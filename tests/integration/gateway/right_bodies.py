"""A right body for each operation that takes one: what stands behind the check of a body is reached by these alone."""

from collections.abc import Mapping
from typing import Any, Final

from bus_schemas.event import iso
from edge.agent.enrolment.client import password_hash
from tests.builders import DEVICE, SITE, at
from tests.integration.gateway.each_kind import NODE, REGION, ZONE

_SIGNED: Final = {"by": "ada"}
_TIMES: Final = {"start": iso(at(100)), "end": iso(at(200))}
_OF_DEVICE: Final = {**_SIGNED, "site": SITE, "devices": [DEVICE]}
_DEVICE: Final = "/api/v1/sites/{site}/devices/{device}"
_CONFIGURATION: Final = (
    f"sites: [{{site: {SITE}, devices: [{{device: shed, visual: {{kind: scene, scene: visual}}}}]}}]"
)

RIGHT_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /api/v1/sites": {**_SIGNED, "site": "NEW", "name": "New", "time_zone": "Asia/Kathmandu"},
    "PATCH /api/v1/sites/{site}": {**_SIGNED, "name": "Demo", "time_zone": "Australia/Lord_Howe", "retired": False},
    "POST /api/v1/sites/{site}/devices": {
        **_SIGNED, "device": "new", "name": "New", "kinds": ["visual"], "expects": "frames", "silent_after_s": 60,
    },
    f"PATCH {_DEVICE}": {**_SIGNED, "name": "Other", "expects": "readings", "silent_after_s": 90, "retired": False},
    "POST /api/v1/alerts/{id}/acknowledge": {**_SIGNED, "comment": "Seen."},
    "POST /api/v1/alerts/{id}/unacknowledge": _SIGNED,
    "POST /api/v1/incident-reviews": {**_SIGNED, "action": "commented", "incidents": ["none"], "comment": "Seen."},
    "POST /api/v1/incident-reviews/{id}/undo": _SIGNED,
    "POST /api/v1/mutes": {
        **_OF_DEVICE, "reason": "Works", "types": ["freeze"], "start": iso(at(700)), "end": iso(at(900)),
    },
    "POST /api/v1/mutes/{id}/end": {**_SIGNED, "reason": "Done"},
    "POST /api/v1/annotations": {**_OF_DEVICE, **_TIMES, "text": "A lorry", "colour": "#ff0000"},
    "PATCH /api/v1/annotations/{id}": {**_SIGNED, **_TIMES, "devices": [DEVICE], "text": "Two", "colour": "#00ff00"},
    "POST /api/v1/annotations/{id}/remove": _SIGNED,
    "POST /api/v1/annotations/{id}/restore": _SIGNED,
    "POST /api/v1/exports": {
        **_OF_DEVICE, **_TIMES, "form": "zip", "exact": False, "speed": None, "originals": True, "tables": True,
    },
    "POST /api/v1/exports/{id}/cancel": _SIGNED,
    "POST /api/v1/exports/{id}/remove": _SIGNED,
    "POST /api/v1/reports": {**_SIGNED, **_TIMES, "site": SITE, "name": "Day"},
    f"PUT {_DEVICE}/settings": {"rois": [REGION], "zones": [ZONE], "motion": {"sensitivity": 30}},
    f"PUT {_DEVICE}/rois": {"rois": [REGION]},
    f"PUT {_DEVICE}/zones": {"zones": [ZONE]},
    f"POST {_DEVICE}/commands/{{name}}": {**_SIGNED, "arguments": {}},
    "POST /api/v1/holds": {**_OF_DEVICE, **_TIMES, "reason": "Court"},
    "POST /api/v1/holds/{id}/release": {**_SIGNED, "reason": "Done"},
    "POST /api/v1/consumers/{name}/rebuild": {"site": SITE, "since": iso(at(0)), "until": iso(at(300))},
    "POST /api/v1/trials": {
        **_SIGNED, "site": SITE, "since": iso(at(0)), "until": iso(at(300)), "rules": {"raise_window_s": 20},
        "analysis": False, "settings": {},
    },
    "PUT /api/v1/enrolments/{node}/configuration": {
        **_SIGNED, "configuration": _CONFIGURATION, "reason": "Works",
    },
    "POST /api/v1/enrolments/{node}/code": _SIGNED,
    "POST /api/v1/enrolments/{node}/revoke": _SIGNED,
    "POST /api/v1/enrolments/{node}/versions/{version}/bring-back": {**_SIGNED, "reason": "Worse"},
    "POST /api/v1/enrol": {"code": "0000-0000", "password_hash": password_hash("secret"), "node": NODE},
    "POST /api/v1/session": {"token": "none"},
}  # fmt: skip
"""By the name of the operation."""
