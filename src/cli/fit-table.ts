import { stripVTControlCharacters } from 'node:util'

/** A column of a table for a terminal. Cells may have colours. */
export interface Column {
  head: string
  cells: string[]
  align?: 'left' | 'right'
  /** Where not all columns fit, those of least weight are left out; those without one stay. */
  weight?: number
}

/** How wide what is printed may be: as the terminal, or as it likes where there is none. */
export function outputWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
}

/**
 * A table with its head that is no wider than `width`: columns that do not fit are left out, and told in `dropped`. If
 * those that stay do not fit either, the first is cut at its left.
 */
export function fitTable(columns: Column[], width = outputWidth()): { text: string; dropped: string[] } {
  const shown = columns.filter(({ cells }) => cells.some((cell) => cell !== ''))
  const dropped: string[] = []
  const widthOf = ({ head, cells }: Column) => Math.max(...[head, ...cells].map(shownWidth))
  const total = () => shown.reduce((sum, column) => sum + widthOf(column) + 2, -2)
  while (total() > width) {
    const weights = shown.map(({ weight }) => weight ?? Number.POSITIVE_INFINITY)
    const least = Math.min(...weights)
    if (least === Number.POSITIVE_INFINITY) break
    const [column] = shown.splice(weights.lastIndexOf(least), 1)
    dropped.unshift(column!.head)
  }
  const excess = total() - width
  const [first] = shown
  if (excess > 0 && first) {
    const room = Math.max(4, widthOf(first) - excess)
    shown[0] = { ...first, cells: first.cells.map((cell) => cutLeft(cell, room)) }
  }
  const lines = Array.from({ length: (shown[0]?.cells.length ?? 0) + 1 }, (_, row) =>
    shown
      .map((column) => {
        const cell = row === 0 ? column.head : column.cells[row - 1]!
        const gap = ' '.repeat(widthOf(column) - shownWidth(cell))
        return column.align === 'right' ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
  return { text: lines.join('\n'), dropped }
}

/** Columns of a terminal that a text takes: two for each character of the wide scripts. */
export function shownWidth(text: string): number {
  let width = 0
  for (const character of stripVTControlCharacters(text)) width += wide.test(character) ? 2 : 1
  return width
}

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

function cutLeft(text: string, width: number): string {
  const plain = stripVTControlCharacters(text)
  return shownWidth(plain) <= width ? text : `…${[...plain].slice(1 - width).join('')}`
}
