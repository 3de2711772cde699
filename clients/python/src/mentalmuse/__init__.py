"""MentalMuse RPC: the client.

    with mentalmuse.Client("tcp://localhost:6873") as client:
        client.auth.register("robin", "a wren sings at dawn")
        post = client.posts.create("Hello.")
        for comment in client.comments.iterate(post.id):
            print(comment.body)
"""

from ._address import Address
from ._errors import (
    CertificateRefused,
    ClientClosed,
    ConnectionLost,
    InvalidAddress,
    MalformedAnswer,
    MuseError,
    NotConnected,
    ServerError,
    StoreUnusable,
    TimedOut,
    UnknownError,
    Unsendable,
)
from ._generated.errors import *
from ._generated.methods import METHODS, SCHEMA_VERSION
from ._generated.models import *
from ._generated.notifications import *
from ._options import CallOptions, Configuration
from ._sessions import FileSessionStore, MemorySessionStore, SessionStore, StoredSession
from ._values import ABSENT, Absent, UnknownNotification
from .client import AsyncClient, Client

__version__ = "1.0.0"
