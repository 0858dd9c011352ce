// Functions fit on a screen, and files say something of their own.
import { describe, expect, it } from "vitest";
import { functionsOf } from "../support/functions.ts";
import { type SourceFile, sourceFiles, withoutComments } from "../support/source-files.ts";

const code = sourceFiles("src").filter(({ path }) => /\.(ts|js)$/.test(path));

/** The longest function that still fits on a screen, in lines. */
const LONGEST = 80;

describe("a function", () => {
  it(`has at most ${LONGEST} lines`, () => {
    const long = code.flatMap(functionsOf).filter(({ lines }) => lines > LONGEST);
    expect(long.map(({ path, line, head, lines }) => `${path}:${line} ${lines} lines: ${head}`)).toEqual([]);
  });

  it("is found in every form that it is written in", () => {
    const text = `
export async function one<T>(
  a: T,
): Promise<void> {
  if (a) {
    return;
  }
}
export const two = (a: number): Thing => {
  return { a };
};
class Three {
  readonly #x = {
    y: 1,
  };
  constructor(a: number) {
    this.a = a;
  }
  async #four(): Promise<void> {
    for (const b of c) {
      b();
    }
  }
  get five(): { x: number } {
    return this;
  }
}
const six = {
  seven(
    a: number,
    b = {
      c: 1,
    },
  ) {
    a();
  },
  eight: async ({ a }) => {
    a();
  },
};
const nine = () => ({
  a: 1,
});
router.use((request, response) => {
  response.end();
});
export interface Ten {
  a(): void;
}
switch (a) {
  case 1: {
    break;
  }
}
`;
    expect(functionsOf({ path: "x.ts", text }).map(({ head, lines }) => `${lines} ${head}`)).toEqual([
      "7 export async function one<T>(",
      "3 export const two = (a: number): Thing => {",
      "3 constructor(a: number) {",
      "5 async #four(): Promise<void> {",
      "3 get five(): { x: number } {",
      "8 seven(",
      "3 eight: async ({ a }) => {",
      "3 const nine = () => ({",
      "3 router.use((request, response) => {",
    ]);
  });
});

/** Files whose names others import: they hand on what belongs to a package's entry. */
const ENTRIES = ["src/client/index.ts", "src/contract/index.ts", "src/emitter/index.ts"];

/** Whether all that a file does is to hand on what others export. */
function onlyForwards({ text }: SourceFile): boolean {
  const rest = withoutComments(text)
    .replace(/^import\b[^;]*;/gm, "")
    .replace(/^export\s+(type\s+)?(\*|\{[^}]*\})(\s+as\s+\w+)?(\s+from\s*["'][^"']+["'])?;/gm, "");
  return rest.trim() === "";
}

describe("a file", () => {
  it("does not only forward, unless it is the entry of a package", () => {
    const typescript = code.filter(({ path }) => path.endsWith(".ts"));
    expect(typescript.filter(onlyForwards).map(({ path }) => path)).toEqual(ENTRIES);
  });

  it("would be caught forwarding", () => {
    const forwards = [
      '// A comment.\nexport { a, type B } from "./c.ts";\n',
      'import { a } from "./a.ts";\nimport type {\n  b,\n} from "./b.ts";\n\nexport { a };\nexport type { b };\n',
      'export * as x from "./x.ts";',
    ];
    expect(forwards.map((text) => onlyForwards({ path: "x.ts", text }))).toEqual([true, true, true]);
    expect(onlyForwards({ path: "x.ts", text: 'export { a } from "./a.ts";\nexport const b = 1;\n' })).toBe(false);
  });
});
