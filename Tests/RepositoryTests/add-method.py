#!/usr/bin/env python3
"""Adds a method to a copy of this repository: nothing but its own places may be edited by hand.

    Tests/RepositoryTests/add-method.py [--keep FOLDER]

On a fresh clone of what is committed, `posts.pin` is added: a column, a refusal, an example, a
transcript and a test. The build has to name what is missing, and then everything has to pass: the
generated files, the repository's own tests, the new test, the example, the transcript over TCP.
Takes one debug build. Exit status 0 if the design holds, 1 if not. Standard library only.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

SCHEMA = "Protocol/openrpc.json"
HANDLER = "Sources/MuseService/Posts/posts.pin.swift"
TRANSCRIPT = "Protocol/transcripts/posts.pin.jsonl"
TEST = "Tests/MuseServiceTests/Posts/posts.pinTests.swift"
FUNCTION = "Sources/MuseStore/Domain/Posts.swift"
MIGRATION = "Sources/MuseStore/Migrations/Migration.swift"

# All that may be edited by hand, and all that has to be.
PLACES = {
    SCHEMA: "the method and its examples",
    HANDLER: "the handler",
    TRANSCRIPT: "the transcript",
    TEST: "the test",
    FUNCTION: "one function of the store, and its statement",
    MIGRATION: "one migration",
}

HANDLER_TEXT = """\
// The rules' room: `posts.pin`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension PostsHandlers {
    /// Pins a post of one's own; pinning it again changes nothing.
    func pin(_ params: PostsPinParams, _ call: Call) async throws(RPCError) -> Post {
        try await core.write(call, params) { w in
            let head = try w.postHead(params.id)
            guard head.author == w.caller.user else { throw RPCError.permissionDenied() }
            try w.tx.pinPost(params.id)
            return [params.id]
        } answer: { w, ids in
            try w.post(ids)
        }
    }
}
"""

FUNCTION_TEXT = """
    /// Pins a post.
    /// - Throws: SQLError.
    package func pinPost(_ id: UUIDv7) throws(SQLError) {
        try run(PostsSQL.pin, id)
    }
}
"""

STATEMENT_TEXT = """\
    static let pin: StaticString = "UPDATE posts SET pinned = 1 WHERE id = ?1"
"""

MIGRATION_TEXT = """[
        .first,
        Migration(
            number: 2, name: "pinned_posts",
            sql: "ALTER TABLE posts ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;"),
    ]"""

TEST_TEXT = """\
// Tests of `posts.pin`.
internal import MentalMuseProtocol
internal import MuseSQL
internal import MuseStore
internal import Testing

@Suite struct PostsPinTests {
    private func isPinned(_ post: Post, _ house: ContentHouse) throws -> Bool {
        try house.writer.writeNow { tx in
            let row = try tx.statement("SELECT pinned FROM posts WHERE id = ?1")
            defer { row.reset() }
            row.bind(1, post.id)
            return try row.step() && row.int(0) == 1
        }
    }

    @Test("a post is pinned by its author, and by nobody else")
    func pins() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let ben = try house.person("ben")
        let post = try await house.post(ann)
        let params = PostsPinParams(id: post.id)
        #expect(
            await refusal { try await house.posts.pin(params, house.call(.postsPin, ben)) }
                == "permission_denied")
        #expect(try !isPinned(post, house))
        #expect(try await house.posts.pin(params, house.call(.postsPin, ann)) == post)
        #expect(try isPinned(post, house))
    }
}
"""

NOBODY = "01936b2f-5a30-7c3e-9f00-0a1b2c3d4e71"
TRANSCRIPT_STEPS = [
    {"about": "Pin a post of one's own."},
    {"user": "ada"},
    {"user": "bob"},
    {"call": "posts.create", "on": "ada", "params": ["Hello."],
     "result": {"$": "Post", "id": "$id:p"}},
    {"call": "posts.pin", "on": "ada", "params": {"id": "{p}"},
     "result": {"$": "Post", "id": "{p}", "body": "Hello.", "revision": 1, "edited": False}},
    {"call": "posts.pin", "on": "ada", "params": ["{p}"], "result": {"$": "Post", "id": "{p}"}},
    {"about": "Who may not."},
    {"call": "posts.pin", "on": "bob", "params": ["{p}"], "error": "permission_denied"},
    {"call": "posts.pin", "params": ["{p}"], "error": "unauthenticated"},
    {"call": "posts.pin", "on": "ada", "params": [NOBODY], "error": "not_found"},
    {"call": "posts.pin", "on": "ada", "params": [7], "error": "invalid_params",
     "offences": [["/id", "type", "string"]]},
    {"call": "posts.pin", "params": {"id": NOBODY}, "meta": {"access_token": "no token"},
     "error": "token_invalid"},
    {"about": "A key."},
    {"call": "posts.pin", "on": "ada", "params": {"id": "{p}"}, "meta": {"idempotency_key": "k"},
     "result": "$any"},
    {"call": "posts.pin", "on": "ada", "params": {"id": NOBODY}, "meta": {"idempotency_key": "k"},
     "error": "idempotency_mismatch"},
    {"call": "auth.logout", "on": "ada", "result": {}},
    {"call": "posts.pin", "on": "ada", "params": ["{p}"], "error": "token_revoked"},
]


class Failed(Exception):
    pass


class Clone:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def replace(self, name, old, new):
        text = self.read(name)
        if text.count(old) != 1:
            raise Failed("%s: %r stands there %d times" % (name, old, text.count(old)))
        self.write(name, text.replace(old, new))

    def run(self, *command, fails=False):
        """Runs a command to its end; gives what it said."""
        print("$ " + " ".join(command), flush=True)
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if (done.returncode != 0) != fails:
            print(done.stdout[-6000:])
            raise Failed("it %s" % ("should have failed" if not done.returncode else "failed"))
        return done.stdout

    def changed(self):
        """What differs from the commit, by path."""
        said = self.run("git", "status", "--porcelain", "--untracked-files=all")
        return {line[3:] for line in said.splitlines()}


def add_to_schema(clone):
    """The method, after the other likes, with an example of its success and one of its refusal."""
    schema = json.loads(clone.read(SCHEMA))
    names = [method["name"] for method in schema["methods"]]
    like = schema["methods"][names.index("posts.like")]
    update = schema["methods"][names.index("posts.update")]
    pin = json.loads(json.dumps(like))
    pin["name"] = "posts.pin"
    pin["summary"] = "Pin a post of one's own."
    pin["errors"] = [e for e in update["errors"] if not e["$ref"].endswith("/stale_revision")]
    pin["x-auth"] = "owner"
    pin["x-rest"] = {"verb": "PUT", "path": "/posts/{id}/pin", "status": 200}
    success, refusal = pin["examples"][:2]
    success["name"] = "One's own"
    success["x-as"] = "ada"
    success["result"]["value"].update({"like_count": 0, "liked": False})
    refusal.update({"name": "Somebody else's", "x-as": "grace", "x-error": "permission_denied",
                    "params": success["params"]})
    schema["methods"].insert(names.index("posts.likers") + 1, pin)
    clone.write(SCHEMA, json.dumps(schema, indent=2) + "\n")


def add_to_store(clone):
    text = clone.read(FUNCTION)
    end = text.rstrip().rindex("\n}")
    clone.write(FUNCTION, text[:end] + "\n" + FUNCTION_TEXT)
    listed = "\n    package static let all: [StaticString] = [\n        "
    clone.replace(FUNCTION, listed + "byID", STATEMENT_TEXT + listed + "pin, byID")
    clone.replace(MIGRATION, "[.first]", MIGRATION_TEXT)


def build_names_what_is_missing(clone, *words):
    said = clone.run("swift", "build", "--target", "MuseService", fails=True)
    lines = [line.strip() for line in said.splitlines() if "error:" in line or "note:" in line]
    named = [line for line in lines if all(word in line for word in words)]
    if not named:
        print("\n".join(lines))
        raise Failed("the build does not name %s" % " ".join(words))
    print("  the build says: " + named[0].replace(clone.folder + "/", ""))


def prove(clone):
    os.makedirs(clone.folder, exist_ok=True)
    clone.run("git", "clone", "-q", ROOT, clone.folder)
    print("\nthe schema first: the build is the list of what is to be done")
    add_to_schema(clone)
    generator = clone.path(".build/debug/muse-protocol")
    clone.run("swift", "build", "--product", "muse-protocol")
    generated = set(clone.run(generator, "generate").splitlines()[:-1])
    build_names_what_is_missing(clone, "pin", "PostsPinParams")
    print("\nthe handler, which wants its function of the store")
    clone.write(HANDLER, HANDLER_TEXT)
    build_names_what_is_missing(clone, "pinPost")
    print("\nthe store, the test and the transcript")
    add_to_store(clone)
    clone.write(TEST, TEST_TEXT)
    clone.write(TRANSCRIPT, "".join(
        json.dumps(step, ensure_ascii=False, separators=(",", ":")) + "\n"
        for step in TRANSCRIPT_STEPS))
    clone.run("swift", "build", "--build-tests")
    clone.run(generator, "verify")
    suites = ["PostsPinTests", "AgreementTests", "LayeringTests", "MigrationTests",
              "StatementPlanTests", "PlanTests", "ExampleTests", "CoverageTests"]
    said = clone.run("swift", "test", "--skip-build", "--filter", "|".join(suites))
    if "Suite PostsPinTests passed" not in said:
        raise Failed("the new test was not run")
    print("  " + said.strip().splitlines()[-1])
    print(clone.run(sys.executable, "Tests/Faults/replay.py", "--program",
                    ".build/debug/mentalmuse", "--over", "tcp", TRANSCRIPT))
    judge(clone, generated)


def judge(clone, generated):
    by_hand = clone.changed() - generated
    print("edited by hand:")
    for path in sorted(by_hand):
        print("  %-55s %s" % (path, PLACES.get(path, "NOT A PLACE OF ITS OWN")))
    print("generated: %d files" % len(generated))
    for path in sorted(by_hand - set(PLACES)):
        raise Failed("adding a method should not need %s" % path)
    for path in sorted(set(PLACES) - by_hand):
        raise Failed("%s was not needed: the list of places is too long" % path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", help="leave the clone in this folder")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="muse-add-method-")
    try:
        prove(Clone(os.path.abspath(folder)))
    except Failed as failure:
        print("add-method: %s" % failure)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("add-method: the design holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
