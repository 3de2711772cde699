"""What is captured: every operation of the schema that has a place in REST, and the two that bind a
connection, in an order in which each has what it needs.

A step is (method, caller, params, names): `{name}` within params is what an earlier answer gave;
names = {name: path} keeps parts of this answer. A method of the schema that has no step here is
captured by its first example, while there is a post with a comment, as its admin.
"""
FIRST = "seven wizards mix quartz"
SECOND = "eight otters juggle plums"

STEPS = (
    ("server.ping", None, {}, {}),
    ("server.info", None, {}, {}),
    ("server.health", None, {}, {}),
    ("auth.jwks", None, {}, {}),
    ("auth.register", "grace", {"username": "grace", "password": FIRST},
     {"grace": "access_token", "refresh": "refresh_token", "grace_id": "user.id"}),
    ("auth.login", "ada", {"username": "ada", "password": FIRST},
     {"ada": "access_token", "ada_id": "user.id"}),
    ("auth.refresh", None, {"refresh_token": "{refresh}"}, {"grace": "access_token"}),
    ("auth.attach", None, {"access_token": "{grace}"}, {}),
    ("auth.detach", None, {}, {}),
    ("auth.whoami", "grace", {}, {}),
    ("auth.sessions", "grace", {"limit": 5}, {}),
    ("users.update", "grace", {"display_name": "Grace"}, {}),
    ("users.get", None, {"id": "{grace_id}"}, {}),
    ("users.list", None, {"limit": 5, "query": "gr"}, {}),
    ("users.set_role", "ada", {"id": "{grace_id}", "role": "moderator"}, {}),
    ("posts.create", "grace", {"body": "The engine weaves algebraical patterns."}, {"post": "id"}),
    ("posts.get", None, {"id": "{post}"}, {}),
    ("posts.list", None, {"limit": 1, "order": "newest"}, {}),
    ("posts.update", "grace", {"id": "{post}", "body": "The engine weaves patterns."}, {}),
    ("posts.like", "ada", {"id": "{post}"}, {}),
    ("posts.likers", None, {"id": "{post}", "limit": 5}, {}),
    ("posts.unlike", "ada", {"id": "{post}"}, {}),
    ("comments.create", "ada", {"post_id": "{post}", "body": "As the loom weaves flowers."},
     {"comment": "id"}),
    ("comments.get", None, {"id": "{comment}"}, {}),
    ("comments.list", None, {"post_id": "{post}", "limit": 5}, {}),
    ("comments.update", "ada", {"id": "{comment}", "body": "As looms weave flowers."}, {}),
    ("comments.delete", "ada", {"id": "{comment}"}, {}),
    ("posts.delete", "grace", {"id": "{post}"}, {}),
    ("server.metrics", "ada", {}, {}),
    ("users.ban", "ada", {"id": "{grace_id}", "reason": "Spam."}, {}),
    ("users.unban", "ada", {"id": "{grace_id}"}, {}),
    ("auth.login", "guest", {"username": "grace", "password": FIRST},
     {"guest": "access_token", "guest_session": "session_id"}),
    ("auth.login", "grace", {"username": "grace", "password": FIRST}, {"grace": "access_token"}),
    ("auth.end_session", "grace", {"session_id": "{guest_session}"}, {}),
    ("auth.change_password", "grace", {"current_password": FIRST, "new_password": SECOND},
     {"grace": "access_token"}),
    ("users.delete", "grace", {"current_password": SECOND}, {}),
    ("auth.logout", "ada", {}, {}),
)

# Their answers tell of the machine and the moment; only the first line is kept.
PASSING = ("server.info", "server.metrics")

# Those that make the connection of a caller that caller's own.
BINDING = ("auth.register", "auth.login")

# What an example's ids stand for, by namespace and name.
IDS = {"posts.id": "{post}", "comments.id": "{comment}", "users.id": "{grace_id}"}


def steps(methods):
    """The steps, with one of its own for each method that has a place in REST and none here."""
    known = {step[0] for step in STEPS}
    more = []
    for name, method in methods.items():
        if not method["x-rest"] or name in known:
            continue
        params = {param["name"]: IDS.get(name.split(".")[0] + "." + param["name"],
                                         "{post}" if param["name"] == "post_id" else param["value"])
                  for param in method["examples"][0]["params"]}
        more.append((name, "ada", params, {}))
    place = [step[0] for step in STEPS].index("comments.delete")
    return STEPS[:place] + tuple(more) + STEPS[place:]
