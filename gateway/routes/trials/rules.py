"""The route of the alert rules in force, with the bounds that a trial may set."""

from pydantic import Field

from consumers.alerting.rules import FIELDS, RULE_VERSION, SENTENCES
from consumers.alerting.terms import registered
from gateway.calls import Call, Operation
from gateway.http.answers import Answer
from gateway.http.parameters import Nothing


class RuleAnswer(Answer):
    name: str
    value: float = Field(description="As it is in force.")
    unit: str = Field(description="`s`, `°C`, `%`, or nothing for a share of 0 to 1.")
    description: str
    minimum: float
    maximum: float


class RulesAnswer(Answer):
    rules: list[RuleAnswer]
    version: int = Field(description="Of the code that decides by them.")
    sentences: dict[str, str] = Field(description="By type of incident, what they say about it with these values.")


async def rules_in_force(call: Call[Nothing]) -> RulesAnswer:
    """When an alert is raised and cleared."""
    rules = await call.gateway.ask(lambda stores: registered(stores.registered()).rules)
    in_force = rules.values()
    found = [
        RuleAnswer(
            name=known.name,
            value=in_force[known.name],
            unit=known.unit,
            description=known.description,
            minimum=known.minimum,
            maximum=known.maximum,
        )
        for known in FIELDS.values()
    ]
    sentences = {name: rules.sentence(name) for name in SENTENCES}
    return RulesAnswer(rules=found, version=RULE_VERSION, sentences=sentences)


OPERATIONS = [Operation("GET", "/api/v1/rules", rules_in_force, RulesAnswer)]
