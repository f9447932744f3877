"""The sections `hub.journal` and `hub.warehouse`: files of this hub, or a ClickHouse server."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from edge.agent.source_settings import EnvName, SettingsModel
from watchpost.configuration.host import Host


class EmbeddedWarehouse(SettingsModel):
    """Rows are kept by the process of the gateway, in the data directory."""

    kind: Literal["chdb"] = Field(default="chdb", description="ClickHouse in process; needs nothing else.")


class ClickHouseSection(SettingsModel):
    """A ClickHouse server."""

    kind: Literal["clickhouse"] = Field(description="A server, over its native protocol.")
    host: Host = Field(default="127.0.0.1", description="Where the server is.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="Default 9000, and 9440 where it is secure."
    )
    user: str = Field(default="default", description="Who may create and drop databases and tables there.")
    password_env: EnvName | None = Field(default=None, description="The environment variable that holds the password.")
    secure: bool = Field(default=False, description="TLS, with a certificate of an authority that the system knows.")


class ServerWarehouse(ClickHouseSection):
    """Rows are kept by a ClickHouse server, and written by a process of its own."""

    database: str = Field(
        default="warehouse",
        description="A name for this hub alone: rows are in databases of this name with `_1`, `_2` … after it.",
    )

    @field_validator("database")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or re.search(r"_\d+$", name):
            raise ValueError(f"'{name}' is no name here: small letters, digits and _, and no number after the last _")
        return name


class FileJournal(SettingsModel):
    """The journal is in files in the data directory, which the processes of one machine can read."""

    kind: Literal["sqlite"] = Field(default="sqlite", description="One file a day; needs nothing else.")


class ServerJournal(ClickHouseSection):
    """The journal is on a ClickHouse server, which processes of other machines can read too."""

    database: str = Field(default="watchpost_journal", description="A name for the journal of this hub alone.")

    @field_validator("database")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"'{name}' is no name here: small letters, digits and _, a letter first")
        return name
