import { MillraceError, StoppedError } from '../core/errors.ts'

/** A result: standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A result for machines: one line of JSON on standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}

/** Something to know that is not the result: standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Tells an error in plain words and returns the exit code it asks for. A stack only for faults of ours. */
export function tellError(error: unknown, json: boolean): number {
  // Who supervises this process knows of it.
  if (error instanceof StoppedError && error.code === 'RESTART') return error.exitCode
  if (error instanceof MillraceError) {
    const { what, why, mend } = error.parts
    if (json) printJson({ type: 'error', code: error.code, what, why, mend, exitCode: error.exitCode })
    note(`millrace: ${error.message}`)
    return error.exitCode
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (json) printJson({ type: 'error', code: 'INTERNAL', what: String(error), exitCode: 1 })
  note(`millrace: an error of Millrace's own; please report it\n${stack}`)
  return 1
}

/** Columns aligned by width: the first to the left, the others to the right unless `left` names them. */
export function table(rows: string[][], left: number[] = [0]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => (left.includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
