"""Each actuator against the real thing it drives: processes, sockets, a desktop that is not there."""

from __future__ import annotations

import http.server
import sys
import threading

import pytest

from kairos.act.actuators import built_in
from kairos.act.actuators.command import CommandActuator
from kairos.act.actuators.notify import NotifyActuator
from kairos.act.actuators.webhook import WebhookActuator
from kairos.config import ActSettings, CommandTemplate, WebhookTemplate
from kairos.errors import ActuatorFailed
from kairos.ports import Order

pytestmark = pytest.mark.anyio
ORDER = Order(action=1, key="k1", what="disk full; free space", source="nas", event="e1", receipt=9)


class Sink:
    def __init__(self):
        self.sent = []

    def publish(self, topic, body):
        self.sent.append((topic, body["what"]))


def _command(*argv, **fields):
    return CommandActuator("x", CommandTemplate(argv=argv, **fields))


async def test_a_command_gets_the_sentence_as_one_whole_argument():
    actuator = _command(sys.executable, "-c", "import sys; print(len(sys.argv), sys.argv[1])", "{what}")

    assert await actuator.act(ORDER) == "2 disk full; free space"


@pytest.mark.parametrize("what", ["-rf /", "$(reboot)", "a`b`", "x\ny", "x" * 201, "a|b", "a>b"])
async def test_a_command_refuses_what_does_not_match_its_pattern(what):
    with pytest.raises(ActuatorFailed, match="does not match"):
        await _command("/bin/echo", "{what}").act(Order(action=1, key="k", what=what, source="s", event="e", receipt=1))


async def test_braces_inside_an_argument_are_not_filled():
    assert await _command("/bin/echo", "say {what}").act(ORDER) == "say {what}"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("/nowhere/program",), "cannot be run"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "exit 3"),
    ],
)
async def test_a_command_that_fails_says_how(argv, message):
    with pytest.raises(ActuatorFailed, match=message):
        await _command(*argv).act(ORDER)


async def test_a_command_that_hangs_is_ended():
    with pytest.raises(ActuatorFailed, match="took longer"):
        await _command(sys.executable, "-c", "import time; time.sleep(60)", timeout_s=0.2).act(ORDER)


@pytest.fixture
def hook():
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers["Idempotency-Key"], body))
            self.send_response(204 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_webhook_posts_json_with_the_key(hook):
    url, seen = hook

    assert await WebhookActuator("a", WebhookTemplate(url=f"{url}/good")).act(ORDER) == "HTTP 204"
    assert seen[0][0] == "k1"
    assert b'"what": "disk full; free space"' in seen[0][1]


async def test_a_webhook_that_answers_badly_failed(hook):
    with pytest.raises(ActuatorFailed, match="HTTP 500"):
        await WebhookActuator("a", WebhookTemplate(url=f"{hook[0]}/bad")).act(ORDER)


async def test_a_webhook_that_does_not_answer_failed():
    with pytest.raises(ActuatorFailed, match="no answer"):
        await WebhookActuator("a", WebhookTemplate(url="http://127.0.0.1:9/", timeout_s=1)).act(ORDER)


async def test_without_a_desktop_a_notice_still_goes_to_the_feed():
    class NoDesktop:
        asked = 0

        async def notify(self, title, body, key):
            self.asked += 1
            raise ActuatorFailed("notify", "there is no desktop session")

    sink, desktop = Sink(), NoDesktop()
    actuator = NotifyActuator(desktop, sink)

    await actuator.act(ORDER)
    await actuator.act(ORDER)

    assert sink.sent == [("notice", ORDER.what)] * 2
    assert desktop.asked == 1


def test_the_registered_names_follow_from_the_settings():
    settings = ActSettings(commands={"lamp": CommandTemplate(argv=("true",))}, webhooks={"phone": WebhookTemplate(url="http://x")})

    assert sorted(built_in(settings, desktop=None, publisher=Sink())) == ["command.lamp", "log", "notify", "publish", "webhook.phone"]
