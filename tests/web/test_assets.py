"""Static files are kept by browsers until their content changes."""

import re


def test_a_page_names_the_content_of_its_files_and_they_may_be_kept(admin_client):
    page = admin_client.get("/settings/").text
    address = re.search(r'href="(/static/css/app\.css\?v=[0-9a-f]{10})"', page).group(1)

    answer = admin_client.get(address)

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_without_the_mark_nothing_is_promised(admin_client):
    assert "immutable" not in admin_client.get("/static/css/app.css").headers.get("Cache-Control", "")


def test_a_missing_file_does_not_break_the_page_that_names_it(app):
    from flask import url_for

    with app.test_request_context():
        assert url_for("static", filename="css/none.css") == "/static/css/none.css"
