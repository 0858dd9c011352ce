// The offset floor: where channels without a row stand, so that the row of an empty channel may go.
/*
 * Every channel ever used would keep a row for ever: one per run, and any signed-in user makes rooms and writes to whomever they
 * like. But a channel that came again at offset 1 would hand out offsets that clients have seen for other events: their `since`
 * would pass for a good one, and events be lost without a word. To remember each head is what the row does. So one number stands
 * for all of them: the floor, which is never below the head of a channel that went. A channel without a row has `head` = floor
 * and `oldest` = floor + 1, for readers as for the append that makes its row. An old `since` is below `oldest` and is answered
 * `recovered: false`, an old cursor starts at the first event there is, and no stream sees a head go back, which would end the
 * epoch. In a new database the floor is 0, hence the first offset 1.
 *
 * A row goes only when the floor has been high enough for an hour. An append reads the floor as it was when its statement began
 * (seconds ago at most); and nodes of a version that knows no floor have been replaced by then, where an upgrade is rolled out.
 * Each rise is to a round number, since whoever waits in a channel without events takes one for a gap and asks again.
 */
const floorIn = (setting: string): string =>
  `coalesce((SELECT s.value::bigint FROM settings s WHERE s.name = '${setting}'), 0)`;

/** Its settings: the floor, the one before it, and when (epoch milliseconds) it was raised. */
export const FLOOR_SETTINGS = { floor: "offset-floor", before: "offset-floor-before", raised: "offset-floor-raised" };

/** The floor, as an SQL expression. */
export const OFFSET_FLOOR = floorIn(FLOOR_SETTINGS.floor);

/** The floor before the last rise, as an SQL expression. */
export const FLOOR_BEFORE = floorIn(FLOOR_SETTINGS.before);
