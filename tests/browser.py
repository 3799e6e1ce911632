"""A page as a browser shows it: Chromium without a window, asked through its DevTools protocol."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Page:
    """The page that a browser shows."""

    def __init__(self, sent, received):
        self._sent, self._received = sent, received
        self._number, self._rest = 0, b""
        (target,) = (
            each for each in self._ask("Target.getTargets")["targetInfos"] if each["type"] == "page"
        )
        options = {"targetId": target["targetId"], "flatten": True}
        self._session = self._ask("Target.attachToTarget", **options)["sessionId"]

    def open(self, address):
        self._ask("Page.navigate", self._session, url=address)

    def find(self, expression, good, seconds=60):
        """The value of an expression in JavaScript, once `good` holds of it, or the last."""
        deadline = time.monotonic() + seconds
        while True:
            options = {"expression": expression, "returnByValue": True}
            answer = self._ask("Runtime.evaluate", self._session, **options)
            value = answer["result"].get("value")
            if good(value) or time.monotonic() > deadline:
                return value
            time.sleep(0.3)

    def screenshot(self, path):
        data = self._ask("Page.captureScreenshot", self._session)["data"]
        path.write_bytes(base64.b64decode(data))

    def _ask(self, method, session=None, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": session} if session else {}
        os.write(self._sent, json.dumps(message).encode() + b"\0")
        while True:  # events and answers, a NUL after each
            while b"\0" not in self._rest:
                chunk = os.read(self._received, 1 << 16)
                assert chunk, "the browser has ended"
                self._rest += chunk
            text, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert "result" in answer, answer
                return answer["result"]


@contextlib.contextmanager
def opened(folder, size=(1400, 900)):
    """A `Page` of a browser of its own, which keeps what it keeps in `folder`."""
    to_browser, from_browser = os.pipe(), os.pipe()

    def in_place():  # where --remote-debugging-pipe looks for them
        reads, writes = os.dup(to_browser[0]), os.dup(from_browser[1])
        os.dup2(reads, 3)
        os.dup2(writes, 4)

    options = [
        "--headless",
        "--no-sandbox",
        "--remote-debugging-pipe",
        "--enable-unsafe-swiftshader",
    ]
    options += [f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}", "about:blank"]
    browser = subprocess.Popen(
        [CHROMIUM, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=in_place,
        close_fds=False,
    )
    try:
        yield Page(to_browser[1], from_browser[0])
    finally:
        browser.terminate()
        browser.wait()
        for end in (*to_browser, *from_browser):
            os.close(end)
