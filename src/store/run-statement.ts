// What running a statement means, on whatever connection and database.

/**
 * Runs one statement, which is committed when the promise resolves (so it must not be BEGIN). `$1` … are bound from
 * `parameters`: string, number, bigint, boolean, null, `Date`, `Uint8Array`, arrays of these; any other object goes in as JSON
 * text. Columns come back as number (int, float, and bigint up to 2^53, beyond that as bigint), boolean, `Date` (timestamps),
 * parsed JSON, `Uint8Array` (bytea), arrays of these, and everything else as text (numeric too). Keep `sql` constant: the server
 * prepares each text once per connection. Rejects with the driver's error.
 */
export type RunStatement = <Row>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;
