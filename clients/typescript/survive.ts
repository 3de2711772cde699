// Writes posts while the server is killed, stopped and started again, then counts them.
//
//   node dist/survive.js PROGRAM [WRITES]
//
// Leaves with 0 if there are exactly as many posts as were written, each once.
import { Client } from "./src/index.js";
import { Folder, Server } from "./tests/serving.js";

/** How many writes are under way. */
const TASKS = 64;

const [program, given = "10000"] = process.argv.slice(2);
if (program === undefined) throw new Error("usage: survive.js PROGRAM [WRITES]");
const writes = Number(given);
const folder = new Folder();
const data = `--data=${folder.path}/data`;
let server = new Server(program, [data, "--port=0"]);
await server.start();
const port = server.ports.get("tcp") ?? 0;
const began = performance.now();
let written = 0;
const restarts: Promise<void>[] = [];

async function restart(how: "kill" | "stop"): Promise<void> {
  // The next one begins when the server is back.
  await restarts.at(-1);
  const from = performance.now();
  await server[how]();
  server = new Server(program ?? "", [data, `--port=${port}`]);
  await server.start();
  console.log(`${how} and start again: ${((performance.now() - from) / 1_000).toFixed(1)} s`);
}

try {
  const client = await Client.connect(`tcp://127.0.0.1:${port}`, { deadline: 120_000 });
  const { user } = await client.auth.register({ username: "writer", password: "ten thousand times" });
  const work = async (first: number) => {
    for (let number = first; number < writes; number += TASKS) {
      await client.posts.create({ body: `Post ${number}.` });
      written += 1;
      // At a third of the writes it is killed, at two thirds stopped as an operator would.
      if (written === Math.floor(writes / 3)) restarts.push(restart("kill"));
      if (written === Math.floor((writes * 2) / 3)) restarts.push(restart("stop"));
    }
  };
  await Promise.all(Array.from({ length: TASKS }, (_, first) => work(first)));
  await Promise.all(restarts);
  const bodies: string[] = [];
  for await (const post of client.posts.iterate({ author_id: user.id, limit: 100 })) {
    bodies.push(post.body);
  }
  client.close();
  const different = new Set(bodies).size;
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(`${written} posts were written in ${seconds} s; there are ${bodies.length}, ` +
    `${different} of them different`);
  const isExact = [written, bodies.length, different].every((count) => count === writes);
  if (!isExact || restarts.length !== 2) process.exitCode = 1;
} finally {
  await server.kill();
  folder.remove();
}
