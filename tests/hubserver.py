"""A stand-in for the Hugging Face Hub on 127.0.0.1: what ``huggingface_hub`` and ``datasets`` speak over plain HTTP.

Kept in memory. Commits are real in what matters: a tree per commit, branches and tags that point to commits, large files
by SHA-256 in a store of their own, git's blob hashes for the others. Counters say what was sent; faults can be asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_" + "S3cretOfTheTests" * 2
WHEN = "2026-01-01T00:00:00.000Z"
_NAME = r"(?P<repo>[\w.-]+/[\w.-]+)"
_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass
class Entry:
    """A file in a tree: its bytes, or the SHA-256 of a large file."""

    size: int
    oid: str
    body: bytes | None = None
    sha256: str | None = None


@dataclass
class Repo:
    """A repository: trees by commit, and names of commits."""

    kind: str
    name: str
    private: bool
    sdk: str | None = None
    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)

    def commit(self, tree: dict[str, Entry], summary: str, oid: str | None = None) -> str:
        text = json.dumps([self.name, len(self.trees), sorted((p, e.oid) for p, e in tree.items())])
        oid = oid or hashlib.sha1(text.encode()).hexdigest()
        self.trees[oid] = tree
        self.refs["main"] = oid
        self.log.append((oid, summary))
        return oid

    def find(self, revision: str) -> str | None:
        revision = unquote(revision)
        return (
            self.refs.get(revision)
            or self.tags.get(revision)
            or (revision if revision in self.trees else None)
        )


def blob(body: bytes) -> Entry:
    oid = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
    return Entry(len(body), oid, body)


def pointer(sha256: str, size: int) -> Entry:
    """Return a large file: in the tree stands what Git LFS puts there, its bytes are elsewhere."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return Entry(size, blob(text.encode()).oid, sha256=sha256)


class Hub:
    """The stand-in; ``with Hub() as hub`` serves at ``hub.url``.

    sent: bytes of large files received, by SHA-256, each time they came. requests: (method, path). fail_after: break the
    connection of every upload of a large file after that many more. open: uploads of large files wait until it is set.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.large: dict[str, bytes] = {}
        self.sent: Counter[str] = Counter()
        self.bytes_sent = 0
        self.requests: list[tuple[str, str]] = []
        self.seen: list[str] = []
        self.fail_after: int | None = None
        self.open = threading.Event()
        self.open.set()
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        # As on the real Hub, large files are kept by another host: clients follow redirects to the same one blindly.
        self.storage = self.url.replace("127.0.0.1", "localhost")

    def __enter__(self) -> Hub:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def forget(self) -> None:
        """Set the counters to nothing."""
        self.sent.clear()
        self.bytes_sent = 0
        self.requests.clear()

    def host(self, name: str, large: dict[str, bytes], small: dict[str, bytes], commit: str) -> Repo:
        """Have a dataset repository that somebody else published, as of a commit."""
        tree = {path: blob(body) for path, body in small.items()}
        for path, body in large.items():
            oid = hashlib.sha256(body).hexdigest()
            self.large[oid] = body
            tree[path] = pointer(oid, len(body))
        repo = self.repos["dataset", name] = Repo("dataset", name, False)
        repo.commit(tree, "as its publisher left it", commit)
        return repo

    def body(self, entry: Entry) -> bytes:
        return entry.body if entry.body is not None else self.large[str(entry.sha256)]

    def uploads(self) -> list[str]:
        """Return the paths of requests that change something."""
        read_only = ("preupload", "paths-info", "validate-yaml")
        return [p for m, p in self.requests if m in ("POST", "PUT") and not any(w in p for w in read_only)]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    # What goes over the wire.

    def answer(self) -> None:
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query, keep_blank_values=True)
        with self.hub.lock:
            self.hub.requests.append((self.command, parts.path))
        try:
            for method, pattern, name in _ROUTES:
                match = re.fullmatch(pattern, parts.path)
                if match and self.command in method:
                    getattr(self, name)(**match.groupdict())
                    return
            self.read()
            self.error(404, "EntryNotFound", f"no route for {self.command} {parts.path}")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def read(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, document: Any, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(document).encode(), Content_Type="application/json", **headers)

    def error(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        self.send(status, body, Content_Type="application/json", X_Error_Code=code, X_Error_Message=message)

    # Who may do what.

    def writer(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def repo(self, kinds: str, repo: str) -> Repo | None:
        found = self.hub.repos.get((_KINDS[kinds or "models"], repo))
        if found is None or (found.private and not self.writer()):
            self.error(404 if self.writer() else 401, "RepoNotFound", "Repository not found")
            return None
        return found

    def tree_at(self, kinds: str, repo: str, revision: str) -> tuple[Repo, str] | None:
        found = self.repo(kinds, repo)
        if found is None:
            return None
        commit = found.find(revision)
        if commit is None:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {unquote(revision)}")
            return None
        return found, commit

    # The routes.

    def whoami(self) -> None:
        if not self.writer():
            self.error(401, "", "Invalid username or password.")
            return
        self.json({"type": "user", "name": "org", "orgs": [], "auth": {"type": "access_token"}})

    def create(self) -> None:
        asked = json.loads(self.read())
        if not self.writer():
            self.error(401, "", "Invalid username or password.")
            return
        kind, name = asked.get("type") or "model", f"{asked.get('organization') or 'org'}/{asked['name']}"
        url = f"{self.hub.url}/{kind}s/{name}"
        with self.hub.lock:
            if (kind, name) in self.hub.repos:
                self.json({"error": "You already created this repo", "url": url}, 409)
                return
            private = asked.get("private") or asked.get("visibility") == "private"
            made = Repo(kind, name, bool(private), asked.get("sdk"))
            made.commit(
                {".gitattributes": blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n")}, "initial commit"
            )
            self.hub.repos[kind, name] = made
        self.json({"url": url, "name": name, "id": name})

    def validate(self) -> None:
        import yaml

        asked = json.loads(self.read())
        match = re.match(r"---\n(.*?)\n---\n", asked["content"], re.DOTALL)
        problems = []
        try:
            data = yaml.safe_load(match[1]) if match else {}
            if data.get("license") == "other" and not re.fullmatch(
                r"[a-z0-9.-]+", str(data.get("license_name"))
            ):
                problems.append({"message": '"license_name" is not allowed'})
            for config in data.get("configs", ()):
                for files in config["data_files"]:
                    if not re.fullmatch(r"\w+(\.\w+)*", files["split"]):
                        problems.append({"message": f"split {files['split']!r} is not allowed"})
            if sum(bool(config.get("default")) for config in data.get("configs", ())) > 1:
                problems.append({"message": "more than one default config"})
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            problems.append({"message": str(error)})
        self.json({"errors": problems, "warnings": []}, 400 if problems else 200)

    def info(self, kinds: str, repo: str, revision: str = "main") -> None:
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        self.json(
            {
                "_id": "0" * 24,
                "id": repo,
                "author": repo.split("/")[0],
                "sha": commit,
                "private": at.private,
                "gated": False,
                "disabled": False,
                "sdk": at.sdk,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "lastModified": WHEN,
                "createdAt": WHEN,
                "siblings": [{"rfilename": path} for path in sorted(at.trees[commit])],
            }
        )

    def refs(self, kinds: str, repo: str) -> None:
        found = self.repo(kinds, repo)
        if found is None:
            return
        branches = [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": c} for n, c in found.refs.items()]
        tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": c} for n, c in found.tags.items()]
        self.json({"branches": branches, "tags": tags, "converts": []})

    def tree(self, kinds: str, repo: str, revision: str, path: str | None = None) -> None:
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        prefix = f"{unquote(path).strip('/')}/" if path else ""
        recursive = self.query.get("recursive", [""])[0].lower() in ("1", "true")
        entries: dict[str, dict[str, Any]] = {}
        for name, entry in sorted(at.trees[commit].items()):
            if not name.startswith(prefix):
                continue
            steps = name[len(prefix) :].split("/")
            for depth in range(1, len(steps) if recursive else min(2, len(steps))):
                folder = prefix + "/".join(steps[:depth])
                entries[folder] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
            if recursive or len(steps) == 1:
                entries[name] = describe(name, entry)
        if prefix and not entries:
            self.error(404, "EntryNotFound", f"{path} does not exist on {revision}")
            return
        listed = list(entries.values())
        start, limit = int(self.query.get("cursor", ["0"])[0]), 7
        more = {}
        if start + limit < len(listed):
            following = (
                f"{self.hub.url}{urlsplit(self.path).path}?recursive={recursive}&cursor={start + limit}"
            )
            more["Link"] = f'<{following}>; rel="next"'
        self.json(listed[start : start + limit], **more)

    def paths_info(self, kinds: str, repo: str, revision: str) -> None:
        raw = self.read()
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        if self.headers.get("Content-Type", "").startswith("application/json"):
            paths = json.loads(raw)["paths"]
        else:
            paths = parse_qs(raw.decode())["paths"]
        answers = []
        for path in paths:
            if path in at.trees[commit]:
                answers.append(describe(path, at.trees[commit][path]))
            elif any(name.startswith(f"{path}/") for name in at.trees[commit]):
                answers.append({"type": "directory", "oid": "0" * 40, "size": 0, "path": path})
        self.json(answers)

    def preupload(self, kinds: str, repo: str, revision: str) -> None:
        asked = json.loads(self.read())
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        answers = []
        for file in asked["files"]:
            there = at.trees[commit].get(file["path"])
            large = file["path"].endswith(".parquet") or file["size"] > 10 * 2**20
            mode = "lfs" if large else "regular"
            answers.append(
                {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": there and there.oid}
            )
        self.json({"files": answers})

    def batch(self, kinds: str, repo: str) -> None:
        asked = json.loads(self.read())
        if not self.writer():
            self.error(401, "", "Invalid username or password.")
            return
        objects = []
        for wanted in asked["objects"]:
            answer: dict[str, Any] = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.hub.large:
                answer["actions"] = {
                    "upload": {"href": f"{self.hub.url}/storage/{wanted['oid']}", "header": {}},
                    "verify": {"href": f"{self.hub.url}/verify", "header": {}},
                }
            objects.append(answer)
        self.json({"transfer": "basic", "objects": objects})

    def store(self, oid: str) -> None:
        self.hub.open.wait(600)
        with self.hub.lock:
            broken = self.hub.fail_after == 0
            if self.hub.fail_after:
                self.hub.fail_after -= 1
        if broken:
            self.rfile.read(min(1000, int(self.headers.get("Content-Length") or 0)))
            self.close_connection = True
            self.connection.close()
            return
        body = self.read()
        if hashlib.sha256(body).hexdigest() != oid:
            self.error(400, "", "the bytes are not those of the oid")
            return
        with self.hub.lock:
            self.hub.large[oid] = body
            self.hub.sent[oid] += 1
            self.hub.bytes_sent += len(body)
        self.send(200)

    def verify(self) -> None:
        asked = json.loads(self.read())
        self.json({}, 200 if asked["oid"] in self.hub.large else 404)

    def commit(self, kinds: str, repo: str, revision: str) -> None:
        raw = self.read()
        if not self.writer():
            self.error(401, "", "Invalid username or password.")
            return
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        lines = [json.loads(line) for line in raw.splitlines() if line]
        header = lines[0]["value"]
        with self.hub.lock:
            if header.get("parentCommit") not in (None, commit):
                self.error(412, "", "A commit has happened since. Please refresh and try again.")
                return
            tree = dict(at.trees[commit])
            for line in lines[1:]:
                value = line["value"]
                if line["key"] == "file":
                    body = base64.b64decode(value["content"])
                    if value["path"] == "eval.yaml" and (problem := evaluation_fault(body)):
                        self.error(400, "", f"eval.yaml: {problem}")
                        return
                    tree[value["path"]] = blob(body)
                    self.hub.bytes_sent += len(body)
                elif line["key"] == "lfsFile":
                    if value["oid"] not in self.hub.large:
                        self.error(400, "", f"{value['path']}: its bytes were never uploaded")
                        return
                    tree[value["path"]] = pointer(value["oid"], value["size"])
                elif line["key"] == "deletedFile":
                    del tree[value["path"]]
            oid = at.commit(tree, header["summary"])
        url = f"{self.hub.url}/{kinds}/{repo}/commit/{oid}"
        self.json({"success": True, "commitOid": oid, "commitUrl": url})

    def tag(self, kinds: str, repo: str, revision: str) -> None:
        asked = json.loads(self.read())
        if not self.writer():
            self.error(401, "", "Invalid username or password.")
            return
        found = self.tree_at(kinds, repo, revision)
        if found is None:
            return
        at, commit = found
        if asked["tag"] in at.tags:
            self.error(409, "", "Tag reference exists already")
            return
        at.tags[asked["tag"]] = commit
        self.json({})

    def resolve(self, kinds: str | None, repo: str, revision: str, path: str) -> None:
        found = self.tree_at((kinds or "models").strip("/"), repo, revision)
        if found is None:
            return
        at, commit = found
        entry = at.trees[commit].get(unquote(path))
        if entry is None:
            self.error(404, "EntryNotFound", "Entry not found")
            return
        common = {"X_Repo_Commit": commit, "Accept_Ranges": "bytes"}
        if entry.sha256 is not None:
            self.send(
                302,
                b"",
                Location=f"{self.hub.storage}/cdn/{entry.sha256}",
                X_Linked_Size=str(entry.size),
                X_Linked_Etag=f'"{entry.sha256}"',
                ETag=f'"{entry.oid}"',
                **common,
            )
            return
        self.ranged(self.hub.body(entry), ETag=f'"{entry.oid}"', **common)

    def cdn(self, oid: str) -> None:
        self.ranged(self.hub.large[oid], ETag=f'"{oid}"', Accept_Ranges="bytes")

    def ranged(self, body: bytes, **headers: str) -> None:
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match is None:
            self.send(200, body, Content_Length=str(len(body)), **headers)
            return
        start = int(match[1])
        end = min(int(match[2]) if match[2] else len(body) - 1, len(body) - 1)
        part = body[start : end + 1]
        headers["Content_Range"] = f"bytes {start}-{end}/{len(body)}"
        self.send(206, part, Content_Length=str(len(part)), **headers)


def evaluation_fault(body: bytes) -> str | None:
    """Say what is wrong with an eval.yaml, as the Hub does when it is pushed (docs/hub/eval-results)."""
    import yaml

    document = yaml.safe_load(body)
    if not isinstance(document, dict) or not {"name", "description", "tasks"} <= set(document):
        return "it has a name, a description and tasks"
    if unknown := set(document) - {"name", "description", "tasks", "evaluation_framework"}:
        return f"unknown keys: {unknown}"
    if document.get("evaluation_framework", "mteb") not in ("inspect-ai", "mteb", "harbor", "swe-bench"):
        return "the framework is not one that the Hub knows"
    tasks = document["tasks"]
    if not tasks or len({task.get("id") for task in tasks}) < len(tasks):
        return "a task has an id of its own"
    if any(set(task) != {"id", "config", "split"} for task in tasks):
        return "a task has an id, a config and a split"
    return None


def describe(path: str, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    if entry.sha256 is not None:
        told["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": 130}
    return told


_API = rf"/api/(?P<kinds>models|datasets|spaces)/{_NAME}"
_ROUTES = [
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate"),
    ("POST", rf"{_API}/preupload/(?P<revision>[^/]+)", "preupload"),
    ("POST", rf"{_API}/commit/(?P<revision>[^/]+)", "commit"),
    ("POST", rf"{_API}/tag/(?P<revision>[^/]+)", "tag"),
    ("POST", rf"{_API}/paths-info/(?P<revision>[^/]+)", "paths_info"),
    ("GET", rf"{_API}/refs", "refs"),
    ("GET", rf"{_API}/tree/(?P<revision>[^/]+)(/(?P<path>.*))?", "tree"),
    ("GET", rf"{_API}/revision/(?P<revision>[^/]+)", "info"),
    ("GET", _API, "info"),
    ("POST", rf"/(?P<kinds>datasets|spaces)/{_NAME}\.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/storage/(?P<oid>[0-9a-f]{64})", "store"),
    ("POST", r"/verify", "verify"),
    (("GET", "HEAD"), r"/cdn/(?P<oid>[0-9a-f]{64})", "cdn"),
    (
        ("GET", "HEAD"),
        rf"/(?P<kinds>datasets/|spaces/)?{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
        "resolve",
    ),
]
