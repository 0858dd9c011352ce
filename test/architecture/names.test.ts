// Names are the field's: no word of our own where engineers have one already.
import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles, withoutComments } from "../support/source-files.ts";

/** What each forbidden word is called in the field. A word is one part of an identifier or file name: `crew` of `createCrew`. */
const WORDS: Readonly<Record<string, string>> = {
  announcing: "publishing",
  arrival: "accepted connection, or received event",
  arrivals: "delivery acks",
  apart: "conflict keys",
  believe: "identify by query",
  bench: "namespace slots",
  book: "local state",
  books: "local state",
  cleaner: "retention job",
  conversation: "message handler",
  crew: "supervisor",
  departure: "presence grace period",
  departures: "presence grace period",
  doors: "sticky listener",
  entrance: "upgrade handler",
  extent: "channel bounds",
  extents: "channel bounds",
  finder: "route matching",
  flights: "in-flight requests",
  gate: "connection barrier",
  heir: "session resumption",
  inbox: "receive buffer",
  inherit: "session resumption",
  inheritance: "session resumption",
  insist: "resubscribe",
  keeper: "node maintenance",
  lanes: "ordered execution",
  lifeline: "keep-alive state",
  mirror: "local state",
  outbox: "send queue",
  perform: "execute",
  placement: "connection limits",
  pongs: "ping tracker",
  prove: "identify by token",
  pulse: "health monitor",
  recruit: "start a worker",
  roll: "connection registry",
  seat: "namespace slot",
  seats: "namespace slots",
  sides: "message handler",
  stranger: "unauthenticated connection",
  strangers: "unauthenticated connections",
  turns: "semaphore, or keyed mutex",
  upkeep: "maintenance",
  visitor: "pending upgrade",
  weigh: "size",
  wishes: "desired subscriptions",
};

/** Whole identifiers that are ordinary words elsewhere, as parts of others. */
const IDENTIFIERS: Readonly<Record<string, string>> = {
  able: "health",
  askAgain: "resubscribe",
  baseDirectory: "PGlite template",
  BaseDirectory: "PGlite template",
  dismiss: "disconnect",
  Link: "Redis session",
  log: "logger, or eventLog",
  Places: "connection slots",
  places: "connection slots",
  present: "omit undefined",
  sendAway: "reject",
  strike: "remove",
  translation: "frame cache",
  WaitingLine: "queue",
  waitingLine: "queue",
  Wire: "socket",
  wire: "socket",
  within: "timeout",
};

/** Words of comments and texts, too: nothing else is meant by them here. An amount is a unit or the name of a constant. */
const ANYWHERE =
  /\b(crews?|heirs?|sticky[ -]doors|roll[ -]call|on the roll|strikes? off|waiting line|outbox|lifelines?|upkeep|extents?|sends? away|sent away|so (long|many))\b/i;

const words = (name: string): string[] =>
  name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_./]/).map((word) => word.toLowerCase());

/** Code without its comments and the text of its strings (what stands in the `${}` of a template is code). */
function codeOf({ text }: SourceFile): string {
  const bare = withoutComments(text.replace(/^--.*$/gm, "")).replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, '""');
  return bare.replace(/`(?:\\.|[^`\\])*`/g, (template) => template.match(/\$\{[^}]*\}/g)?.join(" ") ?? "");
}

/** The names in a file, its own included, that are private words, each with the field's word. */
function privateWords(file: SourceFile): string[] {
  const identifiers = [...new Set(codeOf(file).match(/[A-Za-z_$][\w$]*/g))];
  const names = [file.path.replace(/^src\//, ""), ...identifiers];
  const parts = names.flatMap((name) =>
    words(name).flatMap((word) => (Object.hasOwn(WORDS, word) ? [`${file.path} ${name}: ${WORDS[word]}`] : [])),
  );
  const isPage = file.path.startsWith("src/console/page/"); // its log is the list of events that one sees
  const whole = identifiers.flatMap((name) =>
    Object.hasOwn(IDENTIFIERS, name) && !(isPage && name === "log")
      ? [`${file.path} ${name}: ${IDENTIFIERS[name]}`]
      : [],
  );
  const prose = file.text.split("\n").flatMap((line, at) => {
    const found = ANYWHERE.exec(line);
    return found === null ? [] : [`${file.path}:${at + 1} ${found[0]}`];
  });
  return [...parts, ...whole, ...prose];
}

describe("source code", () => {
  it("calls things what the field calls them", () => {
    const code = sourceFiles("src").filter(({ path }) => /\.(ts|js|lua)$/.test(path));
    expect(code.flatMap(privateWords)).toEqual([]);
  });

  it("would be caught with a word of its own", () => {
    const found = (path: string, text: string) => privateWords({ path, text }).length > 0;
    expect(found("src/process/crew.ts", "")).toBe(true);
    expect(found("x.ts", "const createCrew = 1;")).toBe(true);
    expect(found("x.ts", "const MAX_OUTBOX = 1;")).toBe(true);
    expect(found("x.ts", `const a = \`\${mirror.get()}\`;`)).toBe(true);
    expect(found("x.ts", "// Its heir takes over.")).toBe(true);
    expect(found("x.ts", 'const a = { link: "https://…" }; // a gate, in prose')).toBe(false);
    expect(found("x.ts", "const a = `mirror`; const bookmark = inFlight;")).toBe(false);
  });
});
