// Registers or logs in, writes posts and a comment, and lists what was written. MUSE_URL says
// where.
import { Client, MuseError } from "mentalmuse";

const username = process.argv[2] ?? "robin";
const password = "a wren sings at dawn";
const client = await Client.connect();

try {
  await client.auth.register({ username, password });
} catch (error) {
  if (!(error instanceof MuseError) || error.name !== "already_exists") throw error;
  await client.auth.login({ username, password, device: "example" });
}
const { user } = await client.auth.whoami();
console.log(`This is ${user.username}, here since ${new Date(user.created_at).toDateString()}.`);

const writes = [1, 2, 3, 4, 5, 6].map((n) =>
  client.posts.create({ body: `Good morning from TypeScript, ${n}.` }),
);
const [post] = await Promise.all(writes);
if (post === undefined) throw new Error("nothing was written");
const comment = await client.comments.create({ post_id: post.id, body: "And good night." });
console.log(`Wrote post ${post.id} and comment ${comment.id}.`);

try {
  await client.posts.update({ id: post.id, body: "Good evening.", revision: 7 });
} catch (error) {
  if (!(error instanceof MuseError) || error.name !== "stale_revision") throw error;
  console.log(`It has changed since: it is at revision ${error.data.current}.`);
}

// Three pages, each fetched when the loop comes to it.
let count = 0;
for await (const { author, body } of client.posts.iterate({ limit: 2 })) {
  console.log(`${author.username}: ${body.slice(0, 60)}`);
  count += 1;
  if (count === 6) break;
}
await client.auth.logout();
client.close();
