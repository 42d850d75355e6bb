"""People of a desk at their browsers: the real pages over HTTP, without mail servers.

browser = Browser(desk)
page = browser.open("jfu-1", desk.task("laporkan"))
browser.send(page.forms["laporkan"], {"ringkasan": "Lampu padam"})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from pipeline.access import browsers, links
from pipeline.data.engine import writing
from pipeline.data.tables import Task
from pipeline.web.app import create_app
from tests.desk import Desk
from tests.kantor import Form, Page


@dataclass
class Browser:
    """One browser that everybody of the office is known by."""

    desk: Desk
    web: FlaskClient = field(init=False)
    known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        desk = self.desk
        self.web = create_app(desk.settings, desk.engine, desk.clock).test_client()

    def know(self, who: str) -> None:
        if who in self.known:
            return
        desk = self.desk
        with writing(desk.engine) as session:
            person = desk.person(who)
            value = browsers.remember(session, desk.settings.keys, person, "uji", desk.clock())
        secure = desk.settings.web.base_url.startswith("https:")
        self.web.set_cookie(browsers.cookie_name(who, secure), value, path="/")
        self.known.add(who)

    def link(self, who: str, task: Task) -> str:
        """The path of a fresh link to a task."""
        desk = self.desk
        self.know(who)
        with writing(desk.engine) as session:
            wanted = [(session.get_one(Task, task.id), desk.person(who))]
            days = desk.settings.web.link_days
            (link_id,) = links.issue(session, wanted, desk.clock(), days)
            return f"/t/{links.token(session, desk.settings.keys, link_id)}"

    def open(self, who: str, task: Task) -> Page:
        return self.get(self.link(who, task))

    def get(self, url: str) -> Page:
        response = self.web.get(url)
        return Page(url, response.status_code, response.text)

    def send(self, form: Form, fields: Mapping[str, object]) -> Page:
        """What a browser sends: the form as it was drawn, and what was typed; its redirect is followed."""
        data = {**form.values, **fields}
        response = self.web.post(form.url, data=data, content_type="multipart/form-data")
        if response.status_code == 303:
            return self.get(urlsplit(response.headers["Location"])._replace(fragment="").geturl())
        return Page(form.url, response.status_code, response.text)
