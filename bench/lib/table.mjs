/**
 * Prints rows as a Markdown table; the first says what the columns are.
 * @param {Record<string, unknown>[]} rows
 */
export function printTable(rows) {
  const columns = Object.keys(rows[0] ?? {});
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`| ${columns.map(() => '---').join(' | ')} |`);
  for (const row of rows) console.log(`| ${columns.map((column) => row[column]).join(' | ')} |`);
}
