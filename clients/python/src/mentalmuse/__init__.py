"""MentalMuse RPC: the client.

    with mentalmuse.Client("tcp://localhost:6873") as client:
        client.auth.register("robin", "a wren sings at dawn")
        post = client.posts.create("Hello.")
        for comment in client.comments.iterate(post.id):
            print(comment.body)
"""

from ._address import Address as Address
from ._errors import (
    CertificateRefused as CertificateRefused,
    ClientClosed as ClientClosed,
    ConnectionLost as ConnectionLost,
    InvalidAddress as InvalidAddress,
    MalformedAnswer as MalformedAnswer,
    MuseError as MuseError,
    NotConnected as NotConnected,
    ServerError as ServerError,
    StoreUnusable as StoreUnusable,
    TimedOut as TimedOut,
    UnknownError as UnknownError,
    Unsendable as Unsendable,
)
from ._generated.errors import *
from ._generated.methods import METHODS as METHODS, SCHEMA_VERSION as SCHEMA_VERSION
from ._generated.models import *
from ._generated.notifications import *
from ._options import CallOptions as CallOptions, Configuration as Configuration
from ._sessions import (
    FileSessionStore as FileSessionStore,
    MemorySessionStore as MemorySessionStore,
    SessionStore as SessionStore,
    StoredSession as StoredSession,
)
from ._values import ABSENT as ABSENT, Absent as Absent, UnknownNotification as UnknownNotification
from .client import AsyncClient as AsyncClient, Client as Client

__version__ = "1.0.0"
