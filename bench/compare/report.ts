// What a run is written down as: JSON for the next comparison, a table, and a chart without a library.
import type { Figures } from "./scenarios.ts";

/** The middle figures of a run: scenario → contender → figure → value. */
export type Results = Record<string, Record<string, Figures>>;

/** The run as Markdown tables, one a scenario; the last columns are ratios to the bare servers. */
export function toMarkdown(results: Results): string {
  return Object.entries(results)
    .map(([scenario, sides]) => {
      const names = [...new Set(Object.values(sides).flatMap((figures) => Object.keys(figures)))];
      const bare = Object.entries(sides).filter(([side]) => side === "ws" || side.startsWith("Socket.IO"));
      const head = ["", ...names, ...bare.map(([side]) => `${names[0]} ÷ ${side}`)];
      const rows = Object.entries(sides).map(([side, figures]) => {
        const first = figures[names[0] ?? ""] ?? Number.NaN;
        const ratios = bare.map(([, other]) => (first / (other[names[0] ?? ""] ?? Number.NaN)).toFixed(2));
        return [side, ...names.map((name) => short(figures[name])), ...ratios];
      });
      return [
        `### ${scenario}`,
        "",
        line(head),
        line(head.map((_cell, index) => (index === 0 ? "---" : "---:"))),
        ...rows.map(line),
        "",
      ].join("\n");
    })
    .join("\n");
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** Three figures that count. */
function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const BAR = 18;
const GAP = 6;
const LEFT = 170;
const WIDTH = 640;

/** A bar for each contender's first figure of a scenario, as SVG that reads on light and dark. */
export function toChart(scenario: string, sides: Readonly<Record<string, Figures>>): string {
  const entries = Object.entries(sides).flatMap(([side, figures]) => {
    const [first] = Object.entries(figures);
    return first === undefined ? [] : [{ side, name: first[0], value: first[1] }];
  });
  const most = Math.max(...entries.map(({ value }) => value));
  const height = entries.length * (BAR + GAP) + 40;
  const bars = entries.map(({ side, value }, index) => {
    const y = 30 + index * (BAR + GAP);
    const width = Math.max(1, ((WIDTH - LEFT - 70) * value) / most);
    const fill = side.startsWith("Classwire") ? "#2563eb" : "#94a3b8";
    return `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(side)}</text><rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3" fill="${fill}"/><text x="${LEFT + width + 6}" y="${y + 13}">${short(value)}</text>`;
  });
  const title = `${scenario}: ${entries[0]?.name ?? ""}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#64748b"><text x="8" y="18" font-weight="600">${escaped(title)}</text>${bars.join("")}</svg>\n`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A figure that got worse against an earlier run of the same machine. */
export interface Regression {
  readonly what: string;
  readonly before: number;
  readonly now: number;
}

/** CPU and memory of Classwire, as ratios to bare Socket.IO in the same run, that are more than `tolerance` above an earlier run's. */
export function regressions(before: Results, now: Results, tolerance: number): Regression[] {
  const found: Regression[] = [];
  for (const [scenario, sides] of Object.entries(now)) {
    for (const [side, figures] of Object.entries(sides)) {
      if (!side.startsWith("Classwire")) continue;
      for (const name of Object.keys(figures)) {
        const was = ratio(before[scenario], side, name);
        const is = ratio(sides, side, name);
        if (was !== undefined && is !== undefined && is > was * (1 + tolerance))
          found.push({ what: `${scenario}, ${side}, ${name}`, before: was, now: is });
      }
    }
  }
  return found;
}

function ratio(sides: Readonly<Record<string, Figures>> | undefined, side: string, name: string): number | undefined {
  const [, bare] = Object.entries(sides ?? {}).find(([other]) => other.startsWith("Socket.IO")) ?? [];
  const value = sides?.[side]?.[name];
  const base = bare?.[name];
  return value === undefined || base === undefined || base === 0 ? undefined : value / base;
}
