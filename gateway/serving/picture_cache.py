"""Keeps the pictures that were asked for last, by a name that says what is on them."""

from collections import OrderedDict
from threading import Lock


class PictureCache:
    """For use from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            if name in self._pictures:
                self._pictures.move_to_end(name)
            return self._pictures.get(name)

    def put(self, name: str, picture: bytes) -> None:
        with self._lock:
            self._pictures[name] = picture
            self._pictures.move_to_end(name)
            while len(self._pictures) > self._most:
                self._pictures.popitem(last=False)
