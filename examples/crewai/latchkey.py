"""Just-in-time PostgreSQL for the tools of a crew.

    rows = latchkey.run("orders-db", "SELECT ... WHERE id = $1", [number], reason="Answer a question")

    with latchkey.connection("orders-db", reason="Answer a question") as connection:
        rows = connection.run("SELECT ...")

With `run` Latchkey executes the statement and masks its rows; with `connection` this process logs in. A
CrewAI task asks when it first needs a resource and keeps what it got for the calls that follow. When the task
ends, well or badly, everything is given back. When the worker is killed, its lease runs out instead.
"""

import atexit
import json
import logging
import os
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from crewai.context import get_current_task_id
from crewai.events import TaskCompletedEvent, TaskFailedEvent, crewai_event_bus
from crewai.tools.tool_failure import ToolFailure
from pg8000.native import Connection, DatabaseError, Error

LEASE_SECONDS = 60  # a worker that is silent for this long loses what it holds
GRANT_SECONDS = 900

log = logging.getLogger(__name__)


class NoAccess(Exception):
    """Not now, or not at all: `told` is what the model can act on, and holds no secret."""

    def __init__(self, told: str | ToolFailure) -> None:
        super().__init__(told if isinstance(told, str) else told.as_agent_message())
        self.told = told


def token() -> str:
    """The worker's own OIDC token. Asked for at every call, since it is short-lived."""
    return os.environ["LATCHKEY_TOKEN"]


def call(method: str, path: str, body: object = None, key: str = "") -> dict[str, Any]:
    """One call to the API. A POST with a key may be repeated: the same key is the same request."""
    url = os.environ["LATCHKEY_URL"].rstrip("/") + path
    request = Request(url, method=method, headers={"Prefer": "wait=20"})
    request.add_unredirected_header("Authorization", f"Bearer {token()}")
    if key:
        request.add_header("Idempotency-Key", key)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urlopen(request, timeout=30) as reply:
            return dict(json.load(reply))
    except HTTPError as error:
        raise NoAccess(failure_of(json.load(error))) from None
    except OSError as error:
        raise NoAccess(unreachable("Latchkey", error)) from None


def failure_of(problem: dict[str, Any]) -> ToolFailure:
    """RFC 9457 in CrewAI's words: what is wrong, why policy says so, and what to do next."""
    reasons = (policy["reason"] for policy in problem.get("determinedBy", ()) if "reason" in policy)
    text = " ".join((f"{problem['title']}.", *reasons, problem["detail"]))
    return ToolFailure(message=text, code=problem["code"], retryable=problem["retryable"])


def unreachable(what: str, cause: object) -> ToolFailure:
    """Addresses and causes are for the log, not for the model."""
    log.warning("%s did not answer: %s", what, cause)
    return ToolFailure(
        message=f"{what} did not answer. Call this tool again.", code="unreachable", retryable=True
    )


def connect(task: str, resource: str, reason: str) -> Connection:
    """Asks, waits, logs in."""
    opened = log_in(ask(task, resource, "postgres:connect", reason))
    if isinstance(opened, str):
        raise NoAccess(unreachable(resource, opened))
    return opened


def ask(task: str, resource: str, action: str, reason: str) -> str:
    """The grant of a task for this. Asked for again, it is the same grant, and waited for."""
    wanted = {
        "task": task,
        "resource": resource,
        "action": action,
        "durationSeconds": GRANT_SECONDS,
        "reason": reason,
    }
    grant = call("POST", "/v1/grants", wanted, key=f"{task}/{resource}/{action}")
    if grant["state"] in ("pending_approval", "preparing", "activating"):
        raise NoAccess(
            f"No access to {resource} yet ({grant['state']}). Call this tool again to wait for it."
        )
    return str(grant["id"])


def log_in(grant: str) -> Connection | str:
    """The only place that has the password. Raises nothing: a traceback may show local variables."""
    login = call("POST", f"/v1/grants/{grant}/credentials")["postgres"]
    # sslmode=verify-full: trusts this authority and no other, and checks the host's name.
    verify_full = ssl.create_default_context(cadata=login["sslrootcert"])
    where = {name: login[name] for name in ("host", "port", "database", "user", "password")}
    try:
        opened = Connection(**where, ssl_context=verify_full, timeout=30)
    except (OSError, Error) as error:
        return str(error)
    opened.password = None  # the driver would keep it
    return opened


@dataclass
class Access:
    """What one CrewAI task holds: a task of Latchkey; by resource, its grants to read and its connections."""

    task: str
    readable: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    in_use: threading.Lock = field(default_factory=threading.Lock)
    is_over: threading.Event = field(default_factory=threading.Event)


held: dict[str, Access] = {}
opening = threading.Lock()


@contextmanager
def connection(resource: str, reason: str) -> Iterator[Connection]:
    """The running CrewAI task's own. Raises NoAccess, and DatabaseError when a statement is at fault."""
    crew_task = str(get_current_task_id())
    access = access_of(crew_task)
    with access.in_use:  # CrewAI may make several calls of a turn at once
        try:
            if resource not in access.connections:
                access.connections[resource] = connect(access.task, resource, reason)
            yield access.connections[resource]
        except NoAccess as refusal:
            forget_if_over(crew_task, access, refusal)
            raise
        except Error as error:
            if isinstance(error, DatabaseError) and error.args[0].get("V") == "ERROR":
                raise  # the statement is at fault, the connection is still good
            del access.connections[resource]
            raise NoAccess(unreachable(resource, error)) from None


def run(
    resource: str, sql: str, params: Sequence[str | float | bool | None] = (), *, reason: str
) -> list[list[Any]]:
    """What Latchkey reads with one statement, masked: 1,000 rows at most. `$1` is the first of `params`.
    Raises NoAccess."""
    crew_task = str(get_current_task_id())
    access = access_of(crew_task)
    try:
        with access.in_use:
            if resource not in access.readable:
                access.readable[resource] = ask(access.task, resource, "postgres:read", reason)
        return rows_of(access.readable[resource], {"sql": sql, "params": list(params)})
    except NoAccess as refusal:
        forget_if_over(crew_task, access, refusal)
        raise


def rows_of(grant: str, statement: dict[str, Any]) -> list[list[Any]]:
    """Latchkey settles every run that has begun, so waiting for one comes to an end."""
    answer = call("POST", f"/v1/grants/{grant}/runs", statement)
    while answer["state"] in ("queued", "running"):
        answer = call("GET", f"/v1/runs/{answer['id']}")
    if answer["state"] == "succeeded" and "rows" in answer:
        return list(answer["rows"])
    if answer["state"] == "pending_approval":
        raise NoAccess("People must approve this statement first. Ask for less, or go on without it.")
    error = answer.get("error", {"code": answer.get("answer", answer["state"])})
    told = error.get("message", f"The statement came to nothing ({error['code']}).")
    raise NoAccess(ToolFailure(message=told, code=error["code"], retryable=False))


def forget_if_over(crew_task: str, access: Access, refusal: NoAccess) -> None:
    """The next call asks anew."""
    is_over = isinstance(refusal.told, ToolFailure) and refusal.told.code in ("grant_over", "task_over")
    if is_over and held.get(crew_task) is access:
        give_back(crew_task)


def access_of(crew_task: str) -> Access:
    """Opened when a CrewAI task first needs it, and kept alive until it is given back."""
    with opening:
        if crew_task not in held:
            wanted = {"name": f"CrewAI task {crew_task}", "leaseSeconds": LEASE_SECONDS}
            held[crew_task] = Access(call("POST", "/v1/tasks", wanted)["id"])
            threading.Thread(target=keep_alive, args=(held[crew_task],), daemon=True).start()
        return held[crew_task]


def keep_alive(access: Access) -> None:
    while not access.is_over.wait(LEASE_SECONDS / 4):
        with suppress(Exception):  # a heartbeat that fails can only end access early
            call("POST", f"/v1/tasks/{access.task}/heartbeat")


def give_back(crew_task: str) -> None:
    """Ends all that a CrewAI task holds. Should the call fail, the lease does it, as no heartbeat follows."""
    if access := held.pop(crew_task, None):
        access.is_over.set()
        try:
            for grant in call("DELETE", f"/v1/tasks/{access.task}")["grants"]:
                log.info("%s is %s: %s", grant["id"], grant["state"], grant.get("ending"))
        except Exception as error:  # must not hide how the crew itself ended
            log.warning("%s is left to its lease: %s", access.task, error)


@crewai_event_bus.on(TaskCompletedEvent)
@crewai_event_bus.on(TaskFailedEvent)
def on_task_over(_: object, event: TaskCompletedEvent | TaskFailedEvent) -> None:
    give_back(str(event.task_id))


@atexit.register
def give_back_everything() -> None:
    """For what ends without an event: an interrupted crew, a connection made outside of any task."""
    crewai_event_bus.flush()
    for crew_task in list(held):
        give_back(crew_task)
