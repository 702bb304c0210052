"""Which certificates are trusted, the same for HTTP and for mail.

The system's authorities and certifi's. `SSL_CERT_FILE` (a file) or `SSL_CERT_DIR` replaces the system's, so that an
office can name an authority of its own. A bundle that `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE` names replaces all but
that.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def trust(protocol: str = "") -> ssl.SSLContext:
    """Return a context that checks certificates and names; made once for each setting of the environment.

    `protocol` is what the connection is for, where servers are shown that (ALPN, RFC 7301).
    """
    return _made(protocol, *(tuple(os.environ.get(name, "") for name in names) for names in (_BUNDLES, _SYSTEM)))


@lru_cache(maxsize=4)
def _made(protocol: str, bundles: tuple[str, ...], system: tuple[str, ...]) -> ssl.SSLContext:
    import ssl

    bundle = next((named for named in bundles if named), "")
    if not bundle:
        import certifi

        bundle = certifi.where()
        system = (*system, bundle)
    # OpenSSL reads SSL_CERT_FILE and SSL_CERT_DIR by itself, unless it is given a file or a folder.
    file, folder = (bundle, None) if os.path.isfile(bundle) else (None, bundle)  # noqa: PTH113
    if not any(system):
        context = ssl.create_default_context(cafile=file, capath=folder)
    else:
        context = ssl.create_default_context()
        context.load_verify_locations(file, folder)
    if protocol:
        context.set_alpn_protocols([protocol])
    return context
