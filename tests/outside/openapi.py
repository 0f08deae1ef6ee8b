"""Tries the REST API with Schemathesis, by nothing but the API's own OpenAPI document.

`tests/run --long` calls it: `openapi.py CHATD SCHEMATHESIS [CASES]`. Every answer must have a status that is documented for
its operation, its type and its schema, and never be a 5xx. Three fourths of the IDs in paths are those of things that
are there (`openapi_hooks.py`). What takes things away is tried last, or the rest would meet nothing but 404.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from urllib.request import Request, urlopen

PASSWORD = "correct horse battery"
CHECKS = ",".join(
    ["not_a_server_error"]
    + [f"{what}_conformance" for what in ("status_code", "content_type", "response_headers", "response_schema")]
)
# What may end the token, or close doors to what others try.
LAST = r"(POST \S*/auth/(logout|password)$|(POST|PATCH) \S*/admin/)"
# Tried one after the other: what leaves all as it is, what takes things away, and that.
TURNS = [rf"(?!DELETE|{LAST})", r"DELETE ", LAST]


class Api:
    """What the tester knows of the server."""

    def __init__(self, origin: str):
        self.origin = origin

    def call(self, method: str, path: str, body=None, token=None, kind="application/json"):
        """An answer's JSON; none if it has no body."""
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        request = Request(f"{self.origin}/api/rest{path}", data if method != "GET" else None, headers, method=method)
        with urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def person(self, name: str, **more) -> tuple[str, str]:
        """A new person's token and ID."""
        made = self.call("POST", "/auth/register", {"username": name, "password": PASSWORD} | more)
        return made["access_token"], made["user"]["user_id"]

    def scene(self) -> tuple[str, dict[str, str]]:
        """An owner's token, and one of each thing by the name that paths have for it."""
        owner, _ = self.person("owner")
        server = self.call("POST", "/servers", {"name": "Tried"}, owner)["server_id"]
        invite = self.call("POST", f"/servers/{server}/invites", {}, owner)["code"]
        _, member = self.person("member", invite=invite)
        channel = self.call("POST", f"/servers/{server}/channels", {"name": "tried"}, owner)["channel_id"]
        role = self.call("POST", f"/servers/{server}/roles", {"name": "tried"}, owner)["role_id"]
        messages = f"/channels/{channel}/messages"
        message = self.call("POST", messages, {"content": "tried"}, owner)["message_id"]
        file = self.call("POST", "/uploads?filename=tried.txt", b"tried", owner, "text/plain")
        attachment, secret, name = file["url"].rsplit("/", 3)[1:]
        self.call("POST", messages, {"content": "", "attachments": [attachment]}, owner)
        known = {"server_id": server, "channel_id": channel, "role_id": role, "message_id": message, "code": invite}
        known |= {"user_id": member, "attachment_id": attachment, "secret": secret, "filename": name, "emoji": "👍"}
        return owner, known


def run(tester: str, api: Api, cases: str, token: str, known: dict[str, str], turn: str) -> int:
    """Tries the operations of a turn; how often it called, or 0 if something was wrong."""
    document = api.call("GET", "/openapi.json")
    for path, item in document["paths"].items():
        for method in [name for name in item if name in ("get", "post", "put", "patch", "delete")]:
            if not re.match(turn, f"{method.upper()} {path}"):
                del item[method]
    with tempfile.TemporaryDirectory() as folder:
        schema = os.path.join(folder, "openapi.json")
        with open(schema, "w", encoding="utf-8") as file:
            json.dump(document, file)
        command = [tester, "run", schema, "--url", api.origin, "--header", f"Authorization: Bearer {token}"]
        command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", cases]
        command += ["--seed", "1", "--workers", "1", "--no-color"]
        here = os.path.dirname(os.path.abspath(__file__))
        environment = os.environ | {"CHATD_TEST_KNOWN": json.dumps(known), "PYTHONPATH": here}
        environment |= {"SCHEMATHESIS_HOOKS": "openapi_hooks"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    counted = re.search(r"^\s*(\d+) generated", done.stdout, re.MULTILINE)
    if done.returncode or not counted:
        print(done.stdout, done.stderr)
        return 0
    return int(counted[1])


def main(program: str, tester: str, cases: str = "20") -> int:
    """Tries all; 1 if something was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--listen", "127.0.0.1:0", "--data", folder, "--rate-limits", "off", "--backups", "off"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                listens = next(line for line in server.stderr if " listens on " in line)
                api = Api(listens.split()[-1])
                token, known = api.scene()
                tried = [run(tester, api, cases, token, known, turn) for turn in TURNS]
                healthy = urlopen(f"{api.origin}/healthz").status == 200
            finally:
                server.terminate()
    print(f"OpenAPI: {sum(tried)} requests tried; healthy afterwards: {healthy}")
    if not all(tried) or not healthy or server.returncode:
        return 1
    if tally := os.environ.get("CHATD_TEST_TALLY"):
        with open(tally, "a", encoding="utf-8") as file:
            file.write(f"{sum(tried)}\trequests by Schemathesis\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
