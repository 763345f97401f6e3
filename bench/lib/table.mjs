/**
 * Rows as a Markdown table; the first says what the columns are.
 * @param {Record<string, unknown>[]} rows
 */
export function table(rows) {
  const columns = Object.keys(rows[0] ?? {});
  /** @param {unknown[]} cells */
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(columns.map((column) => row[column])));
  return [line(columns), line(columns.map(() => '---')), ...body].join('\n');
}

/** Prints them. @param {Record<string, unknown>[]} rows */
export const printTable = (rows) => console.log(table(rows));
