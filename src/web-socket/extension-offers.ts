// The client's offers of WebSocket extensions (RFC 6455, 9.1), and which one of permessage-deflate is taken (RFC 7692, 5.1 and 7.1).

/** One offer: an extension and its parameters in their order; one without a value is `true`. */
interface Offer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

/** `; name`, `; name=token`, `; name="token"`. */
const PARAMETER =
  /[ \t]*;[ \t]*([\w!#$%&'*+.^`|~-]+)(?:[ \t]*=[ \t]*(?:([\w!#$%&'*+.^`|~-]+)|"((?:\\?[\w!#$%&'*+.^`|~-])+)"))?/y;
const NAME = /[ \t]*([\w!#$%&'*+.^`|~-]+)/y;
const COMMA = /[ \t]*(?:,[ \t]*)+/y;
const END = /[ \t]*$/y;

const WINDOW_BITS = /^(?:[89]|1[0-5])$/;
/** What each parameter of an offer of permessage-deflate may be. */
const VALUES: Readonly<Record<string, (value: string | true) => boolean>> = {
  server_no_context_takeover: (value) => value === true,
  client_no_context_takeover: (value) => value === true,
  server_max_window_bits: (value) => value !== true && WINDOW_BITS.test(value),
  client_max_window_bits: (value) => value === true || WINDOW_BITS.test(value),
};

/**
 * The offer of permessage-deflate to take, as a header's value: the first that has no unknown, repeated or impossible parameter.
 * Undefined where there is none to take: the connection goes uncompressed. `malformed` where the header is no list of offers.
 */
export function chooseOffer(header: string): { readonly offer: string | undefined } | "malformed" {
  const offers = parseOffers(header);
  if (offers === undefined) return "malformed";
  const chosen = offers.find(isAcceptable);
  if (chosen === undefined) return { offer: undefined };
  const parameters = chosen.parameters.map(([name, value]) => (value === true ? name : `${name}=${value}`));
  return { offer: [chosen.name, ...parameters].join("; ") };
}

function isAcceptable({ name, parameters }: Offer): boolean {
  if (name !== "permessage-deflate") return false;
  const names = new Set(parameters.map(([parameter]) => parameter));
  return (
    names.size === parameters.length &&
    parameters.every(([parameter, value]) => Object.hasOwn(VALUES, parameter) && VALUES[parameter]?.(value) === true)
  );
}

/** The offers of a header, or undefined where it is malformed. Empty elements of a list say nothing (RFC 9110, 5.6.1.2). */
function parseOffers(header: string): Offer[] | undefined {
  const offers: Offer[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (match(COMMA); match(END) === null; ) {
    const name = match(NAME)?.[1];
    if (name === undefined) return undefined;
    const parameters: [string, string | true][] = [];
    for (let found = match(PARAMETER); found !== null; found = match(PARAMETER)) {
      parameters.push([found[1] ?? "", found[2] ?? found[3]?.replaceAll("\\", "") ?? true]);
    }
    offers.push({ name, parameters });
    if (match(COMMA) === null && match(END) === null) return undefined;
  }
  return offers.length === 0 ? undefined : offers;
}
