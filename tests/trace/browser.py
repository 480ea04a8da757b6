# SPDX-License-Identifier: BSD-3-Clause
"""A headless Chromium that tests ask questions, over the pipe that it offers
for that; Python's standard library is enough."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAME = "chromium"
SECONDS = 60            # for an answer


class Browser:
    """With one page open; to be used in a `with` statement."""

    def __init__(self):
        self.count, self.events, self.rest = 0, [], b""
        self.profile = tempfile.mkdtemp(prefix="mi-trace-browser-")
        its_input, self.to = os.pipe()
        self.back, its_output = os.pipe()
        # The browser has its ends as 3 and 4
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec 3<&{its_input} 4>&{its_output} "$@"', "sh",
             NAME, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--user-data-dir=" + self.profile, "--hide-scrollbars",
             "about:blank"], pass_fds=(its_input, its_output),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its_input)
        os.close(its_output)
        self.session = None

    def __enter__(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.ask(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.back], [], [],
                                 max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            got = os.read(self.back, 1 << 16)
            if not got:
                raise EOFError("the browser has ended")
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, **arguments):
        self.count += 1
        words = {"id": self.count, "method": method, "params": arguments}
        if self.session:
            words["sessionId"] = self.session
        os.write(self.to, json.dumps(words).encode() + b"\0")
        until = time.monotonic() + SECONDS
        while True:
            told = self.message(until)
            if told.get("id") == self.count:
                if "error" in told:
                    raise ValueError(f"{method}: {told['error']['message']}")
                return told["result"]
            self.events.append(told)

    def open(self, path):
        """Opens a file, and waits until it is there."""
        self.events.clear()
        self.ask("Page.navigate", url="file://" + os.path.abspath(path))
        until = time.monotonic() + SECONDS
        while self.value("document.readyState") != "complete":
            if time.monotonic() > until:
                raise TimeoutError(path)
            time.sleep(0.05)

    def value(self, script):
        told = self.ask("Runtime.evaluate", expression=script,
                        returnByValue=True)
        if "exceptionDetails" in told:
            raise ValueError(told["exceptionDetails"]["exception"]
                             ["description"])
        return told["result"].get("value")

    def screen(self, width, height, dark=False, printed=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=width < 500)
        self.ask("Emulation.setEmulatedMedia",
                 media="print" if printed else "", features=[
                     {"name": "prefers-color-scheme",
                      "value": "dark" if dark else "light"}])

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                     windowsVirtualKeyCode=code, text="\r" if code == 13
                     and kind == "keyDown" else "")

    def picture(self, path, whole=False):
        """A screenshot; of the whole page, or of what is on the screen."""
        told = self.ask("Page.captureScreenshot", format="png",
                        captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(told["data"]))

    def loaded(self):
        """All addresses that were asked for since the page was opened."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]
