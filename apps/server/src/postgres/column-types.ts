import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;

/** How columns become values: as node-postgres does, but bigint as a number, for sequences and counts are numbers. */
export const columnTypes = new pg.TypeOverrides();

const parseTextArray = columnTypes.getTypeParser(INT8_ARRAY) as unknown as (text: string) => (string | null)[];

columnTypes.setTypeParser(INT8, toNumber);
columnTypes.setTypeParser(INT8_ARRAY, (text: string) =>
  parseTextArray(text).map((item) => (item === null ? null : toNumber(item))),
);

function toNumber(text: string): number {
  const value = Number(text);
  // Rounding in silence would join two rows into one.
  if (!Number.isSafeInteger(value)) throw new RangeError(`the database's bigint ${text} is too large for a number`);
  return value;
}
