// The systemd unit of deploy/: a first start in which nothing can be written but what the unit says.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { freePorts } from "../../scripts/free-ports.mjs";
import { startChild } from "../support/child.ts";
import { unprivileged } from "../support/processes.ts";
import { ensureBuilt } from "../support/shared.ts";
import { root } from "../support/source-files.ts";
import { TEST_SECRET } from "../support/tokens.ts";

vi.setConfig({ testTimeout: 120_000 });
beforeAll(() => ensureBuilt());

const unit = readFileSync(join(root, "deploy/classwire.service"), "utf8");

/** The values of a key of the unit, with what systemd puts in for classwire.service. */
function valuesOf(key: string): string[] {
  const lines = [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))];
  return lines.map(([, value = ""]) => value.replaceAll("%N", "classwire").replaceAll("%S", "/var/lib"));
}

/** As `ProtectSystem=strict`, `PrivateTmp` and `StateDirectory` do: $1 is this package, $2 Node, $3 and $4 the user. */
const SANDBOX = `
set -e
mount -t tmpfs tmpfs /mnt; mkdir /mnt/package; touch /mnt/node
mount --bind "$1" /mnt/package; mount --bind "$2" /mnt/node
mount -t tmpfs tmpfs /opt; mkdir /opt/classwire; mount --bind /mnt/package /opt/classwire
mount -t tmpfs tmpfs /var/lib; mkdir -m 700 /var/lib/classwire; chown "$3:$4" /var/lib/classwire
mount --bind /var/lib/classwire /var/lib/classwire
mount -t tmpfs -o mode=1777 tmpfs /tmp
cut -d" " -f5 /proc/self/mountinfo | while read -r point; do
  case "$point" in /proc*|/sys*|/dev*|/tmp|/var/lib/classwire) continue;; esac
  mount -o remount,bind,ro "$point" 2>/dev/null || true
done
if touch /opt/classwire/written 2>/dev/null; then echo "not read-only"; exit 9; fi
cd /opt/classwire
shift 2; uid="$1"; gid="$2"; shift 2
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups --no-new-privs "$@"
`;

/** Where mounts are not ours to make: a working directory that this user cannot write to, and a state directory that it can. */
function plainDirectories(user: { uid: number; gid: number } | undefined): { cwd: string; state: string } {
  const home = mkdtempSync(join(tmpdir(), "classwire-service-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const [cwd, state] = [join(home, "package"), join(home, "state")];
  mkdirSync(cwd);
  mkdirSync(state);
  if (user !== undefined) chownSync(state, user.uid, user.gid);
  chmodSync(cwd, 0o555);
  chmodSync(home, 0o755);
  return { cwd, state };
}

it("names the directory that the server writes to", () => {
  const [dataDir] = valuesOf("Environment").flatMap((value) => (value.startsWith("DATA_DIR=") ? [value.slice(9)] : []));
  expect(dataDir).toBe(`/var/lib/${valuesOf("StateDirectory")[0]}`);
  expect(valuesOf("ProtectSystem")).toEqual(["strict"]);
  expect(valuesOf("ExecStart")).toEqual(["/usr/bin/node --enable-source-maps dist/main.js"]);
});

it("starts, also the first time, where nothing else can be written, and ends cleanly", async () => {
  const [port] = await freePorts(1);
  const user = unprivileged();
  const canMount =
    user !== undefined && spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "x", "/mnt"]).status === 0;
  const settings = { HOST: "127.0.0.1", PORT: String(port), JWT_SECRET: TEST_SECRET, DRAIN_DELAY_SECONDS: "0" };
  const given = Object.fromEntries(valuesOf("Environment").map((value) => value.split("=") as [string, string]));
  const args = ["--enable-source-maps"];
  const start = () => {
    if (canMount) {
      const command = ["/mnt/node", ...args, "dist/main.js"];
      const parameters = [root, process.execPath, String(user.uid), String(user.gid), ...command];
      const sandbox = ["--mount", "--propagation", "private", "sh", "-c", SANDBOX, "sh", ...parameters];
      return startChild("unshare", sandbox, { env: { PATH: process.env["PATH"], ...given, ...settings } });
    }
    const { cwd, state } = plainDirectories(user);
    const env = { PATH: process.env["PATH"], ...given, ...settings, DATA_DIR: state };
    return startChild(process.execPath, [...args, join(root, "dist/main.js")], { cwd, env, ...user });
  };
  const server = start();
  onTestFinished(() => server.kill("SIGKILL"));
  await server.until(
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
    90_000,
  );
  if (canMount) {
    const state = execFileSync("ls", [`/proc/${server.pid}/root/var/lib/classwire`], { encoding: "utf8" });
    expect(state).toContain("pglite");
  }
  server.kill("SIGTERM");
  expect(await server.exited).toEqual({ code: 0, signal: null });
});
