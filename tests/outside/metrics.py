"""Reads `/metrics` with the parsers of Prometheus' own Python client.

`tests/run` calls it: `metrics.py CHATD`. The page must be text format 0.0.4; and, with what differs between the two
formats changed, OpenMetrics 1.0 too, whose parser is strict on names, clashes, histograms and units.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from urllib.request import Request, urlopen

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

PASSWORD = "correct horse battery"
# What an owner's alarms and pictures rely on, and what it is.
EXPECTED = {
    "chatd_build_info": "gauge",
    "chatd_commit_duration_seconds": "histogram",
    "chatd_commit_jobs": "histogram",
    "chatd_request_duration_seconds": "histogram",
    "chatd_delivery_delay_seconds": "histogram",
    "chatd_events": "counter",
    "chatd_messages": "counter",
    "chatd_rest_answers": "counter",
    "chatd_connections": "gauge",
    "chatd_gateways": "gauge",
    "chatd_users_online": "gauge",
    "chatd_database_bytes": "gauge",
    "chatd_log_bytes": "gauge",
    "chatd_files_bytes": "gauge",
    "chatd_disk_free_bytes": "gauge",
    "chatd_backup_age_seconds": "gauge",
    "chatd_writable": "gauge",
    "process_start_time_seconds": "gauge",
    "process_cpu_seconds": "counter",
    "process_open_fds": "gauge",
    "process_max_fds": "gauge",
    "process_resident_memory_bytes": "gauge",
}


def call(origin: str, path: str, body: dict, token: str = "") -> dict:
    """Posts to the API; the answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(f"{origin}/api/rest{path}", json.dumps(body).encode(), headers)) as answer:
        return json.loads(answer.read())


def use(origin: str) -> None:
    """Alice makes a server and says three things there."""
    token = call(origin, "/auth/register", {"username": "alice", "password": PASSWORD})["access_token"]
    server = call(origin, "/servers", {"name": "Home"}, token)["server_id"]
    channel = call(origin, f"/servers/{server}/channels", {"name": "talk"}, token)["channel_id"]
    for text in ["one", "two", "three"]:
        call(origin, f"/channels/{channel}/messages", {"content": text}, token)


def read(origin: str) -> tuple[str, str]:
    """The page, once the backup is known and the messages are told, which both happen behind the answers."""
    deadline = time.monotonic() + 20
    while True:
        with urlopen(f"{origin}/metrics") as answer:
            kind, page = answer.headers["Content-Type"], answer.read().decode()
        told = re.search(r"(?m)^chatd_messages_total (\d+)", page)
        if ("\nchatd_backup_age_seconds " in page and told and int(told[1]) >= 3) or time.monotonic() > deadline:
            return kind, page


def as_openmetrics(page: str) -> str:
    """The same page as OpenMetrics: there a counter's family has no `_total`, and the end is said."""
    return re.sub(r"(?m)^(# (?:HELP|TYPE) \S+?)_total ", r"\1 ", page) + "# EOF\n"


def faults(page: str) -> list[str]:
    """What is wrong with a page."""
    found = []
    families = {family.name: family for family in text_string_to_metric_families(page)}
    strict = {family.name: family for family in openmetrics.text_string_to_metric_families(as_openmetrics(page))}
    if set(families) != set(strict):
        found.append(f"the formats differ in {set(families) ^ set(strict)}")
    for name, kind in EXPECTED.items():
        if name not in families or families[name].type != kind:
            found.append(f"{name} is no {kind}")
    for name, family in families.items():
        if not family.documentation:
            found.append(f"{name} is not explained")
        if re.search(r"_(ms|milliseconds|us|kb|mb|percent|minutes|hours|days)(_|$)", name):
            found.append(f"{name} has no base unit")
        if family.type == "gauge" and name.endswith(("_total", "_count", "_sum", "_bucket")):
            found.append(f"{name} looks like a counter")
        if sum(1 for _ in family.samples) > 200:
            found.append(f"{name} has too many labels")
    values = {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families.values() for s in f.samples}
    for name, least in [("chatd_messages_total", 3), ("chatd_commit_duration_seconds_count", 6)]:
        if values.get((name, ()), 0) < least:
            found.append(f"{name} is {values.get((name, ()))}")
    if values.get(("chatd_request_duration_seconds_count", (("class", "messages"),))) != 3:
        found.append("three messages were posted")
    if values.get(("chatd_delivery_delay_seconds_count", ()), 0) < 3:
        found.append("three messages were told")
    return found


def main(program: str) -> int:
    """Reads the page of a server that is used; 1 if something is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--listen", "127.0.0.1:0", "--data", folder]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                origin = next(line for line in server.stderr if " listens on " in line).split()[-1]
                use(origin)
                # The first of its life is made five minutes after a start: only one by hand is known earlier.
                subprocess.run([program, "backup", "--data", folder], check=True, capture_output=True)
            finally:
                server.terminate()
                server.wait()
        # The next start knows of the backup.
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                origin = next(line for line in server.stderr if " listens on " in line).split()[-1]
                token = call(origin, "/auth/login", {"username": "alice", "password": PASSWORD})["access_token"]
                with urlopen(Request(f"{origin}/api/rest/servers", headers={"Authorization": f"Bearer {token}"})) as answer:
                    server_id = json.loads(answer.read())[0]["server_id"]
                channel = call(origin, f"/servers/{server_id}/channels", {"name": "more"}, token)["channel_id"]
                for text in ["four", "five", "six"]:
                    call(origin, f"/channels/{channel}/messages", {"content": text}, token)
                kind, page = read(origin)
            finally:
                server.terminate()
                server.wait()
    found = faults(page)
    if not kind.startswith("text/plain; version=0.0.4"):
        found.append(f"it is sent as {kind}")
    for fault in found:
        print(fault)
    print(f"metrics: {sum(1 for line in page.splitlines() if not line.startswith('#'))} numbers read")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
