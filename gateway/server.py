"""The process of the gateway: uvicorn in this process, which ends soon even while streams are open."""

import signal
import socket
from types import FrameType

import structlog
import uvicorn

from gateway.app import Built

GRACE_SECONDS = 2
BACKLOG = 1024

_log = structlog.get_logger()


class Server(uvicorn.Server):
    """Ends the endless answers before it waits for answers to end."""

    def __init__(self, built: Built) -> None:
        config = uvicorn.Config(
            built.app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=30,
            backlog=BACKLOG,
        )
        super().__init__(config)
        self._gateway = built.gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        _log.info("stopping", signal=signal.Signals(sig).name)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.feed.stop()
        self._gateway.frames.stop()
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """Bound before anything else is started: a port that is taken is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound
