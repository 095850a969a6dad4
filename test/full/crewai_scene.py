"""Plays one scene with the real CrewAI and writes down what could be seen of it, for crewai.test.ts to judge.

python crewai_scene.py SCENE REPORT OTHER_CA
"""

import atexit
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

scene, report_file, other_ca = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
seen: dict[str, Any] = {
    name: [] for name in ("lookups", "secrets", "messages", "events", "traces", "grants", "tls")
}


@atexit.register  # before anybody else registers, and so after all that others still do at the end
def write_report() -> None:
    report_file.write_text(json.dumps(seen, default=str))


def refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """What is not on this machine is neither looked up nor reached, and is written down."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host not in ("localhost", "127.0.0.1", "::1", None):
        seen["lookups"].append(str(host))
        raise PermissionError(f"{host} is not on this machine")


sys.addaudithook(refuse_network)

import billing_crew  # noqa: E402
import latchkey  # noqa: E402
import orders_crew  # noqa: E402
from crewai import Agent, Crew, Task  # noqa: E402
from crewai.events import crewai_event_bus  # noqa: E402
from scripted_model import PatientModel, ScriptedModel  # noqa: E402

Step = Callable[[list[dict[str, Any]]], Any]
latchkey.LEASE_SECONDS = 15  # the shortest there is
ROWS = "SELECT id, total_cents FROM orders ORDER BY id LIMIT 2"
ONE = "SELECT name, card FROM customers WHERE id = $1"
GUESS = "SELECT count(*) FROM customers WHERE card LIKE '4%'"
opened: list[Any] = []


class Model(ScriptedModel):
    """Takes one step at each call, the last one again and again, and writes down what it was told."""

    steps: list[Any] = []

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        seen["messages"].append(json.dumps(messages, default=str))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return step(messages)


def query(sql: str = ROWS) -> Step:
    return lambda _: ScriptedModel(model="scripted", sql=sql).call([])


def repeat(messages: list[dict[str, Any]]) -> str:
    """Everything that the tool ever said."""
    return "\n".join(message["content"] for message in messages if message["role"] == "tool")


def after(act: Callable[[], object], step: Step) -> Step:
    return lambda messages: (act(), step(messages))[1]


def fail(error: BaseException) -> Step:
    def step(_: object) -> None:
        raise error

    return step


def cut() -> None:
    """What a broken line or an ended server looks like from here."""
    opened[-1]._usock.shutdown(2)


def release() -> None:
    """The grant ends before the task does, as it would when its time is up."""
    latchkey.call("DELETE", f"/v1/grants/{seen['grants'][0]}")


def die() -> None:
    write_report()
    os.kill(os.getpid(), signal.SIGKILL)


def wait_until_over(_: object) -> str:
    """The second task of a crew sees that the first one's access is over."""
    for _attempt in range(100):
        state = latchkey.call("GET", f"/v1/grants/{seen['grants'][0]}")["state"]
        if state != "active":
            return f"The access of the first task is {state}."
        time.sleep(0.1)
    return "The access of the first task is still active."


SCENES: dict[str, list[Step]] = {
    "answers": [query(), repeat],
    "fails": [query(), fail(RuntimeError("the model is gone"))],
    "is interrupted": [query(), fail(KeyboardInterrupt())],
    "is killed": [query(), after(die, repeat)],
    "is denied": [query(), repeat],
    "mends": [query("SELECT nothing FROM nowhere"), query(), after(cut, query()), query(), repeat],
    "asks anew": [query(), after(release, query()), query(), query(), repeat],
    "outlives its lease": [query(), after(lambda: time.sleep(20), query()), repeat],
    "moves on": [query(), repeat, wait_until_over],
    "cannot log in": [query(), repeat],
    "is lied to": [query(), repeat],
    "forgets": [],
    "must wait": [],
    "reads masked": [],
    "is given less": [],
    "may only read": [],
    "follows a plan": [],
    "asks twice": [],
}


class Patient(PatientModel):
    """Writes down what it was told."""

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        seen["messages"].append(json.dumps(messages, default=str))
        return super().call(messages)


# By scene: the invoice that is to be marked, for how long each call waits for people, how often it looks again.
BILLING = {
    "waits for people": (5, 60, 0),
    "is told no": (10, 5, 10),
    "gives up": (15, 1, 1),
}


def watch() -> None:
    """Puts an ear to everything through which a secret could get out, and a hand where a scene goes wrong."""
    bus, call, connection = type(crewai_event_bus), latchkey.call, latchkey.Connection
    emit = bus.emit

    def watched_emit(self: Any, source: Any, event: Any) -> Any:
        seen["events"].append(f"{event!r} {event.model_dump()!r}")
        return emit(self, source, event)

    def watched_call(method: str, path: str, *args: Any, **options: Any) -> dict[str, Any]:
        answer = call(method, path, *args, **options)
        if path == "/v1/grants":
            seen["grants"].append(answer["id"])
        if scene == "is lied to" and "postgres" in answer:
            answer["postgres"]["sslrootcert"] = other_ca.read_text()
        return answer

    def watched_connection(**login: Any) -> Any:
        seen["secrets"].append(login["password"])
        context = login["ssl_context"]
        seen["tls"].append([context.check_hostname, context.verify_mode.name, len(context.get_ca_certs())])
        if scene == "cannot log in":
            login["password"] += "-changed"
        opened.append(connection(**login))
        return opened[-1]

    bus.emit, latchkey.call, latchkey.Connection = watched_emit, watched_call, watched_connection


def play() -> str:
    if scene in BILLING:
        invoice, billing_crew.PATIENCE_SECONDS, patience = BILLING[scene]
        model = Patient(model="scripted", invoice=invoice, patience=patience)
        return billing_crew.do(f"Mark invoice {invoice} as paid.", model)
    if scene == "is given less":
        with latchkey.connection("billing-db", reason="Look for a while", wait_seconds=60) as connection:
            return f"{connection.run('SELECT 1')} {latchkey.said('billing-db')}"
    if scene == "may only read":
        try:
            with latchkey.connection("billing-db", reason="Look around", wait_seconds=60):
                return "It got in."
        except latchkey.NoAccess as no_access:
            count = latchkey.run("billing-db", "SELECT count(*) FROM invoices", reason="Look around")
            return f"{no_access} {count}"
    if scene == "follows a plan":
        return follow_plan()
    if scene == "asks twice":
        return ask_twice()
    model = Model(model="scripted", steps=SCENES[scene])
    if scene == "moves on":
        agent = Agent(role="a", goal="b", backstory="c", llm=model, tools=[orders_crew.query_orders])
        tasks = [Task(description=text, expected_output="d", agent=agent) for text in ("first", "second")]
        return str(Crew(agents=[agent], tasks=tasks).kickoff())
    if scene == "forgets":
        with latchkey.connection("orders-db", reason="Leave it open") as connection:
            return str(connection.run(ROWS))
    if scene == "must wait":
        try:
            with latchkey.connection("billing-db", reason="Look into an invoice"):
                return "It got in."
        except latchkey.NoAccess as no_access:
            return str(no_access.told)
    if scene == "reads masked":
        return "\n".join((told_of(ONE, [1]), told_of(ONE, []), told_of(GUESS, [])))
    return orders_crew.answer("Which are the first orders?", model)


def follow_plan() -> str:
    """People look at two statements together; then each is run, and one of them again."""
    statements = [{"sql": billing_crew.MARK_PAID, "params": [invoice]} for invoice in (20, 25)]
    plan = latchkey.plan("billing-db", statements, reason="Two were paid", wait_seconds=60)
    write = {"reason": "Two were paid", "action": "postgres:write", "plan": plan}
    rows = [latchkey.run("billing-db", **statement, **write) for statement in (*statements, statements[0])]
    try:
        latchkey.run("billing-db", **statements[0], **write, repeat=1)
    except latchkey.NoAccess as no_access:
        return f"{[list(row) for row in rows]} {no_access}"
    return "It ran more often than people had approved."


def ask_twice() -> str:
    """The same statement twice is one request; withdrawn, it can still be looked at."""
    told = []
    for _attempt in range(2):
        try:
            write = {"reason": "Invoice 30 was paid", "action": "postgres:write"}
            latchkey.run("billing-db", billing_crew.MARK_PAID, [30], **write)
        except latchkey.Waiting as waiting:
            told.append(waiting.waiting)
    state = latchkey.cancel(told[0])
    try:
        return str(latchkey.outcome(told[0]))
    except latchkey.NoAccess as no_access:
        return f"{len(set(told))} {state} {no_access}"


def told_of(sql: str, params: list[Any]) -> str:
    """What a tool would tell its model of one statement that Latchkey executes."""
    try:
        return str(latchkey.run("orders-db", sql, params, reason="Look at a customer"))
    except latchkey.NoAccess as no_access:
        return str(no_access)


def is_alive(connection: Any) -> bool:
    try:
        return bool(connection.run("SELECT 1"))
    except (OSError, latchkey.Error):
        return False


def variables_of(error: BaseException | None) -> str:
    """What an error tracker would keep: the local variables of every frame, without those of this file."""
    if error is None:
        return ""
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    own = "\n".join(f"{frame.name}: {frame.locals}" for frame in frames if frame.filename != __file__)
    return "\n".join((repr(error), own, variables_of(error.__cause__), variables_of(error.__context__)))


watch()
try:
    seen["answer"] = play()
except BaseException as error:
    seen["error"] = repr(error)
    seen["traces"].append(variables_of(error))
if scene == "cannot log in":
    try:
        with latchkey.connection("orders-db", reason="See what an error shows"):
            pass
    except latchkey.NoAccess as error:
        seen["traces"].append(variables_of(error))
seen["traces"] += [repr(vars(connection)) for connection in opened]
seen["alive"] = [is_alive(connection) for connection in opened] if scene != "forgets" else []
