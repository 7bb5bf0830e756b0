import { stripVTControlCharacters } from 'node:util'

/** A column of a table for a terminal. Cells may have colours. */
export interface Column {
  head: string
  cells: string[]
  align?: 'left' | 'right'
  /** Where not all columns fit, those of the highest weight are shown; those without one always are. */
  weight?: number
  /** Rather than left out, its cells are cut. */
  mayBeCut?: boolean
}

/** How wide what is printed may be: as the terminal, or as it likes where there is none. */
export function outputWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
}

/**
 * A table with its head that is no wider than `width`. Columns without a text in them are left out, and so are those for
 * which there is no room: these are told in `dropped`. If those that stay are too wide, the first is cut at its left.
 */
export function fitTable(columns: Column[], width = outputWidth()): { text: string; dropped: string[] } {
  const measured = columns.filter(({ cells }) => cells.some((cell) => cell !== '')).map(measure)
  const byWeight = [...measured].sort((a, b) => weightOf(b) - weightOf(a))
  const shown = new Map<Column, Measured>()
  let room = width + gap
  for (const measurement of byWeight) {
    const { column, width: needed } = measurement
    const isNeeded = column.weight === undefined
    if (isNeeded || needed + gap <= room) shown.set(column, measurement)
    else if (column.mayBeCut && room >= leastCut + gap)
      shown.set(column, cut(measurement, room - gap, 'right'))
    else continue
    room -= shown.get(column)!.width + gap
  }
  const [first] = measured
  if (room < 0 && first) {
    const fitting = cut(first, Math.max(4, first.width + room), 'left')
    shown.set(first.column, fitting)
  }
  const kept = measured.flatMap(({ column }) => shown.get(column) ?? [])
  const dropped = measured.filter(({ column }) => !shown.has(column)).map(({ head }) => head)
  const rowCount = kept[0]?.cells.length ?? 0
  const lines = Array.from({ length: rowCount + 1 }, (_, row) =>
    kept
      .map(({ head, cells, align, width }) => {
        const cell = row === 0 ? head : cells[row - 1]!
        const blanks = ' '.repeat(Math.max(0, width - shownWidth(cell)))
        return align === 'right' ? blanks + cell : cell + blanks
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  )
  return { text: lines.join('\n'), dropped }
}

/** Columns of a terminal that a text takes: two for each character of the wide scripts. */
export function shownWidth(text: string): number {
  const plain = stripVTControlCharacters(text)
  if (!wide.test(plain)) return plain.length
  let width = 0
  for (const character of plain) width += wide.test(character) ? 2 : 1
  return width
}

const gap = 2
const leastCut = 12
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

interface Measured extends Column {
  column: Column
  width: number
}

function measure(column: Column): Measured {
  const width = [column.head, ...column.cells].reduce((most, cell) => Math.max(most, shownWidth(cell)), 0)
  return { ...column, column, width }
}

function weightOf({ weight = Number.MAX_VALUE }: Column): number {
  return weight
}

function cut(column: Measured, width: number, side: 'left' | 'right'): Measured {
  const cells = column.cells.map((cell) => cutText(cell, width, side))
  return { ...column, cells, width: Math.max(shownWidth(column.head), width) }
}

function cutText(text: string, width: number, side: 'left' | 'right'): string {
  if (shownWidth(text) <= width) return text
  const characters = [...stripVTControlCharacters(text)]
  while (shownWidth(characters.join('')) > width - 1) {
    if (side === 'left') characters.shift()
    else characters.pop()
  }
  return side === 'left' ? `…${characters.join('')}` : `${characters.join('')}…`
}
