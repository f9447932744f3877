"""Carries over the queue of versions that knew one receiver."""

import sqlite3

from producer.transaction import transaction

RECEIVER = "webhook"
"""The name of the receiver that `alerts.webhook_url_env` gives the address of."""


def carry_over(state: sqlite3.Connection) -> None:
    """Take what still waits in the old queue into the new one, once."""
    if state.execute("select 1 from sqlite_master where type = 'table' and name = 'queue'").fetchone() is None:
        return
    with transaction(state):
        state.execute(
            """
            insert or ignore into delivery (
                receiver, event_id, alert_id, site, device, type, state, level, body, born, attempts, due
            )
            select ?, event_id, body ->> 'id', body ->> 'site', body ->> 'device', body ->> 'type', body ->> 'state',
                body ->> 'level', cast(body as blob), born, attempts, due
            from (
                select number, event_id, cast(body as text) as body, born, attempts, due from queue where ended is null
            ) order by number
            """,
            (RECEIVER,),
        )
        state.execute("drop table queue")
