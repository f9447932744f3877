"""The rules in force, with what a trial may set them to."""

from pydantic import Field

from consumers.alerting.incidents.projection import RULE_VERSION
from consumers.alerting.what_if.rules import KNOWN, values
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import Nothing


class Rule(Answer):
    name: str
    value: float = Field(description="As it is in force.")
    unit: str = Field(description="`s`, `°C`, `%`, or nothing for a share of 0 to 1.")
    description: str
    minimum: float
    maximum: float


class Rules(Answer):
    rules: list[Rule]
    version: int = Field(description="Of the code that decides by them.")


async def rules(call: Call[Nothing]) -> Rules:
    """When an alert is raised and cleared."""
    in_force = values(call.gateway.hub.rules)
    found = [
        Rule(
            name=known.name,
            value=in_force[known.name],
            unit=known.unit,
            description=known.description,
            minimum=known.minimum,
            maximum=known.maximum,
        )
        for known in KNOWN
    ]
    return Rules(rules=found, version=RULE_VERSION)


OPERATIONS = [Operation("GET", "/api/v1/rules", rules, Rules)]
