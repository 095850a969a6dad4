"""Just-in-time PostgreSQL for the tools of a crew.

    rows = latchkey.run("orders-db", "SELECT ... WHERE id = $1", [number], reason="Answer a question")

    with latchkey.connection("orders-db", reason="Answer a question") as connection:
        rows = connection.run("SELECT ...")

With `run` Latchkey executes the statement and masks its rows; with `connection` this process logs in. A
CrewAI task asks when it first needs a resource and keeps what it got for the calls that follow. When the task
ends, well or badly, everything is given back. When the worker is killed, its lease runs out instead.

Where people have to approve, both raise Waiting at once, or after `wait_seconds`. What it tells is for the
model, and no failure. The same call again never asks people twice; `outcome` looks at a run by its id.
"""

import atexit
import json
import logging
import os
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen
from uuid import uuid4

from crewai.context import get_current_task_id
from crewai.events import TaskCompletedEvent, TaskFailedEvent, crewai_event_bus
from crewai.tools.tool_failure import ToolFailure
from pg8000.native import Connection, DatabaseError, Error

LEASE_SECONDS = 60  # a worker that is silent for this long loses what it holds
GRANT_SECONDS = 900
POLL_SECONDS = 20  # no call to Latchkey takes longer

log = logging.getLogger(__name__)


class NoAccess(Exception):
    """Not now, or not at all: `told` is what the model can act on, and holds no secret."""

    def __init__(self, told: str | ToolFailure) -> None:
        super().__init__(told if isinstance(told, str) else told.as_agent_message())
        self.told = told


class Waiting(NoAccess):
    """People have been asked. `waiting` is the id of what waits for them: for `outcome` and `cancel`."""

    def __init__(self, waiting: dict[str, Any], then: str) -> None:
        approval = waiting["approval"]
        missing = approval["quorum"] - approval.get("approvals", 0)
        super().__init__(
            f"Waiting for people ({waiting['id']}): {missing} must still approve, until "
            f"{approval['approveBy']}, at {approval['url']}. They have been asked; do not ask again in "
            f"other words. Go on with other work meanwhile, and {then}."
        )
        self.waiting = str(waiting["id"])


class Rows(list[list[Any]]):
    """Rows; as text also how many a write changed, and what the people who approved it said."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["rows"])
        self.count = int(answer["rowCount"])
        self.said = said_of(answer.get("approval"))

    def __str__(self) -> str:
        rows = super().__str__() if self or not self.count else f"{self.count} rows changed"
        return f"{rows}\n{self.said}".rstrip()


def token() -> str:
    """The worker's own OIDC token. Asked for at every call, since it is short-lived."""
    return os.environ["LATCHKEY_TOKEN"]


def call(
    method: str, path: str, body: object = None, key: str = "", wait: int = POLL_SECONDS
) -> dict[str, Any]:
    """One call to the API. A POST with a key may be repeated: the same key is the same request."""
    url = os.environ["LATCHKEY_URL"].rstrip("/") + path
    request = Request(url, method=method, headers={"Prefer": f"wait={wait}"})
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
    code = problem.get("run", {}).get("error", problem)["code"]
    return ToolFailure(message=text, code=code, retryable=problem["retryable"])


def said_of(approval: dict[str, Any] | None, asked: dict[str, Any] | None = None) -> str:
    """What people decided, in their words and quoted, and whether they gave less; else empty."""
    if not approval or approval["state"] not in ("approved", "consumed", "denied"):
        return ""
    word = "denied" if approval["state"] == "denied" else "approved"
    said = f"People {word} this ({', '.join(approval['decidedBy'])})."
    if approval.get("note"):
        said += f" They said: {json.dumps(approval['note'], ensure_ascii=False)}"
    gave = approval.get("granted")
    if asked and gave and any(gave[what] != asked[what] for what in gave):
        wanted = f"{asked['action']} for {asked['durationSeconds']} s"
        said += f" They gave {gave['action']} for {gave['durationSeconds']} s, not {wanted}."
    return said


def awaited(path: str, seen: dict[str, Any], wait_seconds: float) -> dict[str, Any]:
    """As it is once people have decided, or as it still is when the time is up."""
    until = time.monotonic() + wait_seconds
    while seen["state"] in ("pending_approval", "pending") and (left := until - time.monotonic()) > 0:
        seen = call("GET", f"{path}/{seen['id']}", wait=max(1, min(POLL_SECONDS, round(left))))
    return seen


def unreachable(what: str, cause: object) -> ToolFailure:
    """Addresses and causes are for the log, not for the model."""
    log.warning("%s did not answer: %s", what, cause)
    return ToolFailure(
        message=f"{what} did not answer. Call this tool again.", code="unreachable", retryable=True
    )


def connect(grant: str, resource: str) -> Connection:
    """Logs in."""
    opened = log_in(grant)
    if isinstance(opened, str):
        raise NoAccess(unreachable(resource, opened))
    return opened


def ask(access: "Access", wanted: tuple[str, str], reason: str, wait_seconds: float) -> str:
    """The task's grant for a resource and action. Asked for again, it is the same grant, and waited for."""
    if wanted in access.grants:
        return access.grants[wanted]
    resource, action = wanted
    request = {
        "task": access.task,
        "resource": resource,
        "action": action,
        "durationSeconds": GRANT_SECONDS,
        "reason": reason,
    }
    key = f"{access.task}/{resource}/{action}"
    grant = awaited("/v1/grants", call("POST", "/v1/grants", request, key), wait_seconds)
    if grant["state"] == "pending_approval":
        raise Waiting(grant, "call this tool again later: that asks nobody twice")
    if grant["state"] in ("preparing", "activating"):
        raise NoAccess(
            f"No access to {resource} yet ({grant['state']}). Call this tool again to wait for it."
        )
    if grant["state"] in ("denied", "lapsed", "cancelled"):
        raise NoAccess(not_given(grant, grant.get("denial") or grant.get("cause")))
    access.said[resource] = said_of(grant.get("approval"), request)
    access.grants[resource, grant["action"]] = str(grant["id"])
    if grant["action"] != action:
        told = f"{access.said[resource]} Go on with what that allows."
        raise NoAccess(ToolFailure(message=told, code="given_less", retryable=False))
    return access.grants[wanted]


def not_given(seen: dict[str, Any], code: str | None, why: str = "") -> ToolFailure:
    """What people or time have decided against."""
    told = said_of(seen.get("approval")) or why or f"It came to nothing ({code or seen['state']})."
    return ToolFailure(
        message=f"{told} Do not ask again; go on without it.", code=code or seen["state"], retryable=False
    )


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
    """What one CrewAI task holds: a task of Latchkey; by resource and action its grants; its connections."""

    task: str
    grants: dict[tuple[str, str], str] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)  # by resource: what people said when they gave it
    keys: dict[str, str] = field(default_factory=dict)  # by what was asked: the same key is the same request
    waiting: set[str] = field(default_factory=set)  # what people have been asked about
    in_use: threading.Lock = field(default_factory=threading.Lock)
    is_over: threading.Event = field(default_factory=threading.Event)


held: dict[str, Access] = {}
opening = threading.Lock()


@contextmanager
def in_task() -> Iterator[Access]:
    """What the running CrewAI task holds. Once that turns out to be over, the next call asks anew."""
    crew_task = str(get_current_task_id())
    access = access_of(crew_task)
    try:
        yield access
    except NoAccess as refusal:
        if isinstance(refusal, Waiting):
            access.waiting.add(refusal.waiting)
        is_over = isinstance(refusal.told, ToolFailure) and refusal.told.code in ("grant_over", "task_over")
        if is_over and held.get(crew_task) is access:
            give_back(crew_task)
        raise


@contextmanager
def connection(resource: str, reason: str, *, wait_seconds: float = 0) -> Iterator[Connection]:
    """The running CrewAI task's own. Raises NoAccess, and DatabaseError when a statement is at fault."""
    with in_task() as access:
        grant = ask(access, (resource, "postgres:connect"), reason, wait_seconds)
        with access.in_use:  # CrewAI may make several calls of a turn at once
            if resource not in access.connections:
                access.connections[resource] = connect(grant, resource)
            try:
                yield access.connections[resource]
            except Error as error:
                if isinstance(error, DatabaseError) and error.args[0].get("V") == "ERROR":
                    raise  # the statement is at fault, the connection is still good
                del access.connections[resource]
                raise NoAccess(unreachable(resource, error)) from None


def said(resource: str) -> str:
    """What people said, and gave, when they let this CrewAI task have it; empty where nobody was asked."""
    access = held.get(str(get_current_task_id()))
    return access.said.get(resource, "") if access else ""


def run(
    resource: str,
    sql: str,
    params: Sequence[str | float | bool | None] = (),
    *,
    reason: str,
    action: str = "postgres:read",
    wait_seconds: float = 0,
    plan: str = "",
    repeat: int = 0,
) -> Rows:
    """What comes of one statement that Latchkey executes, masked: 1,000 rows at most. `$1` is the first of
    `params`. A write is done once in a CrewAI task, however often it is called, but for another `repeat`.
    Raises NoAccess."""
    statement = {"sql": sql, "params": list(params)} | ({"plan": plan} if plan else {})
    with in_task() as access:
        grant = ask(access, (resource, action), reason, wait_seconds)
        asked = json.dumps([grant, statement, repeat])
        key = access.keys.setdefault(asked, uuid4().hex)
        try:
            rows = rows_of(call("POST", f"/v1/grants/{grant}/runs", statement, key), wait_seconds)
        except NoAccess as refusal:
            if isinstance(refusal.told, ToolFailure) and refusal.told.code not in ASKED_ONCE:
                access.keys.pop(asked, None)
            raise
        if action == "postgres:read":
            access.keys.pop(asked, None)
        return rows


# After these the same statement again is the same run: people have said no, or it may have been carried out.
ASKED_ONCE = ("denied_by_person", "outcome_unknown", "unreachable", "timeout", "dependency_unavailable")


def outcome(run_id: str, *, wait_seconds: float = 0) -> Rows:
    """What came of a run that people were asked about. Raises Waiting while they still are, and NoAccess."""
    return rows_of(call("GET", f"/v1/runs/{quote(run_id, safe='')}", wait=0), wait_seconds)


def rows_of(answer: dict[str, Any], wait_seconds: float) -> Rows:
    """Latchkey settles every run that has begun, so waiting for one ends; people may take for ever."""
    answer = awaited("/v1/runs", answer, wait_seconds)
    while answer["state"] in ("queued", "running"):
        answer = call("GET", f"/v1/runs/{answer['id']}")
    if answer["state"] == "succeeded" and "rows" in answer:
        return Rows(answer)
    if answer["state"] == "pending_approval":
        raise Waiting(answer, f"ask what came of {answer['id']} later; nothing is executed before")
    error = answer.get("error", {})
    if answer["state"] in ("denied", "lapsed", "cancelled"):
        code = answer.get("denial") or error.get("code")
        raise NoAccess(not_given(answer, code, error.get("message", "")))
    code = error.get("code") or answer.get("answer", answer["state"])
    told = error.get("message") or f"The statement came to nothing ({code})."
    raise NoAccess(ToolFailure(message=told, code=code, retryable=False))


def plan(
    resource: str,
    statements: Sequence[dict[str, Any]],
    *,
    reason: str,
    action: str = "postgres:write",
    wait_seconds: float = 0,
) -> str:
    """The id of a plan that people have approved, for `run`: several statements that they look at together.
    Each has `sql`, `params` and, when it may run more than once, `times`. Raises NoAccess."""
    with in_task() as access:
        grant = ask(access, (resource, action), reason, wait_seconds)
        request = {"grant": grant, "reason": reason, "statements": list(statements)}
        key = access.keys.setdefault(json.dumps(request), uuid4().hex)
        asked = awaited("/v1/plans", call("POST", "/v1/plans", request, key), wait_seconds)
        if asked["state"] == "pending":
            raise Waiting(asked, "call this tool again later: that asks nobody twice")
        if asked["state"] != "approved":
            raise NoAccess(not_given(asked, f"plan_{asked['state']}"))
        return str(asked["id"])


def cancel(waiting: str) -> str:
    """Withdraws what waits for people: a run, a plan or a request for access, by its id. Gives the state that
    it is in now: what has begun by then is not undone."""
    kind = {"p_": "plans", "g_": "grants"}.get(waiting[:2], "runs")
    return str(call("DELETE", f"/v1/{kind}/{quote(waiting, safe='')}")["state"])


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
        for waiting in access.waiting:  # nobody needs to decide about it any more
            with suppress(Exception):
                cancel(waiting)
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
