// Objects without holes: what is kept as JSON has no undefined members.

/** The members of an object that have a value; those that may be undefined are optional. */
export type WithoutUndefined<Members extends object> = {
  [Name in keyof Members as undefined extends Members[Name] ? never : Name]: Members[Name];
} & {
  [Name in keyof Members as undefined extends Members[Name] ? Name : never]?: Exclude<Members[Name], undefined>;
};

/** The members that have a value, in their order. */
export function omitUndefined<Members extends object>(object: Members): WithoutUndefined<Members> {
  const members = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as WithoutUndefined<Members>;
}
