// Times as they stand on the wire: RFC 3339 with an offset for the dashboard, epoch milliseconds elsewhere.

/** `2025-12-26T14:05:30+08:00`: RFC 3339 in the server's own zone, whole seconds. */
export function rfc3339(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const pad = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${pad(offset / 60)}:${pad(offset % 60)}`;
}

/** The longest text that is read as a time; fractions of a second may have any number of digits. */
const MAX_TIME_LENGTH = 64;

/** The parts of ISO 8601, extended (`2025-12-26T14:05`) and basic (`20251226T1405`), with a minus sign in either form. */
function iso8601Pattern(): RegExp {
  const [month, day, ordinal] = ["(0[1-9]|1[0-2])", "(0[1-9]|[12]\\d|3[01])", "([0-2]\\d\\d|3[0-5]\\d|36[0-6])"];
  const [week, weekday] = ["W(0[1-9]|[1-4]\\d|5[0-3])", "[1-7]"];
  const year = "(\\d{4}|[+\\-\u2212]\\d{5,7})";
  const extendedDate = `${year}(-(${month}(-${day})?|${week}(-${weekday})?|${ordinal}))?`;
  const basicDate = `${year}(${month}${day}|${week}${weekday}?|${ordinal})`;
  const [hour, minute, second] = ["([01]\\d|2[0-4])", "[0-5]\\d", "([0-5]\\d|60)"];
  const time = `(${hour}(:${minute}(:${second})?)?|${hour}(${minute}${second}?)?)([.,]\\d+)?`;
  const zone = `(Z|[+\\-\u2212]${hour}(:?${minute})?)?`;
  return new RegExp(`^((${extendedDate}|${basicDate})([T ]${time}${zone})?|T?${time}${zone})$`, "i");
}

const ISO_8601 = iso8601Pattern();

/** Whether a value says when: an ISO 8601 time in any of its forms, or epoch milliseconds. */
export function isTime(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" && value.length <= MAX_TIME_LENGTH && ISO_8601.test(value);
}
