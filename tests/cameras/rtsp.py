"""An RTSP server (RFC 2326) of cameras that misbehave as their case says, over TCP or UDP."""

import asyncio
import base64
import re
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tests.cameras.case import RtspCase
from tests.cameras.listener import Listener
from tests.cameras.logins import is_right
from tests.cameras.media import Sound, Video
from tests.cameras.script import LOST, VIDEO, HangUp, Raw, Report, Step, Unit, WrongLength

PAYLOAD_TYPES: Final = (96, 97, 107)
_REQUEST: Final = re.compile(r"(?P<method>[A-Z_]+) rtsp://[^/]*/(?P<path>[A-Za-z0-9_]+)\S* RTSP/1\.0")


@dataclass
class Seen:
    """What viewers of a camera have been sent."""

    sessions: int = 0
    pictures: int = 0
    """From the first keyframe of each session on; not what goes out over a connection that was replaced meanwhile."""
    first_at: float | None = None
    last_at: float | None = None
    """Of the newest picture, in seconds of the loop's clock."""
    ended_at: float | None = None
    """Of the last one, where what was sent after a moment does not count."""


@dataclass
class Request:
    method: str
    path: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)


class RtspServer(Listener):
    """Serves each case at the path of its name."""

    def __init__(self, cases: dict[str, RtspCase]) -> None:
        super().__init__()
        self._cases = cases
        self.seen: dict[str, Seen] = {name: Seen() for name in cases}
        self.refusals: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, writer)
        try:
            while (request := await read_request(reader)) is not None:
                if not await session.answer(request, self._cases.get(request.path)):
                    return
        finally:
            await session.end()


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; what comes interleaved, such as receiver reports, is passed over. None at the end."""
    while first := await reader.read(1):
        if first == b"$":
            header = await reader.readexactly(3)
            await reader.readexactly(int.from_bytes(header[1:]))
            continue
        line = (first + await reader.readline()).decode("latin-1").strip()
        found = _REQUEST.fullmatch(line)
        if found is None:
            continue
        request = Request(found["method"], found["path"], line.split(" ")[1])
        while header_line := (await reader.readline()).decode("latin-1").strip():
            name, _, value = header_line.partition(":")
            request.headers[name.lower()] = value.strip()
        return request
    return None


class Session:
    """One connection of a viewer."""

    def __init__(self, server: RtspServer, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._writer = writer
        self._channels: dict[int, int] = {}
        self._ports: dict[int, int] = {}
        self._udp: dict[int, asyncio.DatagramTransport] = {}
        self._sequences: Counter[int] = Counter()
        self._player: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    async def answer(self, request: Request, case: RtspCase | None) -> bool:
        """False when the connection is to end."""
        self._asked_at = asyncio.get_running_loop().time()
        if case is None:
            self._reply(request, "404 Not Found")
            return True
        if case.says_nothing:
            await asyncio.Event().wait()
        if case.speaks is not None:
            self._writer.write(case.speaks)
            await self._writer.drain()
            return True
        if request.method != "OPTIONS" and not self._is_allowed(request, case):
            self._server.refusals[request.path] += 1
            self._reply(
                request,
                case.status or "401 Unauthorized",
                tuple(f"WWW-Authenticate: {challenge}" for challenge in case.challenges),
            )
            return True
        return await self._do(request, case)

    def _is_allowed(self, request: Request, case: RtspCase) -> bool:
        if case.status:
            return False
        given = request.headers.get("authorization", "")
        return case.login is None or is_right(given, request.method, case.challenges, case.login)

    async def _do(self, request: Request, case: RtspCase) -> bool:
        match request.method:
            case "OPTIONS":
                self._reply(request, headers=("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER",))
            case "DESCRIBE":
                seen = self._server.seen[request.path]
                seen.sessions += 1
                base = f"Content-Base: {request.target.rstrip('/')}/"
                self._reply(request, headers=("Content-Type: application/sdp", base), body=sdp(case, seen.sessions))
            case "SETUP":
                await self._set_up(request, case)
            case "PLAY":
                self._reply(request, headers=("Session: 1",))
                if case.resets_at_play:
                    return False
                self._player = asyncio.create_task(self._play(case, self._server.seen[request.path]))
            case "TEARDOWN":
                self._reply(request, headers=("Session: 1",))
                return False
            case _:
                self._reply(request, headers=("Session: 1",))
        return True

    async def _set_up(self, request: Request, case: RtspCase) -> None:
        named = re.search(r"track(\d)/?$", request.target)
        track = int(named[1]) if named else 0
        transport = request.headers.get("transport", "")
        channel, port = re.search(r"interleaved=(\d+)", transport), re.search(r"client_port=(\d+)", transport)
        if channel and not case.udp_only:
            self._channels[track] = int(channel[1])
            chosen = f"RTP/AVP/TCP;unicast;interleaved={channel[1]}-{int(channel[1]) + 1}"
        elif port:
            loop = asyncio.get_running_loop()
            remote = ("127.0.0.1", int(port[1]))
            self._udp[track], _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=remote)
            ours = self._udp[track].get_extra_info("sockname")[1]
            chosen = f"RTP/AVP;unicast;client_port={port[1]}-{int(port[1]) + 1};server_port={ours}-{ours + 1}"
        else:
            self._reply(request, "461 Unsupported Transport")
            return
        limit = f";timeout={case.forgets_after_s}" if case.forgets_after_s else ""
        self._reply(request, headers=(f"Transport: {chosen}", f"Session: 1{limit}"))

    def _reply(self, request: Request, status: str = "200 OK", headers: tuple[str, ...] = (), body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers.get('cseq', '0')}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join([*lines, "", body]).encode())

    async def _play(self, case: RtspCase, seen: Seen) -> None:
        loop = asyncio.get_running_loop()
        began, has_key, session = loop.time(), False, seen.sessions
        with suppress(ConnectionError):
            for step in case.script(session):
                if (wait := began + step.at - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if isinstance(step, HangUp) or self._is_forgotten(case):
                    self._writer.transport.abort()
                    return
                self._send(step)
                await self._writer.drain()
                if isinstance(step, Unit) and step.track == VIDEO:
                    has_key = has_key or step.is_key
                    if has_key and session == seen.sessions:
                        seen.first_at = seen.first_at or loop.time()
                        seen.pictures, seen.last_at = seen.pictures + 1, loop.time()

    def _is_forgotten(self, case: RtspCase) -> bool:
        silent_s = asyncio.get_running_loop().time() - self._asked_at
        return case.forgets_after_s is not None and silent_s > case.forgets_after_s

    def _send(self, step: Step) -> None:
        assert not isinstance(step, HangUp)
        if isinstance(step, Raw):
            self._writer.write(step.data)
            return
        if isinstance(step, WrongLength):
            self._writer.write(struct.pack(">cBH", b"$", 0, step.length))
            return
        if step.track not in self._channels and step.track not in self._udp:
            return
        if isinstance(step, Report):
            whole, part = int(step.ntp), int(step.ntp % 1 * 2**32)
            body = (0x80, 200, 6, 7 + step.track, whole & 0xFFFFFFFF, part, step.stamp & 0xFFFFFFFF, 0, 0)
            self._write(step.track, struct.pack(">BBHIIIIII", *body), control=1)
            return
        for number, payload in enumerate(step.payloads, 1):
            sequence = self._sequences[step.track] & 0xFFFF
            self._sequences[step.track] += 1
            if payload != LOST:
                marker = 0x80 if number == len(step.payloads) else 0
                kind = marker | PAYLOAD_TYPES[step.track]
                header = struct.pack(">BBHII", 0x80, kind, sequence, step.stamp & 0xFFFFFFFF, 7 + step.track)
                self._write(step.track, header + payload)

    def _write(self, track: int, packet: bytes, control: int = 0) -> None:
        if track in self._udp:
            if not control:
                self._udp[track].sendto(packet)
        else:
            self._writer.write(struct.pack(">cBH", b"$", self._channels[track] + control, len(packet)) + packet)

    async def end(self) -> None:
        if self._player is not None:
            self._player.cancel()
            await asyncio.gather(self._player, return_exceptions=True)
        for transport in self._udp.values():
            transport.close()


def sdp(case: RtspCase, session: int) -> str:
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0"]
    lines += _described_video(case.video, case.describes_sets) if case.has_video else ()
    if (sound := case.sound_of(session)) is not None:
        lines += _described_sound(sound)
    if case.has_metadata:
        lines += ["m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000", "a=control:track2"]
    return "\r\n".join([*lines, ""])


def _described_video(video: Video, describes_sets: bool) -> Iterator[str]:
    yield "m=video 0 RTP/AVP 96"
    yield f"a=rtpmap:96 {'H264' if video.codec == 'h264' else 'H265'}/90000"
    sets = {kind: base64.b64encode(unit).decode() for kind, unit in video.sets().items()}
    if video.codec == "h264":
        yield "a=fmtp:96 packetization-mode=1" + (
            f";sprop-parameter-sets={sets[7]},{sets[8]}" if describes_sets else ""
        )
    elif describes_sets:
        yield f"a=fmtp:96 sprop-vps={sets[32]};sprop-sps={sets[33]};sprop-pps={sets[34]}"
    yield "a=control:track0"


def _described_sound(sound: Sound) -> Iterator[str]:
    name = {"AAC": f"mpeg4-generic/{sound.rate}/1", "OPUS": "opus/48000/2"}.get(
        sound.codec, f"{sound.codec}/{sound.rate}"
    )
    yield "m=audio 0 RTP/AVP 97"
    yield f"a=rtpmap:97 {name}"
    if sound.codec == "AAC":
        lengths = "sizelength=13;indexlength=3;indexdeltalength=3"
        yield f"a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;{lengths};config={sound.setup.hex()}"
    yield "a=control:track1"
