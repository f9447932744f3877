from bus_schemas.catalogue import MODELS
from bus_schemas.json_schema import json_schemas


def test_every_type_has_a_schema_that_demands_its_type() -> None:
    schemas = json_schemas()

    assert set(schemas) == set(MODELS)
    assert all("type" in schema["required"] for schema in schemas.values())
