import { stripVTControlCharacters } from 'node:util'

/** Lines on standard error that are written over. Where that is no terminal, nothing is shown. */
export class LiveTable {
  #height = 0

  show(lines: string[]): void {
    const { stderr } = process
    if (!stderr.isTTY) return
    const width = stderr.columns || 80
    const shown = lines.slice(0, Math.max(1, (stderr.rows || 24) - 1)).map((line) => cut(line, width))
    stderr.write(`${this.#back()}${shown.join('\n')}\n`)
    this.#height = shown.length
  }

  /** Writes a text above the lines, which are drawn again below it. */
  end(text?: string): void {
    process.stderr.write(`${this.#back()}${text === undefined ? '' : `${text}\n`}`)
    this.#height = 0
  }

  #back(): string {
    // From the left: a terminal that echoes ^C has moved on.
    return this.#height > 0 ? `\r\x1b[${this.#height}A\x1b[0J` : ''
  }
}

function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length < width ? line : `${plain.slice(0, width - 2)}…`
}
