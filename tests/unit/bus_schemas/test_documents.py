import json

import pytest

from bus_schemas.documents import document


def test_schemas_and_channels_are_written_as_json() -> None:
    assert "watchpost.detection.v1" in json.loads(document("json"))
    assert json.loads(document("asyncapi"))["asyncapi"] == "3.0.0"


def test_types_of_the_page_are_written_as_typescript() -> None:
    assert "export interface DetectionEvent {" in document("typescript")


def test_a_document_that_the_contract_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="has no document 'wsdl'; it has json, asyncapi, typescript"):
        document("wsdl")
