"""Registers or logs in, writes posts and a comment, and lists what was written. MUSE_URL says
where."""

import sys

import mentalmuse

name = sys.argv[1] if len(sys.argv) > 1 else "robin"
password = "a wren sings at dawn"

with mentalmuse.Client() as client:
    try:
        grant = client.auth.register(name, password)
    except mentalmuse.AlreadyExists:
        grant = client.auth.login(name, password, device="example")
    print(f"This is {grant.user.username}, here since {grant.user.created_at:%d.%m.%Y}.")

    for number in range(1, 7):
        post = client.posts.create(f"Good morning from Python, {number}.")
    comment = client.comments.create(post.id, "And good night.")
    print(f"Wrote post {post.id} and comment {comment.id}.")

    try:
        client.posts.update(post.id, "Good evening.", revision=7)
    except mentalmuse.StaleRevision as error:
        print(f"It has changed since: it is at revision {error.current}.")

    # Three pages, each fetched when the loop comes to it.
    for number, post in enumerate(client.posts.iterate(limit=2)):
        print(f"{post.author.username}: {post.body[:60]}")
        if number == 5:
            break
    client.auth.logout()
