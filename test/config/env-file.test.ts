// `.env` files as editors write them: byte order marks, UTF-16, line ends, quotes; what is no text stops the start.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadEnvFile } from "../../src/config/env-file.ts";
import { spawnServer } from "../support/spawn-server.ts";

const TEXT = "NODE_ENV=production\nPORT=9001\nNAME=课程\n";
const VARIABLES = { NODE_ENV: "production", PORT: "9001", NAME: "课程" };
const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

function directoryWith(content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), "classwire-env-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, ".env"), content);
  return directory;
}

function load(content: string | Buffer, env: Record<string, string | undefined> = {}) {
  loadEnvFile(join(directoryWith(content), ".env"), env);
  return env;
}

describe("every variable is read", () => {
  it.each([
    ["UTF-8", TEXT],
    ["UTF-8 with a byte order mark", `\uFEFF${TEXT}`],
    ["UTF-16 with a byte order mark, as Windows writes it", Buffer.from(`\uFEFF${TEXT}`, "utf16le")],
    ["UTF-16 with a byte order mark, the other way round", utf16be(`\uFEFF${TEXT}`)],
    ["two files in one, each with its mark", "\uFEFFNODE_ENV=production\n\uFEFFPORT=9001\n\uFEFFNAME=课程\n"],
    ["CRLF", TEXT.replaceAll("\n", "\r\n")],
    ["CR alone", TEXT.replaceAll("\n", "\r")],
    ["no line end at the end", TEXT.trimEnd()],
    ["export", TEXT.replace(/^/gm, "export ").trimEnd()],
    ["export and more blanks", TEXT.replace(/^(?=.)/gm, " export \t ")],
    ["quotes and comments", "# c\nNODE_ENV=\"production\" # c\nPORT='9001'\nNAME=`课程`\n"],
  ])("%s", (_what, content) => {
    expect(load(content)).toEqual(VARIABLES);
  });

  it("values of several lines, with CRLF too", () => {
    expect(load('KEY="-----BEGIN\r\nEND-----"\r\nPORT=1\r\n')).toEqual({ KEY: "-----BEGIN\nEND-----", PORT: "1" });
  });

  it("but for those that the environment has, empty ones too", () => {
    expect(load(TEXT, { PORT: "1", NAME: "" })).toEqual({ ...VARIABLES, PORT: "1", NAME: "" });
  });

  it("and there need not be a file", () => {
    const env = {};
    loadEnvFile(join(tmpdir(), "no-such-directory", ".env"), env);
    expect(env).toEqual({});
  });
});

describe("what is no text is an error in one line that names the file", () => {
  it.each([
    ["UTF-16 without a mark", Buffer.from(TEXT, "utf16le")],
    ["UTF-16 without a mark, the other way round", utf16be(TEXT)],
    ["UTF-16 that is cut off", Buffer.from(`\uFEFF${TEXT}`, "utf16le").subarray(0, 9)],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])],
    ["another encoding", Buffer.from("# caf\xe9\nPORT=1\n", "latin1")],
  ])("%s", (_what, content) => {
    expect(() => load(content)).toThrow(/\.env cannot be read: save it as UTF-8, or as UTF-16 with a byte order mark$/);
  });

  it("and the server does not start in development mode instead", async () => {
    const directory = directoryWith(Buffer.from("NODE_ENV=production\n", "utf16le"));
    const server = await spawnServer({}, { directory, ready: false });
    expect(await server.exited).toMatchObject({ code: 1 });
    expect(server.lines).toEqual([
      "classwire: .env cannot be read: save it as UTF-8, or as UTF-16 with a byte order mark",
    ]);
  });
});
