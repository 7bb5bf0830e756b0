/**
 * Comma-separated values: fields in quotes may hold commas, line ends and doubled quotes. Empty lines are passed over.
 * Source: RFC 4180, with either line end. A quote that stands inside an unquoted field is a character like others.
 */
export function parseCsv(text: string): { fields: string[]; line: number }[] {
  const rows: { fields: string[]; line: number }[] = []
  let fields: string[] = []
  let line = 1
  let beganAt = 1
  // A field is quoted or plain; behind it stands a comma, a line end, or the end of the text.
  const pattern = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|\r|$)/y
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text)
    if (!found) return [...rows, { fields: [], line }]
    const [whole, quoted, plain, end] = found
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
    line += whole.split('\n').length - 1
    if (end === ',' && pattern.lastIndex < text.length) continue
    if (end === ',') fields.push('')
    if (fields.length > 1 || fields[0] !== '') rows.push({ fields, line: beganAt })
    fields = []
    beganAt = line
  }
  return rows
}
