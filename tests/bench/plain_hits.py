"""What hits are compared with: a minimal Flask application that inserts and commits while the reader waits.

`python -m tests.bench.plain_hits PORT THREADS DATABASE`, on the server program that the product uses.
"""

import base64
import os
import sys
from typing import Any

import sqlalchemy as sa

_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


def serve() -> None:
    """Serve until ended."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    port, threads, os.environ["PLAIN_HITS_DATABASE"] = sys.argv[1:]
    Granian(
        f"{__spec__.name}:application", factory=True, interface=Interfaces.WSGI, address="127.0.0.1",
        port=int(port), workers=1, blocking_threads=int(threads), websockets=False, log_level=LogLevels.error,
    ).serve()  # fmt: skip


def application() -> Any:
    """The application, with the table that it writes to."""
    from flask import Flask, Response, redirect, request

    from campaigns.database import make_engine

    app = Flask("plain_hits")
    engine = make_engine(os.environ["PLAIN_HITS_DATABASE"])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS plain_hit (token text, kind text, at timestamp, ip text, agent text)"
        )
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS plain_link (position integer, url text)")
        if not connection.exec_driver_sql("SELECT 1 FROM plain_link").first():
            connection.exec_driver_sql("INSERT INTO plain_link VALUES (1, 'https://example.com/offer')")
    insert = sa.text("INSERT INTO plain_hit VALUES (:token, :kind, CURRENT_TIMESTAMP, :ip, :agent)")
    find = sa.text("SELECT url FROM plain_link WHERE position = 1")

    def keep(connection: sa.Connection, token: str, kind: str) -> None:
        values = {"token": token, "kind": kind, "ip": request.remote_addr, "agent": str(request.user_agent)}
        connection.execute(insert, values)

    @app.get("/o/<token>.gif")
    def pixel(token: str) -> Response:
        with engine.begin() as connection:
            keep(connection, token, "open")
        return Response(_PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store"})

    @app.get("/c/<token>")
    def click(token: str) -> Any:
        with engine.begin() as connection:
            address = connection.execute(find).scalar_one()
            keep(connection, token, "click")
        return redirect(address)

    return app


if __name__ == "__main__":
    serve()
