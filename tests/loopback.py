"""What a client of a server on this machine is given, where nothing is encrypted.

Otherwise httpx reads the certificates of all authorities first, which takes 28 ms each time.
"""

import ssl
from typing import Final

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
