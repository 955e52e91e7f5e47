"""`campaigns openapi`: the description of the API, for programs that are made from it."""

import json

import click


@click.command()
def openapi() -> None:
    """Print the description of the API (OpenAPI 3.1)."""
    from campaigns.app import create_app  # only here: it takes half a second

    click.echo(json.dumps(create_app().spec, ensure_ascii=False, indent=2))
