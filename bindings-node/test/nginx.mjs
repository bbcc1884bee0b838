// A real nginx in front of a server. As it does unless told otherwise, it writes a Host of its own.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = ["nginx", "/usr/sbin/nginx"].find((program) => spawnSync(program, ["-v"]).status === 0);

/** Hands on what comes to `port` to a server that listens on `upstream`, until the test ends. */
export async function nginx(test, port, upstream) {
  if (PROGRAM === undefined) {
    throw new Error("nginx is missing: install the Debian package");
  }
  const folder = mkdtempSync(join(tmpdir(), "wiresign-"));
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  const server = `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstream}; } }`;
  const text = `daemon off; master_process off; pid ${folder}/pid; events {} http { access_log off; ${paths} ${server} }`;
  writeFileSync(join(folder, "nginx.conf"), text);
  const proxy = spawn(PROGRAM, ["-e", "stderr", "-p", folder, "-c", "nginx.conf"], { stdio: "inherit" });
  const gone = once(proxy, "exit");
  test.after(async () => {
    proxy.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  for (;;) {
    const socket = net.connect(port, "127.0.0.1");
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) {
      return;
    }
    if (proxy.exitCode !== null) {
      throw new Error("nginx did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
