"""Selenium's way to a Firefox without geckodriver, which no registry has: WebDriver over Marionette.

Marionette is the protocol that Firefox itself speaks: a length, a colon and a JSON array, over TCP. Its
commands are those of WebDriver under other names, so everything above this file is plain Selenium.
"""

from __future__ import annotations

import itertools
import json
import socket
from typing import Any

from selenium.webdriver.remote.command import Command

SET_CONTEXT = "setContext"
"""Beside Selenium's: whether scripts run in the page (``content``) or in the browser (``chrome``)."""

_NAMES = {
    SET_CONTEXT: "Marionette:SetContext",
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "WebDriver:DeleteSession",
    Command.GET: "WebDriver:Navigate",
    Command.GO_BACK: "WebDriver:Back",
    Command.GO_FORWARD: "WebDriver:Forward",
    Command.REFRESH: "WebDriver:Refresh",
    Command.GET_CURRENT_URL: "WebDriver:GetCurrentURL",
    Command.GET_PAGE_SOURCE: "WebDriver:GetPageSource",
    Command.GET_TITLE: "WebDriver:GetTitle",
    Command.SET_TIMEOUTS: "WebDriver:SetTimeouts",
    Command.GET_TIMEOUTS: "WebDriver:GetTimeouts",
    Command.ADD_COOKIE: "WebDriver:AddCookie",
    Command.GET_ALL_COOKIES: "WebDriver:GetCookies",
    Command.DELETE_ALL_COOKIES: "WebDriver:DeleteAllCookies",
    Command.FIND_ELEMENT: "WebDriver:FindElement",
    Command.FIND_ELEMENTS: "WebDriver:FindElements",
    Command.W3C_GET_ACTIVE_ELEMENT: "WebDriver:GetActiveElement",
    Command.CLEAR_ELEMENT: "WebDriver:ElementClear",
    Command.CLICK_ELEMENT: "WebDriver:ElementClick",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.GET_ELEMENT_TEXT: "WebDriver:GetElementText",
    Command.GET_ELEMENT_TAG_NAME: "WebDriver:GetElementTagName",
    Command.GET_ELEMENT_RECT: "WebDriver:GetElementRect",
    Command.GET_ELEMENT_ATTRIBUTE: "WebDriver:GetElementAttribute",
    Command.GET_ELEMENT_PROPERTY: "WebDriver:GetElementProperty",
    Command.GET_ELEMENT_VALUE_OF_CSS_PROPERTY: "WebDriver:GetElementCSSValue",
    Command.GET_ELEMENT_ARIA_ROLE: "WebDriver:GetComputedRole",
    Command.GET_ELEMENT_ARIA_LABEL: "WebDriver:GetComputedLabel",
    Command.IS_ELEMENT_ENABLED: "WebDriver:IsElementEnabled",
    Command.IS_ELEMENT_SELECTED: "WebDriver:IsElementSelected",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "WebDriver:ExecuteAsyncScript",
    Command.W3C_ACTIONS: "WebDriver:PerformActions",
    Command.W3C_CLEAR_ACTIONS: "WebDriver:ReleaseActions",
    Command.SCREENSHOT: "WebDriver:TakeScreenshot",
    Command.ELEMENT_SCREENSHOT: "WebDriver:TakeScreenshot",
    Command.NEW_WINDOW: "WebDriver:NewWindow",
    Command.CLOSE: "WebDriver:CloseWindow",
    Command.SWITCH_TO_WINDOW: "WebDriver:SwitchToWindow",
    Command.W3C_GET_CURRENT_WINDOW_HANDLE: "WebDriver:GetWindowHandle",
    Command.W3C_GET_WINDOW_HANDLES: "WebDriver:GetWindowHandles",
    Command.GET_WINDOW_RECT: "WebDriver:GetWindowRect",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
    Command.W3C_ACCEPT_ALERT: "WebDriver:AcceptAlert",
    Command.W3C_DISMISS_ALERT: "WebDriver:DismissAlert",
    Command.W3C_GET_ALERT_TEXT: "WebDriver:GetAlertText",
}
_GIVEN = {
    # A new session takes what Firefox can do as it is.
    Command.NEW_SESSION: {},
    Command.SCREENSHOT: {"full": False, "hash": False},
}


class Executor:
    """What Selenium calls a command executor.

    :param port: where Firefox listens on this machine.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._stream = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        # What Firefox says of itself comes first, unasked.
        self._receive()

    def execute(self, command: str, params: dict[str, Any] | None) -> dict[str, Any]:
        """Return what Firefox answers, in the form in which geckodriver would."""
        given = _GIVEN.get(command, {k: v for k, v in (params or {}).items() if k != "sessionId"})
        said = json.dumps([0, next(self._numbers), _NAMES[command], given]).encode()
        self._socket.sendall(b"%d:%b" % (len(said), said))
        _, _, error, result = self._receive()
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result["value"] if isinstance(result, dict) and set(result) == {"value"} else result}

    def _receive(self) -> Any:
        length = b""
        while (digit := self._stream.read(1)) != b":":
            if not digit:
                raise ConnectionError("Firefox has hung up.")
            length += digit
        return json.loads(self._stream.read(int(length)))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()
