"""The description of the API (OpenAPI 3.1), made from what the views and pydantic's models say."""

from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Blueprint, current_app, jsonify

from campaigns import __version__
from campaigns.api.forms import Refused
from campaigns.web import guards

pages = Blueprint("api", __name__, url_prefix="/api")


def register(app: APIFlask) -> None:
    """Say who we are and how programs show who they are; answer what is wrong as everywhere."""
    app.title, app.version = "Campaigns", __version__
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["VALIDATION_ERROR_STATUS_CODE"] = 422
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False  # each address says so itself, in our shape
    app.config["AUTO_AUTH_ERROR_RESPONSE"] = False
    app.config["AUTO_404_RESPONSE"] = False
    app.security_schemes = {"key": {"type": "http", "scheme": "bearer"}}
    app.error_callback = _refused  # `error_processor` would take over what pages answer, too
    app.spec_processor(_completed)


@pages.get("/openapi.json")
@guards.public
def description() -> Any:
    """What can be asked, and how."""
    return jsonify(current_app.spec)  # type: ignore[attr-defined]


def _completed(spec: Any) -> Any:
    """Add what a refusal looks like, and leave out pages that stand in no room."""
    schema = Refused.model_json_schema()
    spec.setdefault("components", {}).setdefault("schemas", {})[Refused.__name__] = schema
    spec["paths"] = {path: said for path, said in spec["paths"].items() if path.startswith("/api/")}
    return spec


def _refused(error: HTTPError) -> Any:
    problems = [
        f"{'.'.join((where, field)) if where != 'json' else field}: {said}"
        for where, fields in (error.detail or {}).items()
        for field, sentences in (fields.items() if isinstance(fields, dict) else [("", fields)])
        for said in (sentences if isinstance(sentences, list) else [sentences])
    ]
    return {"error": error.message, "problems": problems}, error.status_code, error.headers
