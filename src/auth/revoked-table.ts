// A table of fingerprints in typed arrays: what must be known of hundreds of thousands of revocations, in 16 bytes a place.
import { createHash } from "node:crypto";

/** What stands for a revoked thing: 8 bytes, the first of its SHA-256. Two of a million have the same one once in 10^7 tables. */
export interface Fingerprint {
  readonly high: number;
  readonly low: number;
}

/** The bytes of a record of {@link RevokedTable.setAll}: a fingerprint and epoch milliseconds, big-endian. */
const RECORD = 16;
const SMALLEST = 64;

/** The fingerprint of a revocation; {@link RECORD_SQL} makes the same. */
export function fingerprintOf(kind: string, subject: string): Fingerprint {
  const digest = createHash("sha256").update(`${kind}:${subject}`).digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

/** The record of a row of `revocations`, as an SQL expression. */
export const RECORD_SQL = `substr(sha256(convert_to(kind || ':' || subject, 'UTF8')), 1, 8)
  || int8send((extract(epoch FROM before) * 1000)::bigint)`;

/** Fingerprints with an instant each, in epoch milliseconds. What is older than it matters is dropped when room is needed. */
export class RevokedTable {
  readonly #keepMs: number;
  readonly #now: () => number;
  #high = new Uint32Array(SMALLEST);
  #low = new Uint32Array(SMALLEST);
  /** 0: the place is free. */
  #before = new Float64Array(SMALLEST);
  #size = 0;

  /** Instants matter for `keepMs` milliseconds. */
  constructor(keepMs: number, now: () => number = Date.now) {
    this.#keepMs = keepMs;
    this.#now = now;
  }

  /** How many it holds. */
  get size(): number {
    return this.#size;
  }

  /** The instant of a fingerprint. */
  get(fingerprint: Fingerprint): number | undefined {
    return this.#before[this.#placeOf(fingerprint)] || undefined;
  }

  /** Sets it; false when it has that instant or a later one already. */
  set(fingerprint: Fingerprint, before: number): boolean {
    const place = this.#placeOf(fingerprint);
    const known = this.#before[place] ?? 0;
    if (known >= before) return false;
    this.#high[place] = fingerprint.high;
    this.#low[place] = fingerprint.low;
    this.#before[place] = before;
    if (known === 0) this.#size += 1;
    if (this.#size * 3 > this.#before.length * 2) this.#makeRoom();
    return true;
  }

  /** Sets all records of a page, one after the other. */
  setAll(records: Uint8Array): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    for (let at = 0; at < records.byteLength; at += RECORD) {
      const fingerprint = { high: view.getUint32(at), low: view.getUint32(at + 4) };
      this.set(fingerprint, view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12));
    }
  }

  /** Where the fingerprint is, or the free place where it would be. */
  #placeOf({ high, low }: Fingerprint): number {
    const mask = this.#before.length - 1;
    let place = low & mask;
    while (this.#before[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Drops what matters no more, and leaves at least as many places free as are taken. */
  #makeRoom(): void {
    const [high, low, before] = [this.#high, this.#low, this.#before];
    const oldest = this.#now() - this.#keepMs;
    const kept = before.reduce((count, instant) => count + (instant > oldest ? 1 : 0), 0);
    const length = 2 ** Math.ceil(Math.log2(Math.max(SMALLEST, 2 * kept)));
    this.#high = new Uint32Array(length);
    this.#low = new Uint32Array(length);
    this.#before = new Float64Array(length);
    this.#size = 0;
    before.forEach((instant, place) => {
      if (instant > oldest) this.set({ high: high[place] ?? 0, low: low[place] ?? 0 }, instant);
    });
  }
}
